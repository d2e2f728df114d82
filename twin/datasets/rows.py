"""Rows as Axolotl reads them: one JSON object a line, provenance beside the messages.

In: `Sample`s. Out: bytes, the same for the same samples; and samples back from a file. An instruction
row is for ``type: chat_template`` (``messages``), a preference row for ``type: chat_template.default``
(``messages``, ``chosen``, ``rejected``). The other keys are for people and for `twin dataset check`:
Axolotl reads none of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from twin.documents import Audience
from twin.errors import ReadError
from twin.index.boundaries import sentences
from twin.samples import Sample, Split

PROVENANCE = (
    "document_id",
    "version",
    "start",
    "end",
    "title",
    "topic",
    "kind",
    "published_at",
    "language",
    "prompt_by",
    "rejected_by",
    "verbatim",
    "cited",
    "feedback_id",
)


def as_row(sample: Sample) -> dict[str, Any]:
    """Return what is written of a sample."""
    prompt = [{"role": role, "content": content} for role, content in sample.prompt]
    answer = {"role": "assistant", "content": with_citations(sample.target, sample.cited)}
    row: dict[str, Any]
    if sample.rejected is None:
        row = {"messages": [*prompt, answer]}
    else:
        rejected = {"role": "assistant", "content": sample.rejected}
        row = {"messages": prompt, "chosen": answer, "rejected": rejected}
    row |= {"id": sample.id, "form": sample.form, "audience": sample.audience.value}
    row |= {name: getattr(sample, name) for name in PROVENANCE}
    # One type a key in every row, as columns of Arrow have.
    row |= {"published_at": sample.published_at or "", "language": sample.language or ""}
    return row | {"reads": list(sample.reads)}


def encoded(samples: Iterable[Sample]) -> Iterator[bytes]:
    """Yield the lines of a file."""
    for sample in samples:
        text = json.dumps(as_row(sample), ensure_ascii=False)
        yield text.encode("utf-8", "backslashreplace") + b"\n"


def read_rows(path: Path, split: Split) -> Iterator[Sample]:
    """Yield the samples of a file that this room wrote.

    Raises:
        ReadError: if a line is none.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield from_row(json.loads(line), split)
            except (KeyError, TypeError, ValueError) as error:
                message = f"{path}, line {number}: it is no row of a set that twin wrote ({error})"
                raise ReadError(message, "`twin dataset check` audits any set") from error


def from_row(row: Mapping[str, Any], split: Split) -> Sample:
    """Return the sample that a row was written from."""
    messages = [(one["role"], one["content"]) for one in row["messages"]]
    chosen = row.get("chosen")
    fields = {name: row[name] for name in PROVENANCE}
    fields |= {"published_at": row["published_at"] or None, "language": row["language"] or None}
    return Sample(
        id=row["id"],
        split=split,
        form=row["form"],
        prompt=tuple(messages if chosen else messages[:-1]),
        target=without_citations(chosen["content"] if chosen else messages[-1][1], row["cited"]),
        rejected=row["rejected"]["content"] if chosen else None,
        audience=Audience(row["audience"]),
        reads=tuple(row["reads"]),
        **fields,
    )


def with_citations(text: str, number: int) -> str:
    """Return a text whose sentences end with the number of a passage, as the chat asks; 0 adds none.

    Code, headings and tables are no sentences that state something, and have none.
    """
    if not number:
        return text
    for span in reversed(sentences(text)):
        if not text.startswith(("```", "~~~", "#", "|", "    ", ":::"), span.start):
            text = f"{text[: span.end]} [{number}]{text[span.end :]}"
    return text


def without_citations(text: str, number: int) -> str:
    """Return the text that `with_citations` was given."""
    return text.replace(f" [{number}]", "") if number else text
