"""The audit of anyone's set: what is wrong with it, counted and shown.

In: rows, and where there is one a warehouse to hold the answers against. Out: `Finding`s, each with its
count, of how many, and examples. Nothing is repaired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twin.datasets.foreign import ForeignRow
from twin.datasets.gates import HIGH, LOW
from twin.datasets.likeness import near_duplicates
from twin.datasets.wordings import MARKERS, REFUSALS, personal, secrets
from twin.datasets.words import OVERLAP, hashes, normal, sequences, words
from twin.warehouse.protocol import Warehouse

EXAMPLES: Final = 3
CLOSED: Final = tuple(".!?…\"'”’)]}`:>*_|~")
"""What an answer that was not cut off may end with."""

NEAR: Final = 0.7
HELD: Final = ("test", "eval", "validation", "valid", "dev")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked for.

    Attributes:
        name: for scripts.
        what: for people, after the count.
        count: rows with it.
        of: rows that could have it.
        fault: whether a set should have none; else it is told and no more.
        examples: the first rows, each with what was found.
    """

    name: str
    what: str
    count: int
    of: int
    fault: bool
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was found in a set."""

    rows: int
    pairs: int
    splits: dict[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What a set should not have, and this one has."""
        return tuple(one for one in self.findings if one.fault and one.count)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "rows": self.rows,
            "pairs": self.pairs,
            "splits": self.splits,
            "sound": not self.faults,
            "findings": [
                {name: getattr(one, name) for name in one.__slots__} for one in self.findings
            ],
            "notes": list(self.notes),
        }


Found = Iterator[tuple[ForeignRow, str]]
Told = Callable[[str, int, int | None], None]


def audit(
    rows: Sequence[ForeignRow],
    warehouse: Warehouse | None = None,
    told: Told = lambda _step, _done, _all: None,
) -> Audit:
    """Return the audit of rows.

    Args:
        rows: of one set, all splits.
        warehouse: to look for the answers in; None looks for none.
        told: told what is being looked for.
    """
    pairs = [row for row in rows if row.rejected is not None]
    held = [row for row in rows if row.split in HELD]
    findings: list[Finding] = []
    looks = [look for look in _LOOKS if look[4] != "pairs" or pairs]
    for done, (name, what, look, fault, among) in enumerate(looks):
        told(name, done, len(looks) + (warehouse is not None))
        of = {"pairs": len(pairs), "held": len(held)}.get(among, len(rows))
        if of:
            findings.append(_finding(name, what, list(look(rows)), of, fault=fault))
    if pairs:
        findings.append(_length(pairs))
    if warehouse is not None:
        findings += _against(rows, warehouse, told)
    notes = []
    if not held:
        notes.append("no row is held back for a test, so nothing was compared with one")
    if warehouse is None:
        notes.append("no answer was looked for in documents: --against names a warehouse")
    return Audit(
        rows=len(rows),
        pairs=len(pairs),
        splits=dict(Counter(row.split or "unnamed" for row in rows)),
        findings=tuple(findings),
        notes=tuple(notes),
    )


def _finding(
    name: str, what: str, found: Sequence[tuple[ForeignRow, str]], of: int, *, fault: bool
) -> Finding:
    examples = tuple(f"{row.where}: {detail}" for row, detail in found[:EXAMPLES])
    return Finding(name=name, what=what, count=len(found), of=of, fault=fault, examples=examples)


def _shape(rows: Sequence[ForeignRow]) -> Found:
    for row in rows:
        if row.fault:
            yield row, row.fault


def _repeated(part: Callable[[ForeignRow], str]) -> Callable[[Sequence[ForeignRow]], Found]:
    """Return what finds rows that have what one before them has."""

    def look(rows: Sequence[ForeignRow]) -> Found:
        seen: dict[str, str] = {}
        for row in rows:
            key = normal(part(row))
            if key in seen:
                yield row, f"as {seen[key]}: {_short(part(row))}"
            elif key:
                seen[key] = row.where

    return look


def _near(rows: Sequence[ForeignRow]) -> Found:
    for one, other, likeness in near_duplicates([row.answer for row in rows], NEAR):
        if normal(rows[one].answer) != normal(rows[other].answer):
            yield rows[one], f"as {rows[other].where} to {likeness:.2f}: {_short(rows[one].answer)}"


def _asked_in_train(rows: Sequence[ForeignRow]) -> Found:
    asked = {normal(row.instruction): row.where for row in rows if row.split not in HELD}
    for row in rows:
        if row.split in HELD and (where := asked.get(normal(row.instruction))):
            yield row, f"as {where}: {_short(row.instruction)}"


def _answered_in_train(rows: Sequence[ForeignRow]) -> Found:
    known: set[int] = set()
    for row in rows:
        if row.split not in HELD and len(words(row.answer)) >= OVERLAP:
            known |= hashes(sequences(row.answer, OVERLAP))
    for row in rows:
        long = row.split in HELD and len(words(row.answer)) >= OVERLAP
        if long and not known.isdisjoint(hashes(sequences(row.answer, OVERLAP))):
            yield row, _short(row.answer)


