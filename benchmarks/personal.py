"""Personal data: what the guards find of 1,500 made-up sentences, and what they take for it that is not.

In: presidio-research's sentences (MIT), with what is personal in them marked. Out: a table for
`patterns`, and for `presidio` where it is installed. A piece is found if a span of the same kind
touches it. What has no form (names, places, dates, ages, jobs) neither is asked for; it is counted.

Run: ``python -m benchmarks.personal``
"""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import SHARED, Row, report
from twin.components import BuildContext, Finder
from twin.plugins import discover

SENTENCES = SHARED / "safety" / "pii_sentences.json"
KINDS: Mapping[str, str] = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "US_SSN": "ssn",
}
"""What presidio-research calls it, and what `patterns` does; Presidio's own are the same in lower case."""


def measure(name: str, find: Finder, sentences: list[dict[str, Any]]) -> list[Row]:
    """Return what a guard finds of each kind."""
    there, found, wrong = Counter[str](), Counter[str](), 0
    said = 0
    for sentence in sentences:
        spans = [(span, kind) for span, kind in find(sentence["full_text"])]
        marked = [
            (one["start_position"], one["end_position"], one["entity_type"])
            for one in sentence["spans"]
        ]
        for start, end, entity in marked:
            if entity in KINDS:
                names = {KINDS[entity], entity.lower().replace("_", "-")}
                there[entity] += 1
                found[entity] += any(
                    kind in names and span.start < end and start < span.end for span, kind in spans
                )
        said += len(spans)
        wrong += sum(
            all(end <= span.start or span.end <= start for start, end, _ in marked)
            for span, _ in spans
        )
    rows = [
        Row(f"{name}: {KINDS[entity]} found", found[entity], f"of {there[entity]}")
        for entity in KINDS
    ]
    return [*rows, Row(f"{name}: masked where nothing is personal", wrong, f"of {said}")]


def main() -> None:
    """Measure and report."""
    if not SENTENCES.exists():
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    sentences = json.loads(SENTENCES.read_text(encoding="utf-8"))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        context = BuildContext(cache=Path(folder), data=Path(folder))
        for provided in discover(()).provided("twin_guards"):
            component = provided.component
            find = component.build(component.options(), context)
            rows += measure(component.name, find, sentences)
    formless = sum(
        one["entity_type"] not in KINDS for sentence in sentences for one in sentence["spans"]
    )
    rows.append(Row("pieces without a form, which take a model of the language", formless, ""))
    report("personal", rows)


if __name__ == "__main__":
    main()
