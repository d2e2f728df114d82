"""A home with the three real corpora, made by the command line as its user would.

In: a folder. Out: the home, with simonw's notes, matklad's posts and the Handbook's articles.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import SHARED

SOURCES = (
    ("simonw-til", SHARED / "authors" / "simonw-til", "Simon Willison"),
    ("matklad-posts", SHARED / "authors" / "matklad-posts", "matklad"),
    ("handbook", SHARED / "handbook", ""),
)
QUESTIONS = Path(__file__).parent.parent / "tests" / "fixtures" / "questions.toml"
MAIN = 20
"""The first so many questions are the set; those after them are spares."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What `twin ingest --json` said of a corpus."""

    corpus: str
    report: dict[str, Any]


def twin(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a home."""
    command = [sys.executable, "-m", "twin.cli", "--home", str(home), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed


def ingest(home: Path) -> list[Ingested]:
    """Take in the three corpora; what is there already is only compared.

    Of the 810 documents three speak to a model (their authors write about prompts) and are held; a
    person would let them in, and so does this.
    """
    done = []
    for corpus, path, author in SOURCES:
        arguments: Sequence[str] = ["--author", author] if author else []
        answer = twin(home, "ingest", str(path), *arguments, "--json")
        done.append(Ingested(corpus, json.loads(answer.stdout)))
    twin(home, "quarantine", "release", "--all")
    return done


def is_the_document(source: str, document: str) -> bool:
    """Return whether a canonical source is the document that a question names."""
    from twin.documents import canonical_url  # noqa: PLC0415 - not for --help

    if document.startswith("https://"):
        return source == canonical_url(document)
    return source.endswith(f"/{document}")
