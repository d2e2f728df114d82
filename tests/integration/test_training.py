"""Training for real: Axolotl on the CPU, the shipped files for 8B by QLoRA on a tiny Llama."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import dpo_rows, sft_rows, write_llama, write_rows

PATIENCE = 900.0
STEPS = 300
"""Of the run that is interrupted: more than are over before somebody has seen that it began."""

SHORT = {
    "sequence_len": 256,
    "learning_rate": 0.01,
    "micro_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "lr_scheduler": "constant",
    "warmup_ratio": 0.0,
    "evals_per_epoch": "null",
    "val_set_size": 0.0,
}


@pytest.fixture(scope="module")
def place(axolotl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a home, a tiny Llama and two sets."""
    folder = tmp_path_factory.mktemp("training")
    write_llama(folder / "llama")
    write_rows(folder / "home" / "datasets" / "mine" / "train.jsonl", sft_rows(48))
    write_rows(folder / "home" / "datasets" / "pairs" / "train.jsonl", dpo_rows(48))
    (folder / "home" / "twin.toml").write_text(f'[training]\nenvironment = "{axolotl}"\n', "utf-8")
    return folder


def command(place: Path, *arguments: str, **values: Any) -> list[str]:
    sets = [f"--set={key}={value}" for key, value in (SHORT | values).items()]
    return [sys.executable, "-m", "twin.cli", "--home", str(place / "home"), *arguments, *sets]


def environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TWIN_")}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environ(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module")
def sft(place: Path) -> dict[str, Any]:
    """Return the run of the shipped sft.yaml."""
    done = run(*command(place, "train", "sft", "mine", "--json", "--track", "tensorboard",
                        base_model=place / "llama", max_steps=12))  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told | {"said": done.stderr}