def _documents_in_two(rows: Sequence[ForeignRow]) -> Found:
    known: dict[str, str] = {}
    for row in rows:
        if row.span is not None and known.setdefault(row.span[0], row.split) != row.split:
            yield row, f"document {row.span[0]}"


def _same(rows: Sequence[ForeignRow]) -> Found:
    for row in rows:
        if row.rejected is not None and normal(row.rejected) == normal(row.answer):
            yield row, _short(row.answer)


def _matching(find: Callable[[str], str]) -> Callable[[Sequence[ForeignRow]], Found]:
    def look(rows: Sequence[ForeignRow]) -> Found:
        for row in rows:
            if found := find(row.answer) or find(row.instruction):
                yield row, found

    return look


def _refused(rows: Sequence[ForeignRow]) -> Found:
    for row in rows:
        if found := REFUSALS.search(row.answer):
            yield row, found[0]


def _cut_off(rows: Sequence[ForeignRow]) -> Found:
    for row in rows:
        text = row.answer.rstrip()
        if text and not text.endswith(CLOSED):
            yield row, f"… {text[-40:]}"


def _length(pairs: Sequence[ForeignRow]) -> Finding:
    longer = [row for row in pairs if len(row.answer) > len(row.rejected or "")]
    share = len(longer) / len(pairs)
    return Finding(
        name="chosen_longer",
        what=f"pairs in which chosen is longer ({share:.1%}; {LOW:.0%} to {HIGH:.0%} tell nothing)",
        count=len(longer),
        of=len(pairs),
        fault=not LOW <= share <= HIGH,
    )


def _against(rows: Sequence[ForeignRow], warehouse: Warehouse, told: Told) -> list[Finding]:
    """Return how many answers stand in the documents of a warehouse, word for word."""
    keys = sorted({row.span[:2] for row in rows if row.span is not None})
    texts = {
        key: stored.document.text
        for start in range(0, len(keys), 100)
        for key, stored in warehouse.get_many(keys[start : start + 100]).items()
    }
    looked = [row for row in rows if row.verbatim and row.answer]
    there: set[str] = set()
    wrong: list[tuple[ForeignRow, str]] = []
    open_: list[ForeignRow] = []
    for row in looked:
        if row.span is None:
            open_.append(row)
            continue
        document, version, start, end = row.span
        if texts.get((document, version), "")[start:end] == row.answer:
            there.add(row.where)
        else:
            wrong.append(
                (row, f"it is not {start}:{end} of document {document}, version {version}")
            )
            open_.append(row)
    total = warehouse.counts().documents
    for done, summary in enumerate(warehouse.summaries() if open_ else ()):
        told("verbatim", done, total)
        text = warehouse.get(summary.id).document.text
        there |= {row.where for row in open_ if row.where not in there and row.answer in text}
    missing = [(row, _short(row.answer)) for row in looked if row.where not in there]
    none = "answers that stand in no document, word for word"
    found = [_finding("not_verbatim", none, missing, len(looked), fault=True)]
    if any(row.span is not None for row in looked):
        named = sum(row.span is not None for row in looked)
        what = "answers that are not the span that their row names"
        found.append(_finding("wrong_span", what, wrong, named, fault=True))
    return found


def _short(text: str) -> str:
    bare = " ".join(text.split())
    return bare if len(bare) <= 80 else f"{bare[:79]}…"  # noqa: PLR2004 - a line


_LOOKS: Final[tuple[tuple[str, str, Callable[[Sequence[ForeignRow]], Found], bool, str], ...]] = (
    (
        "malformed",
        "rows without a question or an answer, or with another shape",
        _shape,
        True,
        "rows",
    ),
    (
        "duplicate_instructions",
        "instructions that one before them has",
        _repeated(lambda row: row.instruction),
        True,
        "rows",
    ),
    (
        "duplicate_answers",
        "answers that one before them is",
        _repeated(lambda row: row.answer),
        True,
        "rows",
    ),
    ("near_duplicate_answers", f"answers that nearly repeat another ({NEAR})", _near, True, "rows"),
    (
        "test_asked_in_train",
        "held-out instructions that a training row asks",
        _asked_in_train,
        True,
        "held",
    ),
    (
        "test_answered_in_train",
        f"held-out answers that share {OVERLAP} words in a row with a training row",
        _answered_in_train,
        True,
        "held",
    ),
    (
        "documents_in_two_splits",
        "rows whose document is in another split too",
        _documents_in_two,
        True,
        "held",
    ),
    ("chosen_is_rejected", "pairs with chosen equal to rejected", _same, True, "pairs"),
    ("refusals", "answers in which a model speaks of itself", _refused, True, "rows"),
    (
        "template_marks",
        "rows with marks of a chat template",
        _matching(lambda text: found[0] if (found := MARKERS.search(text)) else ""),
        True,
        "rows",
    ),
    (
        "keys",
        "rows with keys, tokens or passwords",
        _matching(lambda t: next(secrets(t), "")),
        True,
        "rows",
    ),
    (
        "personal_data",
        "rows with mail addresses, telephone or account numbers",
        _matching(lambda text: next(personal(text), "")),
        True,
        "rows",
    ),
    ("cut_off", "answers that end without a stop", _cut_off, False, "rows"),
)
"""Name, words, what finds it, whether a set should have none, and among which rows."""
