"""Questions that a twin is asked, with what the author wrote to them.

In: a file of JSON lines. Out: `Case`s.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.evaluation.lines import read_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, and what the author wrote to it (empty if that is not known).

    Attributes:
        document: that the reference is of; empty if that is not known. Intervals are over these.
    """

    id: str
    question: str
    reference: str = ""
    document: str = ""

    @property
    def unit(self) -> str:
        """What is drawn for an interval: the document, or else the question itself."""
        return self.document or self.id


def read_cases(path: Path) -> list[Case]:
    """Read questions: JSON lines with ``question`` and perhaps ``reference`` (or ``answer``).

    Raises:
        UsageError: if a line is none; it is named.
    """
    hint = 'as in {"question": "Why Djot?", "reference": "Because ..."}'
    return read_lines(path, _case, "a question", hint)


def _case(row: dict[str, Any]) -> Case:
    question = row["question"].strip()
    reference = row.get("reference") or row.get("answer") or ""
    key = hashlib.sha256(f"{question}\0{reference}".encode()).hexdigest()[:16]
    return Case(id=key, question=question, reference=reference)
