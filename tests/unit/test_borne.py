"""A draft in the page: what each sentence rests on, and what it does not."""

from __future__ import annotations

from typing import Any

from twin.chat.borne import borne
from twin.chat.drafts import DraftSentence, DraftVariant, Rest
from twin.chat.page import source_name
from twin.documents import Audience, Kind, Span
from twin.retrieve.filters import Found
from twin.retrieve.passages import Passage, Retrieval

SOURCE = "We left in April. It took *eleven* weeks.\n\nNobody missed it."
PASSAGE = Passage(
    document_id="d1",
    version=2,
    start=100,
    end=100 + len(SOURCE),
    text=SOURCE,
    title="Leaving: a tale",
    source="file:a.md",
    url=None,
    author="Ines",
    author_slug="ines",
    kind=Kind.ARTICLE,
    platform="file",
    published_at="2022-05-17",
    score=1.0,
    similarity=0.5,
)
RETRIEVAL = Retrieval(passages=(PASSAGE,), asked=("q",), found=Found(), audience=Audience.PUBLIC)


def rest(words: str) -> Rest:
    start = 100 + SOURCE.index(words)
    return Rest(
        document_id="d1",
        version=2,
        span=Span(start, start + len(words)),
        title="Leaving: a tale",
        url="",
        published_at="2022-05-17",
    )


def test_one_number_a_document_and_a_mark_for_what_was_never_written() -> None:
    text = "We left in April. We were glad. It took eleven weeks. So there."
    places = [(0, 17), (18, 31), (32, 53), (54, 63)]
    found: list[dict[str, Any]] = [
        {"rests": (rest("We left in April."),), "own": True},
        {"rests": (), "own": False},
        {"rests": (rest("It took *eleven* weeks."),), "own": False},
        {"rests": (), "own": False, "unlike": True},
    ]
    sentences = tuple(
        DraftSentence(start=start, end=end, **one)
        for (start, end), one in zip(places, found, strict=True)
    )
    shown = borne(DraftVariant(number=1, text=text, sentences=sentences), RETRIEVAL)
    n = source_name(1)
    assert shown.text == (
        f"We left in April. {n} We were glad. ° It took eleven weeks. {n} So there. ° ≁"
    )
    assert "you have not written this" in shown.legend
    assert "it does not sound like you" in shown.legend
    [(name, line, beside)] = shown.sources
    assert (name, line) == (
        source_name(1),
        f"{source_name(1)} you said this in 2022: Leaving\\: a tale",
    )
    assert "**We left in April\\.**" in beside
    assert "**It took \\*eleven\\* weeks\\.**" in beside
    assert "characters 100:117" in beside


def test_where_all_of_it_was_written_there_is_no_legend() -> None:
    one = DraftSentence(start=0, end=5, rests=(rest("We left in April."),), own=True)
    shown = borne(DraftVariant(number=1, text="Well.", sentences=(one,)), RETRIEVAL)
    assert shown.legend == ""
