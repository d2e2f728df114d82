"""Goldens: questions whose answer is known to stand in a certain place of the person's own writing.

In: documents of the warehouse, and perhaps a teacher. Out: `Golden`s, each with the span that
answers it, kept as JSON lines. Without a teacher they are mined by rules: the title asks for the
document, a heading for its section, a section's first sentence for the section, and a sentence that
links to another piece of the same person for that piece. The same documents and seed give the same
goldens.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.documents import Kind, Span, canonical_url, document_id
from twin.errors import ModelError, ReadError
from twin.evaluation.lines import read_lines
from twin.evaluation.prose import WORD, plain_text
from twin.index.boundaries import sentences
from twin.prompts import prompt
from twin.warehouse.protocol import StoredDocument


class Form(StrEnum):
    """How a golden was made."""

    TITLE = "title"
    HEADING = "heading"
    OPENING = "opening"
    """The first sentence of a section."""
    LINK = "link"
    """A sentence of another document that links here; that document is not counted as found."""
    TEACHER = "teacher"
    GIVEN = "given"
    """Of a set that was made elsewhere."""


MINED = (Form.TITLE, Form.HEADING, Form.OPENING, Form.LINK)
FEWEST, MOST = 4, 40
"""Words of a question: fewer say too little to be looked for, more are no question."""
SHORTEST = 200
"""Characters of a section that is worth asking for."""

_HEADING = re.compile(r"^(#{1,4})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]+\]\((https?://[^)\s]+)\)")
_GENERAL = frozenset(
    [
        "introduction",
        "conclusion",
        "summary",
        "overview",
        "background",
        "references",
        "links",
        "notes",
        "resources",
        "usage",
        "example",
        "examples",
        "installation",
        "setup",
        "update",
        "updates",
        "further",
        "reading",
        "see",
        "also",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A question and where its answer stands.

    Attributes:
        id: of its form, question and place; the same wherever it is mined.
        kind: of the document that answers.
        document_id: which one.
        version: of which the span is.
        start: of the span, in code points.
        end: of the span; with `start` 0 and `end` 0 the whole document is meant.
        apart: a document that does not count as found, because the question is out of it.
        prompt: the template that the teacher was asked with; empty if it was not asked.
    """

    id: str
    question: str
    form: Form
    kind: Kind
    document_id: str
    version: int
    start: int = 0
    end: int = 0
    title: str = ""
    source: str = ""
    author: str = ""
    apart: str = ""
    prompt: str = ""

    def answers(self, document: str, span: Span) -> bool:
        """Return whether a retrieved passage is the answer, or has at least half of it in common."""
        if document != self.document_id:
            return False
        if not self.end:
            return True
        shared = min(self.end, span.end) - max(self.start, span.start)
        return shared * 2 >= min(self.end - self.start, span.end - span.start)


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    body: Span


