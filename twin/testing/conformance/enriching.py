"""Checks of what enrichers find: short names, the same whenever asked, of any text.

In: a `Subject`. Out: nothing, or `Unmet` with how to mend it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from twin.components import EnricherComponent
from twin.documents import Document, Enrichment, Kind
from twin.ingest.enriching import LONGEST, MOST
from twin.testing.conformance.subject import NotHere, Reported, Subject, Unmet, context

_TEXTS: Final = (
    "The heron stood in the weir at Iffley until the lock-keeper, Ms Odile Prévost, came by.",
    "# Bäume\n\nDer Apfelbaum trägt in diesem Jahr nichts, weil es im April noch fror.\n",
    "Un café, deux croissants, et la pluie sur les toits de Lyon.",
    "#tea again, @ford: black & strong 🫖",
    "水は低きに流れる。",
    "مرحبا بالعالم",
    "```python\nprint('nothing but code')\n```\n",
    "[NixOS](https://nixos.org) pins what `apt` lets drift; see https://example.org/a?b=c#d.\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "",
    "\n\n \t\n",
    "a",
    "\u200b\ufeff\u0000",
    "word " * 20_000,
    "*" * 20_000,
    "[" * 5_000 + "(" * 5_000,
)
"""Of several languages and scripts; nothing, and hardly anything; long, and ill-formed."""


def _documents() -> Iterator[Document]:
    for number, text in enumerate(_TEXTS):
        for kind in Kind:
            yield Document(
                source=f"file:checked/{number}-{kind}.md",
                text=text,
                title="Of herons" if number % 2 else "",
                kind=kind,
                tags=("Birds",) if number % 3 == 0 else (),
            )


def _built(checked: Subject) -> Iterator[tuple[str, Callable[[Document], Any]]]:
    found = [c for c in checked.components if isinstance(c, EnricherComponent)]
    if not found:
        message = "it provides no enricher"
        raise NotHere(message)
    with tempfile.TemporaryDirectory() as folder:
        for component in found:
            built = component.build(component.options(), context(Path(folder), Reported()))
            yield component.name, built


def enrichments_are_names(checked: Subject) -> None:
    """An enricher finds a language, topics and names that are short enough to choose by."""
    for name, enrich in _built(checked):
        for document in _documents():
            found = enrich(document)
            if not isinstance(found, Enrichment):
                message = f"the enricher {name!r} gave {type(found).__name__}, not an Enrichment"
                raise Unmet(message, "return twin.Enrichment(topics=...), an empty one for nothing")
            if found.language and not (
                found.language.isascii() and found.language.islower() and len(found.language) <= 3  # noqa: PLR2004
            ):
                message = f"the enricher {name!r} calls a language {found.language!r}"
                raise Unmet(message, "say it as ISO 639-1 does, in lower case: 'de', not 'German'")
            for told in (found.topics, found.entities):
                bad = next((o for o in told if not _is_name(o)), None)
                if bad is not None or len(told) > MOST:
                    what = f"{bad!r:.60}" if bad is not None else f"{len(told)} of them"
                    message = f"the enricher {name!r} found {what}"
                    hint = f"topics and entities are names: up to {MOST}, of {LONGEST} characters"
                    raise Unmet(message, hint)


def _is_name(one: Any) -> bool:
    return isinstance(one, str) and 0 < len(one.strip()) <= LONGEST and "\n" not in one


def enriching_is_steady(checked: Subject) -> None:
    """An enricher finds the same in a text whenever it is asked, and whatever it saw before."""
    documents = list(_documents())
    first = {name: [enrich(document) for document in documents] for name, enrich in _built(checked)}
    for name, enrich in _built(checked):
        again = [enrich(document) for document in reversed(documents)]
        pairs = zip(documents, first[name], reversed(again), strict=True)
        differs = next((document for document, one, other in pairs if one != other), None)
        if differs is not None:
            message = f"the enricher {name!r} found something else in {differs.text[:40]!r} later"
            hint = "let it rest on the document alone: no clock, no chance, no memory of others"
            raise Unmet(message, hint)
