"""Anyone's set: read, whatever its shape.

In: a file or a folder: JSON, JSON lines or Parquet of alpaca rows (``instruction``, ``input``,
``output``), messages (also ShareGPT's ``conversations``), pairs (``prompt``, ``chosen``, ``rejected``),
or the sets of the LLM Engineer's Handbook. Out: `ForeignRow`s, all of one shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.errors import DatasetError

SUFFIXES: Final = (".json", ".jsonl", ".parquet")
SPLITS: Final = ("train", "validation", "valid", "dev", "test", "eval")
_ASKED: Final = ("instruction", "prompt", "question", "query")
_ANSWERED: Final = ("output", "answer", "response", "completion")
_ROLES: Final = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRow:
    """One row of anyone's set.

    Attributes:
        where: the file and the row in it, as in ``train.jsonl:17``.
        split: as the file or the set names it; empty if neither does.
        instruction: what is asked last.
        answer: the answer, or what is chosen.
        rejected: what is not chosen; None if it is no pair.
        turns: messages in all, the answer included; 0 if the row has no messages.
        fault: what is wrong with the shape of the row; empty if nothing is.
        span: document, version, start and end, where the row names them.
        verbatim: False where the row says that its answer stands in no document.
    """

    where: str
    split: str
    instruction: str
    answer: str
    rejected: str | None = None
    turns: int = 0
    fault: str = ""
    span: tuple[str, int, int, int] | None = None
    verbatim: bool = True


def read_foreign(path: Path) -> list[ForeignRow]:
    """Return the rows of a file, or of the files of a folder.

    Raises:
        DatasetError: if it holds no rows of a known shape.
    """
    if path.is_dir():
        files = sorted(
            p for p in path.rglob("*") if p.suffix in SUFFIXES and p.name != "manifest.json"
        )
    else:
        files = [path]
    rows = [row for file in files for row in _rows(file)]
    if not rows:
        message = f"{path}: there are no rows in it"
        raise DatasetError(message, _SHAPES)
    return rows


_SHAPES: Final = (
    "known are JSON, JSON lines and Parquet of instruction/output, messages, conversations or "
    "prompt/chosen/rejected"
)


def _rows(file: Path) -> Iterator[ForeignRow]:
    of_file = next((name for name in SPLITS if name in file.stem.lower()), "")
    for number, (split, value) in enumerate(_values(file), start=1):
        yield _row(value, f"{file.name}:{number}", split or of_file)


def _values(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield every row of a file with the split that the file gives it."""
    try:
        if file.suffix == ".parquet":
            yield from (("", value) for value in _parquet(file))
            return
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".jsonl":
            yield from (("", json.loads(line)) for line in text.split("\n") if line.strip())
            return
        value = json.loads(text)
    except (OSError, ValueError) as error:
        message = f"{file}: {error}"
        raise DatasetError(message, _SHAPES) from error
    yield from _nested(value, "")


def _nested(value: Any, split: str) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a JSON value: a list, or tables of lists by split and by category."""
    if isinstance(value, list):
        yield from ((split, one) for one in value)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, list | Mapping):
                yield from _nested(one, key if key in SPLITS else split)


def _parquet(file: Path) -> list[Any]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        message = f"{file}: to read Parquet takes pyarrow, which is not installed"
        raise DatasetError(message, "pip install pyarrow") from error
    rows: list[Any] = parquet.read_table(file).to_pylist()
    return rows


def _row(value: Any, where: str, split: str) -> ForeignRow:
    if not isinstance(value, Mapping):
        return ForeignRow(where=where, split=split, instruction="", answer="", fault="it is no row")
    span = _span(value)
    verbatim = value.get("verbatim") is not False
    cited = value.get("cited")
    messages = value.get("messages") or value.get("conversations")
    turns = _turns(messages) if isinstance(messages, Sequence) else []
    chosen, rejected = value.get("chosen"), value.get("rejected")
    if chosen is not None or rejected is not None:
        asked = turns[-1][1] if turns else _text(_first(value, _ASKED)) or _shared(chosen)
        answer, other = _text(chosen), _text(rejected)
        fault = _fault(turns, "user") if turns else ""
    else:
        if turns:
            asked = next((text for role, text in reversed(turns[:-1]) if role == "user"), "")
            answer, fault = turns[-1][1], _fault(turns, "assistant")
        else:
            asked, answer, fault = _text(_first(value, _ASKED)), _text(_first(value, _ANSWERED)), ""
            if extra := _text(value.get("input")):
                asked = f"{asked}\n\n{extra}"
        other = None
    if not fault and not asked.strip():
        fault = "nothing is asked"
    if not fault and not answer.strip():
        fault = "nothing is answered"
    return ForeignRow(
        where=where,
        split=split,
        instruction=asked,
        # The marks that stand behind its sentences are no part of what the person wrote.
        answer=answer.replace(f" [{cited}]", "") if isinstance(cited, int) and cited else answer,
        rejected=other,
        turns=len(turns),
        fault=fault,
        span=span,
        verbatim=verbatim,
    )


def _turns(messages: Sequence[Any]) -> list[tuple[str, str]]:
    found = []
    for one in messages:
        if isinstance(one, Mapping):
            role = str(one.get("role") or one.get("from") or "")
            found.append((_ROLES.get(role, role), _text(one.get("content", one.get("value")))))
    return found


def _fault(turns: Sequence[tuple[str, str]], last: str) -> str:
    roles = [role for role, _ in turns]
    if unknown := [role for role in roles if role not in {"system", "user", "assistant", "tool"}]:
        return f"there is no role {unknown[0]!r}"
    return "" if roles and roles[-1] == last else f"the last message is not the {last}'s"


def _first(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _text(value: Any) -> str:
    """Return a text that is given bare, as a message, or as messages of which it is the last."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _text(value.get("content", value.get("value")))
    if isinstance(value, Sequence) and value:
        return _text(value[-1])
    return ""


def _shared(chosen: Any) -> str:
    """Return what is asked, where chosen is a whole conversation."""
    return _text(chosen[-2]) if isinstance(chosen, list) and len(chosen) > 1 else ""


def _span(value: Mapping[str, Any]) -> tuple[str, int, int, int] | None:
    document, numbers = (
        value.get("document_id"),
        [value.get(k) for k in ("version", "start", "end")],
    )
    if not document or not all(isinstance(number, int) for number in numbers):
        return None
    version, start, end = (int(number) for number in numbers if number is not None)
    return str(document), version, start, end