def mine(documents: Iterable[StoredDocument], *, most: int = 200, seed: int = 0) -> list[Golden]:
    """Return goldens of documents, of each form about as many, drawn by a seed.

    Args:
        documents: the person's prose, newest versions.
        most: goldens in all.
        seed: of the drawing.
    """
    everything = sorted(documents, key=lambda stored: stored.document.source)
    places = _places(everything)
    found: dict[Form, list[Golden]] = {form: [] for form in MINED}
    for stored in everything:
        for golden in (*_of_structure(stored), *_of_links(stored, places)):
            found[golden.form].append(golden)
    kept: list[Golden] = []
    forms = sorted(MINED, key=lambda form: len(found[form]))
    for left, form in zip(range(len(forms), 0, -1), forms, strict=True):
        unique = list({_key(g.question): g for g in found[form]}.values())
        # Draw by what a golden is, so that one document more does not change all the others.
        unique.sort(key=lambda g: hashlib.sha256(f"{seed}:{g.id}".encode()).digest())
        kept += unique[: (most - len(kept)) // left]
    return sorted(kept, key=lambda g: (g.source, g.start, g.form))


def _golden(stored: StoredDocument, form: Form, question: str, span: Span, **more: str) -> Golden:
    place = f"{form}\0{question}\0{stored.id}\0{span.start}\0{span.end}"
    return Golden(
        id=hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        question=question,
        form=form,
        kind=stored.document.kind,
        document_id=stored.id,
        version=stored.version,
        start=span.start,
        end=span.end,
        title=stored.document.title,
        source=stored.document.source,
        author=stored.document.author,
        **more,
    )


def _of_structure(stored: StoredDocument) -> Iterator[Golden]:
    text, title = stored.document.text, stored.document.title
    if _asks(title) and len(text) >= SHORTEST:
        yield _golden(stored, Form.TITLE, plain_text(title), Span(0, 0))
    for section in _sections(text):
        if section.body.end - section.body.start < SHORTEST:
            continue
        heading = plain_text(section.heading)
        if _asks(heading) and _key(heading) != _key(title):
            yield _golden(stored, Form.HEADING, heading, section.body)
        first = next(iter(sentences(text, section.body)), None)
        if first is not None and _asks(opening := plain_text(first.of(text))):
            yield _golden(stored, Form.OPENING, opening, section.body)


def _of_links(stored: StoredDocument, places: Mapping[str, StoredDocument]) -> Iterator[Golden]:
    text = stored.document.text
    for span in sentences(text):
        for link in _LINK.finditer(text, span.start, span.end):
            target = places.get(_address(link[1]))
            question = plain_text(re.sub(r"\]\([^)]*\)", "]", span.of(text)))
            if target is not None and target.id != stored.id and _asks(question):
                yield _golden(target, Form.LINK, question, Span(0, 0), apart=stored.id)


def _places(documents: Sequence[StoredDocument]) -> dict[str, StoredDocument]:
    return {_address(d.document.url): d for d in documents if d.document.url}


def _address(url: str) -> str:
    try:
        return canonical_url(url)
    except ReadError:
        return url


def _sections(text: str) -> Iterator[_Section]:
    """Yield the headed sections, and what stands before the first of them."""
    fences = [Span(m.start(), m.end()) for m in _FENCE.finditer(text)]
    heads = [
        m for m in _HEADING.finditer(text) if not any(f.start <= m.start() < f.end for f in fences)
    ]
    if heads and text[: heads[0].start()].strip():
        yield _Section("", Span(0, heads[0].start()))
    for head, following in zip_longest(heads, heads[1:]):
        yield _Section(head[2], Span(head.end(), following.start() if following else len(text)))
    if not heads:
        yield _Section("", Span(0, len(text)))


def _asks(text: str) -> bool:
    """Return whether a text says enough to be looked for, and is not a line of code."""
    words = [word.casefold() for word in WORD.findall(text)]
    prose = len(text) <= 400 and "\n" not in text and "|" not in text  # noqa: PLR2004 - a sentence
    return FEWEST <= len(words) <= MOST and prose and not set(words) <= _GENERAL


def _key(text: str) -> str:
    return " ".join(WORD.findall(text.casefold()))


# By the teacher


class Asked(BaseModel):
    """What the teacher fills in."""

    question: str = Field(description="One question that this passage answers.")


def ask_teacher(
    documents: Sequence[StoredDocument],
    teacher: Teacher,
    *,
    most: int,
    seed: int = 0,
    told: Callable[[int, int | None], None] = lambda _done, _all: None,
) -> tuple[list[Golden], list[str]]:
    """Return goldens whose questions the teacher wrote, and what went wrong with the rest.

    Args:
        documents: the person's prose.
        teacher: writes a question for a section, in other words than the section's.
        most: how many.
        seed: of the drawing of sections.
        told: after every question.
    """
    template = prompt("golden")
    sections = [
        (stored, section.body)
        for stored in sorted(documents, key=lambda stored: stored.document.source)
        for section in _sections(stored.document.text)
        if section.body.end - section.body.start >= SHORTEST
    ]
    random.Random(seed).shuffle(sections)  # noqa: S311 - nothing secret is drawn
    found: list[Golden] = []
    failed: list[str] = []
    for done, (stored, span) in enumerate(sections[:most], start=1):
        passage = span.of(stored.document.text)[:4000]
        try:
            form = teacher.structured(Asked, template.fill(title=stored.document.title), passage)
        except ModelError as error:
            failed.append(f"{stored.document.source}: {error.message}")
        else:
            question = " ".join(form.question.split())
            if question:
                found.append(_golden(stored, Form.TEACHER, question, span, prompt=template.label))
        told(done, min(most, len(sections)))
    return found, failed


# At rest


def write_goldens(goldens: Sequence[Golden], path: Path) -> None:
    """Write goldens as JSON lines, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(g), ensure_ascii=False, sort_keys=True) for g in goldens]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(path)


def read_goldens(path: Path) -> list[Golden]:
    """Read goldens.

    Raises:
        UsageError: if a line is none; it is named.
    """
    return read_lines(path, _read, "a golden", "`twin evaluate goldens` mines them anew")


def _read(values: dict[str, Any]) -> Golden:
    return Golden(**values | {"form": Form(values["form"]), "kind": Kind(values["kind"])})


def whole(source: str, question: str, kind: Kind, title: str = "") -> Golden:
    """Return a golden that was given: a question that a whole document answers."""
    key = document_id(source)
    return Golden(
        id=hashlib.sha256(f"{question}\0{key}".encode()).hexdigest()[:16],
        question=question,
        form=Form.GIVEN,
        kind=kind,
        document_id=key,
        version=0,
        title=title,
        source=source,
    )
