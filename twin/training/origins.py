"""What a run comes from: the audience that it must keep to, and hashes that name its base.

In: a configuration and a set. Out: an audience; hashes of a base model without reading its weights.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.datasets.corpus import widest
from twin.documents import Audience
from twin.training import runs
from twin.training.composing import Beginning
from twin.training.shapes import model_folder
from twin.training.trainset import TrainSet


def audience_of(
    data: TrainSet, config: Mapping[str, Any], beginning: Beginning, home: Path
) -> Audience:
    """Return the highest audience of what a run learns from: of its set, and of the run it begins from.

    That run is known by where its result lies too, so that naming the folder by hand hides nothing.
    """
    named = [config.get("base_model"), config.get("lora_model_dir")]
    bases = [Path(str(one)).expanduser().resolve() for one in named if one]
    before = [
        run.manifest.audience
        for run in runs.runs(home)
        if run.id == beginning.run
        or any(base.is_relative_to(run.folder.resolve()) for base in bases)
    ]
    return widest([data.audience, *before])


def base_hashes(base: str, beginning: Beginning) -> dict[str, str]:
    """Return hashes that tell one base from another, without reading all its weights."""
    folder = model_folder(base)
    found = {}
    if folder is not None:
        found = {
            name: sha256(folder / name)
            for name in ("config.json", "tokenizer.json", "model.safetensors.index.json")
            if (folder / name).is_file()
        }
        if folder.parent.name == "snapshots":
            found["revision"] = folder.name
    if beginning.adapter is not None:
        weights = beginning.adapter / "adapter_model.safetensors"
        if weights.is_file():
            found["adapter_model.safetensors"] = sha256(weights)
    return found


def sha256(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
