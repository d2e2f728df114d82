"""Files of Axolotl that runs are made from: those that travel with the product, and anyone's own.

In: a name, such as ``sft`` or ``sft-small``, or a path. Out: a `Recipe`, its keys as the file has
them. A file is never changed: a run gets a copy with what depends on the run laid over it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.errors import TrainingError, UsageError
from twin.resources import resource
from twin.spelling import did_you_mean

FOLDER: Final = "axolotl_configs"
CARRIED: Final = (FOLDER, "examples/datasets")
"""What `axolotl train` needs by itself: the files, and the sample set that they point to."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A file of Axolotl.

    Attributes:
        name: without its suffix.
        path: where it lies.
        values: its keys.
    """

    name: str
    path: Path
    values: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """``dpo`` for preferences, else ``sft``."""
        return str(self.values.get("rl") or "sft")


def shipped() -> dict[str, Path]:
    """Return the files that travel with the product, by name."""
    folder = resource(FOLDER)
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}


def hand_out(folder: Path) -> list[Path]:
    """Copy the shipped files, and the sample set that they point to, into a folder.

    What is there already and says the same is left alone.

    Raises:
        UsageError: if a file of that name is there and says something else; then nothing is written.
        TrainingError: if they do not travel with this installation.
    """
    pairs: list[tuple[Path, Path]] = []
    for name in CARRIED:
        source = resource(name)
        if source is None:
            message = f"{name} does not travel with this installation of twin"
            raise TrainingError(message, "install twin from its wheel or its repository")
        files = (path for path in sorted(source.rglob("*")) if path.is_file())
        pairs += [(path, folder / name / path.relative_to(source)) for path in files]
    new = [(path, to) for path, to in pairs if not to.exists()]
    other = [to for path, to in pairs if to.exists() and to.read_bytes() != path.read_bytes()]
    if other:
        message = f"{other[0]} is there already, and says something else"
        raise UsageError(message, "name another folder, or move it away")
    for path, to in new:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    return [to for _, to in pairs]


def load(name: str) -> Recipe:
    """Read a file of Axolotl.

    Args:
        name: of one that travels with the product, or a path.

    Raises:
        UsageError: if there is no such file.
        TrainingError: if it cannot be read.
    """
    path = Path(name).expanduser()
    if path.suffix not in {".yaml", ".yml"}:
        known = shipped()
        if name not in known:
            message = f"there is no configuration {name!r}"
            told = did_you_mean(name, known, f"there are {', '.join(known)}")
            raise UsageError(message, f"{told}; or give the path of a YAML file")
        path = known[name]
    return Recipe(path.stem, path, read(path))


def read(path: Path) -> dict[str, Any]:
    """Read the keys of a YAML file.

    Raises:
        UsageError: if it is not there.
        TrainingError: if it is no mapping in YAML.
    """
    import yaml  # noqa: PLC0415 - only where a file is read

    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        message = f"there is no file {path}"
        raise UsageError(
            message, "`twin train files` writes those that travel with twin"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path} cannot be read: {error}"
        raise TrainingError(message, "mend the line that it names") from error
    if not isinstance(values, dict):
        message = f"{path} holds no keys"
        raise TrainingError(message, "it must be a file of Axolotl, as in axolotl_configs/sft.yaml")
    return values


def write(path: Path, values: Mapping[str, Any], remark: str) -> None:
    """Write a configuration, whole or not at all."""
    import yaml  # noqa: PLC0415 - only where a file is written

    text = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=100)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(f"# {remark}\n{text}", "utf-8")
    unfinished.replace(path)
