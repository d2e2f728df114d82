"""The seam between readers and the warehouse."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from llama_index.core.schema import Document as LlamaDocument

import twin
from twin.documents import Audience, Kind, document_id
from twin.errors import ReadError
from twin.reading import MAXIMUM_LINES, MAXIMUM_TEXT, checked_document


def made(**given: Any) -> LlamaDocument:
    document: LlamaDocument = twin.make_document(
        **{"source": "file:notes/a.md", "text": "Tea is best black.", **given}
    )
    return document


def test_everything_a_reader_says_arrives() -> None:
    found = checked_document(
        made(
            title="Tea\n  and me",
            author=" Ada  Lovelace ",
            kind=Kind.POST,
            platform="mastodon",
            audience=Audience.FRIENDS,
            published_at=date(2024, 5, 1),
            url="https://example.org/tea",
            language="en-GB",
            tags=["tea", "me"],
            media_type="text/html",
            raw=b"<p>\xff",
            boosts="3",
        )
    )
    assert found == twin.Document(
        source="file:notes/a.md",
        text="Tea is best black.",
        title="Tea and me",
        author="Ada Lovelace",
        kind=Kind.POST,
        platform="mastodon",
        audience=Audience.FRIENDS,
        published_at="2024-05-01",
        url="https://example.org/tea",
        language="en-GB",
        tags=("tea", "me"),
        media_type="text/html",
        raw=b"<p>\xff",
        extra={"boosts": "3"},
    )


def test_the_framework_sees_the_same_identity() -> None:
    assert made().id_ == checked_document(made()).id == document_id("file:notes/a.md")


def test_the_defaults_are_those_of_a_document() -> None:
    plain = twin.Document(source="file:notes/a.md", text="Tea is best black.")
    assert checked_document(made()) == plain


def test_whitespace_and_line_ends_of_the_text_stay() -> None:
    text = "\n  Tea.\r\n\n\tMore — “tea”.\n"
    assert checked_document(made(text=text)).text == text


def test_the_person_decides_and_the_source_is_believed() -> None:
    found = checked_document(made(), author="Ada", audience=Audience.PRIVATE)
    assert (found.author, found.audience) == ("Ada", Audience.PRIVATE)
    found = checked_document(made(author="Eve", audience="friends"), author="Ada")
    assert (found.author, found.audience) == ("Eve", Audience.FRIENDS)
    found = checked_document(made(audience="private"), audience=Audience.PUBLIC)
    assert found.audience is Audience.PUBLIC


def test_a_reader_that_knows_nothing_of_twin_is_accepted() -> None:
    foreign = LlamaDocument(
        text="Tea.", metadata={"source": "https://x.org/a", "page": 3, "n": None}
    )
    found = checked_document(foreign)
    assert (found.source, found.extra) == ("https://x.org/a", {"page": "3"})


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("2024-5-1", "2024-05-01"),
        (datetime(2024, 5, 1, 8, 30, tzinfo=UTC), "2024-05-01T08:30:00+00:00"),
    ],
)
def test_dates(value: object, stored: str | None) -> None:
    assert checked_document(made(published_at=value)).published_at == stored


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"published_at": "last week"}, "published_at"),
        ({"published_at": 2024}, "2024 is no date"),
        ({"published_at": ["2024-05-01"]}, "is no date"),
        ({"kind": "essay"}, "kind"),
        ({"audience": "everyone"}, "audience"),
        ({"platform": "My Blog"}, "platform"),
        ({"title": 3}, "title"),
        ({"text": " \n\t"}, "it has no text"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_source(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReadError, match=reason) as caught:
        checked_document(made(**given))
    assert caught.value.message.startswith("file:notes/a.md: ")


def test_an_address_that_is_none_costs_no_text() -> None:
    assert checked_document(made(url="https://[draft]/a")).url is None
    assert checked_document(made(url="https://ada.example/a")).url == "https://ada.example/a"


def test_every_wrong_field_is_told() -> None:
    with pytest.raises(ReadError, match=r"kind: .*; audience: "):
        checked_document(made(kind="essay", audience="everyone"))


@pytest.mark.parametrize("rubbish", [None, "a string", 3, {"text": "x"}, object()])
def test_what_is_no_document_is_told(rubbish: object) -> None:
    with pytest.raises(ReadError, match="no LlamaIndex document") as caught:
        checked_document(rubbish)
    assert "make_document" in caught.value.hint


def test_a_document_without_a_source_is_told() -> None:
    with pytest.raises(ReadError, match="source: Field required"):
        checked_document(LlamaDocument(text="Tea.", metadata={"file_name": "a.md"}))
    with pytest.raises(ReadError, match="empty source"):
        made(source="")


def test_a_dump_is_no_piece_of_writing() -> None:
    with pytest.raises(ReadError, match="more than 20,000,000"):
        checked_document(made(text="a" * (MAXIMUM_TEXT + 1)))


def test_lone_surrogates_reach_no_database() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    found = checked_document(
        made(source=f"file:notes/{name}.md", text=f"{name} au lait", title=name)
    )
    assert found.text == "caf? au lait"
    assert found.source == "file:notes/caf\\udce9.md"
    assert found.title.encode("utf-8")
    assert found.id == made(source=f"file:notes/{name}.md").id_


def test_a_text_that_is_none_is_told() -> None:
    class Odd:
        metadata = {"source": "file:x"}  # noqa: RUF012 - as a foreign class may have it

        def get_content(self) -> bytes:
            return b"Tea."

    with pytest.raises(ReadError, match="file:x: its text is bytes, not str"):
        checked_document(Odd())


def test_a_text_of_too_many_lines_is_told() -> None:
    assert checked_document(made(text="a\n" * (MAXIMUM_LINES - 1)))
    with pytest.raises(ReadError, match="200,001 lines are more than 200,000") as raised:
        checked_document(made(text="a\n" * MAXIMUM_LINES))
    assert "split it" in raised.value.hint
