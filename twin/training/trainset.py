"""The set that a run is trained on, as `twin dataset` wrote it or as anybody's JSON lines.

In: a name in the home, a folder or a file. Out: a `TrainSet`: its files, how many rows each has,
their hashes, and the highest audience of what is in them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from twin.documents import Audience
from twin.errors import TrainingError, UsageError

FOLDER: Final = "datasets"
PAIR: Final = frozenset({"chosen", "rejected"})


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a set."""

    path: Path
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TrainSet:
    """What a run learns from.

    Attributes:
        name: of the set.
        kind: ``sft`` or ``dpo``, by the shape of its rows.
        train: what is trained on.
        validation: what the loss is watched on; None leaves that to the configuration.
        audience: the highest of what is in it; private where nothing is said.
        manifest: hash of the manifest that it came with; empty if it has none.
    """

    name: str
    kind: str
    train: Part
    validation: Part | None
    audience: Audience
    manifest: str


def open_set(given: str, home: Path) -> TrainSet:
    """Open a set.

    Args:
        given: a name below ``datasets/`` of the home, a folder, or a file of JSON lines.
        home: the home.

    Raises:
        UsageError: if there is none of that name.
        TrainingError: if a row of it is none of those that Axolotl is told of.
    """
    path = Path(given).expanduser()
    folder = home / FOLDER / given
    if path.is_file():
        name, train, beside = path.stem, path, None
    else:
        found = folder if (folder / "train.jsonl").is_file() else path
        name, train, beside = found.name, found / "train.jsonl", found
    if not train.is_file():
        known = sorted(item.parent.name for item in (home / FOLDER).glob("*/train.jsonl"))
        message = f"there is no dataset {given!r}"
        hint = f"there are {', '.join(known)}" if known else "`twin dataset sft` makes one"
        raise UsageError(message, hint)
    validation = beside / "validation.jsonl" if beside else None
    manifest = beside / "manifest.json" if beside else None
    part, kind = _read(train)
    return TrainSet(
        name=name,
        kind=kind,
        train=part,
        validation=_read(validation)[0] if validation and validation.is_file() else None,
        audience=_audience(manifest),
        manifest=_hash(manifest) if manifest and manifest.is_file() else "",
    )


def need_rows(data: TrainSet, kind: str, least: int) -> None:
    """Refuse a set that is of the other kind, or too small to learn from.

    Raises:
        UsageError: if it is of the other kind.
        TrainingError: if it has too few rows.
    """
    if data.kind != kind:
        message = f"{data.train.path} has rows for {data.kind}, not for {kind}"
        raise UsageError(message, f"`twin train {data.kind} {data.name}`")
    if data.train.rows < least:
        message = (
            f"{data.train.path} has {data.train.rows} rows; {least} are the least to learn from"
        )
        hint = "take in more writing, or set training.minimum_rows in twin.toml"
        raise TrainingError(message, hint)


def some(path: Path, count: int) -> list[dict[str, Any]]:
    """Return the first rows of a file.

    Raises:
        TrainingError: if it is no longer there, or no longer what was trained on.
    """
    try:
        with path.open(encoding="utf-8") as file:
            lines = islice((line for line in file if line.strip()), count)
            return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read any more"
        raise TrainingError(message, "it was trained on; was it moved or made anew?") from error


def _read(path: Path) -> tuple[Part, str]:
    """Return a file as a part, and of which kind its rows are."""
    digest, rows, kind = hashlib.sha256(), 0, ""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            digest.update(line)
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                is_pair = row.keys() >= PAIR
                if not isinstance(row["messages"], list) or not row["messages"]:
                    raise TypeError  # noqa: TRY301 - one way to say what is wrong with a row
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                message = f"{path}, line {number}: it is no row of messages"
                raise TrainingError(
                    message, "`twin dataset check` says more about a set"
                ) from error
            now = "dpo" if is_pair else "sft"
            if kind and now != kind:
                message = f"{path}, line {number}: a row for {now} among rows for {kind}"
                raise TrainingError(message, "keep the two kinds in files of their own")
            kind, rows = now, rows + 1
    return Part(path.absolute(), rows, digest.hexdigest()), kind or "sft"


def _audience(manifest: Path | None) -> Audience:
    """Return the audience that a manifest states; without one nothing may be assumed."""
    try:
        told: Mapping[str, Any] = json.loads(manifest.read_text("utf-8")) if manifest else {}
        return Audience(told["audience"])
    except (OSError, ValueError, KeyError, TypeError):
        return Audience.PRIVATE


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