@pytest.fixture(scope="module")
def dpo(place: Path, sft: dict[str, Any]) -> dict[str, Any]:
    """Return the run of the shipped dpo.yaml on top of the merge of SFT."""
    done = run(
        *command(place, "train", "dpo", "pairs", "--json", "--from", sft["id"], max_steps=12)
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def curve(run_of: dict[str, Any], name: str) -> list[float]:
    lines = Path(run_of["folder"], "events.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    logs = [event["values"] for event in events if event["event"] == "log"]
    return [values[name] for values in logs if name in values]


def test_sft_of_the_shipped_file_learns_and_leaves_a_whole_run(sft: dict[str, Any]) -> None:
    folder = Path(sft["folder"])
    loss = curve(sft, "loss")
    assert len(loss) == 12
    assert sum(loss[-3:]) < sum(loss[:3])
    there = {path.name for path in folder.iterdir()}
    assert {"config.yaml", "manifest.json", "log", "metrics.csv", "adapter", "parity.json"} <= there
    assert (folder / "adapter" / "adapter_model.safetensors").stat().st_size > 1000
    assert (folder / "adapter" / "tokenizer.json").is_file()
    assert list(folder.glob("output/runs/**/events*")), "TensorBoard was told nothing"
    assert sft["state"] == "done"
    assert sft["steps"] == [12, 12]
    assert sft["versions"]["axolotl"].startswith("0.")
    assert sft["audience"] == "private"
    assert "no GPU" in sft["said"]
    assert json.loads((folder / "parity.json").read_text("utf-8"))["equal"] == 8
    # The hooks are recorded, and what Axolotl calls twice is done once.
    names = [
        event.get("name")
        for line in (folder / "events.jsonl").read_text("utf-8").splitlines()
        if (event := json.loads(line))["event"] == "hook"
    ]
    assert names.count("post_train") == 1


def test_dpo_on_the_merged_model_prefers_the_chosen(
    sft: dict[str, Any], dpo: dict[str, Any]
) -> None:
    accuracy, margin = curve(dpo, "rewards/accuracies"), curve(dpo, "rewards/margins")
    assert sum(accuracy[-3:]) / 3 > max(0.9, accuracy[0])
    assert margin[-1] > margin[0]
    assert sum(curve(dpo, "loss")[-3:]) < sum(curve(dpo, "loss")[:3])
    assert dpo["base_run"] == sft["id"]
    assert dpo["base_model"].endswith(f"{sft['id']}/merged")
    assert Path(dpo["base_model"], "model.safetensors").is_file()
    assert sorted(path.name for path in Path(dpo["adapter"]).glob("*.safetensors")) == [
        "adapter_model.safetensors"
    ]


def test_runs_are_listed_shown_and_compared(
    place: Path, sft: dict[str, Any], dpo: dict[str, Any], tmp_path: Path
) -> None:
    def twin(*words: str) -> str:
        done = run(sys.executable, "-m", "twin.cli", "--home", str(place / "home"), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    known = {one["id"]: one for one in json.loads(twin("runs", "list", "--json"))}
    assert known[sft["id"]]["merged"]
    assert "as served" in twin("runs", "show", sft["id"])
    picture = tmp_path / "both.png"
    told = twin("runs", "compare", sft["id"], dpo["id"], "--plot", str(picture))
    assert "rl_beta" in told
    assert picture.read_bytes().startswith(b"\x89PNG")
    doctor = run(
        sys.executable, "-m", "twin.cli", "--home", str(place / "home"), "doctor", "--json"
    )
    states = {check["name"]: check["state"] for check in json.loads(doctor.stdout)}
    assert states["training"] == "ok"


def test_a_run_that_is_interrupted_goes_on_from_its_checkpoint(place: Path) -> None:
    words = command(
        place, "train", "sft", "mine", "--config", "sft-small",
        base_model=place / "llama", max_steps=STEPS, saves_per_epoch="null", save_steps=1000,
    )  # fmt: skip
    process = subprocess.Popen(
        words, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    known = (
        set((place / "home" / "runs").glob("*")) if (place / "home" / "runs").is_dir() else set()
    )
    folder = _wait(lambda: next(iter(set((place / "home" / "runs").glob("sft-*")) - known), None))
    events = folder / "events.jsonl"
    _wait(lambda: events.is_file() and '"event": "log"' in events.read_text("utf-8"))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["state"] == "stopped"
    step = manifest["steps"][0]
    assert 0 < step < STEPS
    assert (folder / "output" / f"checkpoint-{step}" / "trainer_state.json").is_file()
    done = run(
        sys.executable,
        "-m",
        "twin.cli",
        "--home",
        str(place / "home"),
        "train",
        "resume",
        folder.name,
    )
    assert done.returncode == 0, done.stderr
    assert f"checkpoint-{step}" in done.stderr
    begun = [
        event["step"]
        for line in events.read_text("utf-8").splitlines()
        if (event := json.loads(line))["event"] == "begin"
    ]
    assert begun == [0, step]
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["steps"] == [STEPS, STEPS]


def test_what_can_be_known_beforehand_is_refused_before_anything_is_written(
    place: Path, sft: dict[str, Any]
) -> None:
    del sft
    before = sorted((place / "home" / "runs").glob("*"))

    def refused(*words: str, **values: Any) -> str:
        done = run(*command(place, "train", "sft", *words, **values))
        assert done.returncode in {1, 2}, done.stdout
        assert "hint:" in done.stderr
        return done.stderr

    llama = place / "llama"
    assert "did you mean lora_r" in refused("mine", base_model=llama, lora_rr=8)
    assert "is not on this machine" in refused("mine", base_model="nobody/nothing")
    assert "GiB" in refused("mine", base_model=llama, sequence_len=2_000_000)
    assert "no dataset 'theirs'" in refused("theirs", base_model=llama)
    assert "has rows for dpo" in refused("pairs", base_model=llama)
    assert sorted((place / "home" / "runs").glob("*")) == before


def test_a_dry_run_tells_the_memory_and_what_axolotl_says(place: Path) -> None:
    done = run(
        *command(place, "train", "sft", "mine", "--dry-run", "--json", base_model=place / "llama")
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] == []
    assert told["memory"]["total"] > told["memory"]["weights"] > 0
    assert told["steps"] > 0


def _wait(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    pytest.fail("it never came so far")
