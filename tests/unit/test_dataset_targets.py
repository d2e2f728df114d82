"""Targets: whole blocks of the person's own, side by side, and nothing of anybody else's."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.datasets.corpus import splits
from twin.datasets.targets import Target, not_own, targets
from twin.documents import Audience, Document, Kind
from twin.exports.quoting import Others
from twin.samples import Split
from twin.warehouse.protocol import StoredDocument, Summary

PARAGRAPH = "The tide does not wait, and neither does Mrs Tarrant, who has the keys to the shed. "


def stored(text: str, **fields: Any) -> StoredDocument:
    document = Document(source="file:notes/a.md", text=text, **fields)
    return StoredDocument(
        document=document,
        id=document.id,
        version=1,
        author_slug="ines",
        collection="file:notes",
        fetched_at="2026-01-01T00:00:00+00:00",
        latest=True,
        metadata_hash="",
    )


def cut(text: str, minimum: int = 80, maximum: int = 300, **fields: Any) -> list[Target]:
    one = stored(text, **fields)
    return targets(one, not_own(one, ()), minimum=minimum, maximum=maximum)[0]


def test_a_target_is_an_exact_slice_under_its_headings() -> None:
    text = f"# The tide\n\n{PARAGRAPH}\n\n## The shed\n\n{PARAGRAPH}Twice.\n\n### Keys\n\n{PARAGRAPH}Thrice."
    found = cut(text)
    assert [target.text for target in found] == [
        PARAGRAPH.strip(),
        f"{PARAGRAPH}Twice.",
        f"{PARAGRAPH}Thrice.",
    ]
    assert [target.headings for target in found] == [(), ("The shed",), ("The shed", "Keys")]
    assert [target.first for target in found] == [True, False, False]
    assert found[1].before.of(text).endswith("## The shed")


def test_words_of_others_and_quotations_are_in_no_target_and_end_one() -> None:
    others = Others()
    theirs = others.quote("My own words, said by Bo, at some length, on the pontoon.", "Bo")
    text, extra = others.woven(
        f"{PARAGRAPH}\n\n{theirs}\n\n{PARAGRAPH}Mine.\n\n> Said elsewhere.\n\n{PARAGRAPH}End."
    )
    found = cut(text, maximum=1000, extra=extra)
    assert [target.text for target in found] == [
        PARAGRAPH.strip(),
        f"{PARAGRAPH}Mine.",
        f"{PARAGRAPH}End.",
    ]
    for target in found:
        assert "Bo" not in target.before.of(text)
        assert "elsewhere" not in target.around.of(text)


def test_what_announces_a_quotation_goes_with_it() -> None:
    found = cut(f"{PARAGRAPH}\n\nShe wrote, in full:\n\n> Thank you.\n\n{PARAGRAPH}Mine.")
    assert [target.text for target in found] == [PARAGRAPH.strip(), f"{PARAGRAPH}Mine."]


def test_a_paragraph_that_ends_with_a_colon_keeps_what_it_announces() -> None:
    text = f"{PARAGRAPH}This is the whole of it:\n\n```python\nx = 1\n```\n\n{PARAGRAPH}And so on."
    assert [target.text[-3:] for target in cut(text)] == ["```", "on."]


def test_a_post_may_be_short_and_an_article_may_not() -> None:
    text = "We now run on two computers, Dogger and Fisher, and I have seen both."
    assert [target.text for target in cut(text, kind=Kind.POST)] == [text]
    assert cut(text) == []


def test_a_long_block_is_cut_at_a_sentence_and_a_long_listing_is_none() -> None:
    text = PARAGRAPH * 20
    found = cut(text)
    assert all(target.text.endswith(".") for target in found)
    assert cut("```\n" + "x = 1\n" * 200 + "```") == []


def test_what_a_document_gave_is_counted() -> None:
    one = stored(f"{PARAGRAPH}\n\n## Short\n\nNo.")
    found, given_ = targets(one, (), minimum=80, maximum=300)
    assert (len(found), given_.short) == (1, 1)
    assert given_.taken == len(found[0].text) < given_.own < given_.characters


BLOCKS = st.lists(
    st.sampled_from(
        [
            PARAGRAPH, "# One", "## Two", "> Quoted.", "```\ncode\n```", "- a\n- b", "---", "![x](y)",
            "Short.", "See:", PARAGRAPH * 8, "| a |\n| - |", "😀 é\u0301 漢字。" * 20,
        ]
    ),
    max_size=14,
)  # fmt: skip


@settings(deadline=None)
@given(BLOCKS)
def test_targets_are_exact_apart_and_within_the_limits(parts: list[str]) -> None:
    text = "\n\n".join(parts)
    one = stored(text)
    foreign = not_own(one, ())
    found, given_ = targets(one, foreign, minimum=60, maximum=200)
    end = 0
    for target in found:
        assert target.text == text[target.span.start : target.span.end] == target.text.strip()
        assert target.span.start >= end
        end = target.span.end
        assert 60 <= len(target.text) <= 200
        assert target.around.start <= target.span.start < target.span.end <= target.around.end
        assert not any(a < target.span.end and target.span.start < b for a, b in foreign)
    assert given_.taken <= given_.own <= given_.characters


def summary(name: str, date: str | None) -> Summary:
    return Summary(
        id=name,
        source=name,
        title="",
        author="",
        author_slug="ines",
        kind=Kind.ARTICLE,
        platform="file",
        audience=Audience.PUBLIC,
        published_at=date,
        url=None,
        collection="",
        version=1,
        characters=1,
    )


def test_the_latest_writing_is_the_test_and_a_day_is_never_parted() -> None:
    found = [summary(str(day), f"2024-01-{day:02}") for day in range(1, 20)]
    found += [summary("20", "2024-01-19")]
    assigned = splits(found, test=0.05, validation=0.1, seed=0)
    assert [name for name in assigned if assigned[name] is Split.TEST] == ["19", "20"]
    assert {name for name in assigned if assigned[name] is Split.VALIDATION} == {"18"}


def test_without_dates_a_hash_decides_and_no_other_document_changes_it() -> None:
    found = [summary(str(number), None) for number in range(400)]
    assigned = splits(found, test=0.1, validation=0.0, seed=0)
    assert 20 < sum(split is Split.TEST for split in assigned.values()) < 60
    again = splits(found[:200], test=0.1, validation=0.0, seed=0)
    assert again == {name: assigned[name] for name in again}
    assert splits(found, test=0.1, validation=0.0, seed=1) != assigned


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_dated_documents_gives_a_test_too(count: int) -> None:
    found = [summary(str(n), f"2024-01-0{n + 1}") for n in range(count)]
    assigned = splits(found, test=0.1, validation=0.0, seed=0)
    assert [name for name in assigned if assigned[name] is Split.TEST] == [str(count - 1)]
