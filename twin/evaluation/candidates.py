"""What can be compared: runs, model folders, GGUF files, chat models, and texts that are there.

In: a name, as it was given on the command line. Out: a `Candidate`: what writes its texts, or the
texts themselves; and where they are known, its checkpoint and what it was trained on.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import UsageError
from twin.evaluation.corpus import read_texts, text_of_row
from twin.evaluation.generation import GGUF, Chat, Checkpoint, Prompted, Writer
from twin.evaluation.memorisation import memorised

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

BASE = "base"
"""Names the default chat model, where it is the one that the others are measured against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing to be measured.

    Attributes:
        name: as it was given.
        texts: that are there already, by name.
        writer: what writes others; None if the texts are all there is.
        checkpoint: a model folder whose perplexity can be measured.
        training: the rows that it was trained on, by number.
        dataset: the folder of that set.
        folder: where its results are written; None if it has no place of its own.
        identity: changes with what writes.
        notes: what is not known of it, and why.
    """

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    writer: Writer | None = None
    checkpoint: Checkpoint | None = None
    training: Mapping[str, str] = field(default_factory=dict)
    dataset: Path | None = None
    folder: Path | None = None
    identity: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Where candidates are looked for.

    Attributes:
        home: the home folder, with ``runs`` and ``datasets``.
        models: names of the chat models of twin.toml.
        chat_model: returns one of them, "" the default.
        identity: returns what tells one of them from another: it changes when twin.toml does.
    """

    home: Path
    models: Sequence[str]
    chat_model: Callable[[str], LLM]
    identity: Callable[[str], str] = lambda name: name


def candidate(name: str, known: Known) -> Candidate:
    """Return what a name stands for: a run, a chat model, a model folder or file, or texts.

    Raises:
        UsageError: if it is none of them.
    """
    run = known.home / "runs" / name
    if (run / "manifest.json").is_file():
        return _run(name, run, known.home)
    if name == BASE or name in known.models:
        model = known.chat_model("" if name == BASE else name)
        return Candidate(name=name, writer=Chat(model), identity=f"chat:{known.identity(name)}")
    path = Path(name).expanduser()
    if (path / "config.json").is_file():
        model_folder = Checkpoint(path)
        return Candidate(
            name=path.name, writer=model_folder, checkpoint=model_folder, identity=_stamp(path)
        )
    if path.suffix == ".gguf" and path.is_file():
        return Candidate(name=path.stem, writer=GGUF(path), identity=_stamp(path))
    if path.exists():
        return Candidate(name=path.stem, texts=read_texts(path))
    runs = sorted(p.parent.name for p in (known.home / "runs").glob("*/manifest.json"))
    message = f"{name!r} is no run, no chat model and no file"
    hint = f"runs: {', '.join(runs[-5:]) or 'none'}; models: {', '.join([BASE, *known.models])}"
    raise UsageError(message, hint)


def _run(name: str, folder: Path, home: Path) -> Candidate:
    manifest = _read_manifest(folder)
    train, note = _trained_on(folder, manifest, home)
    whole = next(
        (
            folder / part
            for part in ("merged", "model")
            if (folder / part / "config.json").is_file()
        ),
        None,
    )
    if whole is not None:
        checkpoint: Checkpoint | None = Checkpoint(whole)
    else:
        checkpoint = _adapted(folder, manifest, home)
    return Candidate(
        name=name,
        writer=checkpoint,
        checkpoint=checkpoint,
        training=_learned(train, manifest, home),
        dataset=train.parent if train is not None and train.name == "train.jsonl" else None,
        folder=folder / "evaluation",
        identity=f"run:{name}:{_stamp(whole or folder / 'adapter')}",
        notes=(note,) if note else (),
    )


def _learned(train: Path | None, manifest: Mapping[str, Any], home: Path) -> dict[str, str]:
    """Return what a run was trained on, and the run that it began from before it."""
    found = {} if train is None else read_texts(train)
    folder = home / "runs" / str(manifest.get("base_run") or "none")
    if (folder / "manifest.json").is_file():
        before = _read_manifest(folder)
        earlier = _learned(_trained_on(folder, before, home)[0], before, home)
        found |= {f"{folder.name}:{name}": text for name, text in earlier.items()}
    return found


def _trained_on(folder: Path, manifest: Mapping[str, Any], home: Path) -> tuple[Path | None, str]:
    """Return the file that a run was trained on, or None and why it is not to be had.

    A set that was made again under its name is another one: what is held out in it may have been
    learned by the run, and what the run gives back may not be in it any more.
    """
    import yaml  # noqa: PLC0415 - only for runs

    name = str(manifest.get("dataset", ""))
    try:
        told = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        train = Path(told["datasets"][0]["path"])
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        train = home / "datasets" / name / "train.jsonl"
    hint = "name prompts, held-out text and training set by --prompts, --held-out and --training"
    if not train.is_file():
        return None, f"the set {name} that {folder.name} was trained on is not here: {hint}"
    known = (manifest.get("dataset_sha256") or {}).get(train.name)
    with train.open("rb") as file:
        if known and hashlib.file_digest(file, "sha256").hexdigest() != known:
            return (
                None,
                f"the set {name} was made again since {folder.name} learned from it: {hint}",
            )
    return train, ""


def _adapted(folder: Path, manifest: Mapping[str, Any], home: Path) -> Checkpoint:
    """Return a run's adapter on the model that it was trained on, if that lies here.

    Raises:
        UsageError: if it does not, or the run has left nothing.
    """
    adapter = folder / "adapter"
    if not (adapter / "adapter_config.json").is_file():
        message = f"the run {folder.name} has left no model"
        raise UsageError(message, "`twin runs show` says how it ended; `twin train resume` goes on")
    before = str(manifest.get("base_run", ""))
    places = [home / "runs" / before / "merged"] if before else []
    places.append(Path(str(manifest.get("base_model", ""))).expanduser())
    base = next((place for place in places if (place / "config.json").is_file()), None)
    if base is None:
        message = f"the base model of the run {folder.name} does not lie on this machine"
        hint = "`twin merge` makes one folder of both, or serve the adapter and name it by [[models.adapters]]"
        raise UsageError(message, hint)
    return Checkpoint(base, adapter)


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    try:
        values: Mapping[str, Any] = json.loads(
            (folder / "manifest.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError) as error:
        message = f"the manifest of the run {folder.name} cannot be read: {error}"
        raise UsageError(message, "train it again, or name its model folder") from error
    return values


def _stamp(path: Path) -> str:
    """Return what changes when a model file or folder does: names, sizes and times."""
    files = sorted(path.glob("*")) if path.is_dir() else [path]
    parts = [f"{f.name}:{f.stat().st_size}:{f.stat().st_mtime_ns}" for f in files if f.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


# What they write on


def prompts_of(path: Path, most: int, seed: int = 0) -> list[Prompted]:
    """Return prompts out of a file of rows, drawn by a seed.

    Args:
        path: JSON lines: SFT rows with ``messages``, or ``prompt`` and perhaps ``system`` and
            ``reference``; with ``"continued": true`` a prompt is the beginning of a text.
        most: how many.
        seed: of the drawing.

    Raises:
        UsageError: if a line is no prompt.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise UsageError(message, "JSON lines with messages, or with prompt") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_prompted(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path}, line {number} is no prompt: {error}"
            raise UsageError(message, 'as in {"prompt": "Why Djot?"}') from error
    random.Random(seed).shuffle(found)  # noqa: S311 - nothing secret is drawn
    return found[:most]


def _prompted(row: Mapping[str, Any]) -> Prompted:
    if "messages" not in row:
        return Prompted(
            user=row["prompt"],
            system=row.get("system", ""),
            continued=bool(row.get("continued")),
            reference=row.get("reference", ""),
        )
    said = {message["role"]: message["content"] for message in row["messages"]}
    own = row.get("chosen") or {}
    return Prompted(
        user=said["user"],
        system=said.get("system", ""),
        reference=said.get("assistant") or str(own.get("content", "")),
    )


def unseen(
    prompts: Sequence[Prompted],
    held_out: Mapping[str, str],
    found: Sequence[Candidate],
    training: Mapping[str, str],
) -> tuple[list[Prompted], dict[str, str], tuple[str, ...]]:
    """Return the prompts and held-out texts that none of the candidates was trained on, and notes.

    What one set holds out another may train on: the latest writing is held out, and is no longer the
    latest when a set is made again. A text counts as trained on if 30 tokens in a row are.

    Args:
        prompts: with the author's own text as their reference.
        held_out: the author's text by document.
        found: the candidates.
        training: what others were trained on, as the person says.
    """
    left, texts, notes = list(prompts), dict(held_out), []
    for who, learned in [("one of them", training), *((one.name, one.training) for one in found)]:
        if not learned:
            continue
        references = memorised([prompt.reference for prompt in left], learned)
        seen = {shared.text for shared in references.over}
        known = {shared.text for shared in memorised(list(texts.values()), learned).over}
        if seen or known:
            notes.append(
                f"left out because {who} was trained on it: {len(seen)} of {len(left)} prompts, "
                f"{len(known)} of {len(texts)} held-out documents"
            )
        left = [prompt for number, prompt in enumerate(left) if number not in seen]
        texts = {
            name: text for number, (name, text) in enumerate(texts.items()) if number not in known
        }
    return left, texts, tuple(notes)


def held_out_of(dataset: Path) -> dict[str, str]:
    """Return the author's text in the test part of a set, by document; empty if there is none."""
    path = dataset / "test.jsonl"
    if not path.is_file():
        return {}
    found: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")):
        row = json.loads(line) if line.strip() else {}
        if text := text_of_row(row):
            found.setdefault(str(row.get("document_id", number)), []).append(text)
    return {document: "\n\n".join(texts) for document, texts in found.items()}
