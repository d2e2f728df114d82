"""Documents: identities that last."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.documents import (
    Audience,
    Document,
    Span,
    author_slug,
    canonical_url,
    document_id,
    epoch,
    moment,
    node_id,
    sha256,
)
from twin.errors import ReadError


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG/A/b/", "https://example.org/A/b"),
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org./x", "https://example.org/x"),
        (" https://example.org/x\n", "https://example.org/x"),
        ("https://example.org/x#part", "https://example.org/x"),
        ("https://ada:pw@example.org/x", "https://example.org/x"),
        ("http://example.org:80/x", "https://example.org/x"),
        ("https://example.org:443/x", "https://example.org/x"),
        ("https://example.org:8443/x", "https://example.org:8443/x"),
        ("http://[::1]/x", "https://[::1]/x"),
        ("http://[2001:DB8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("https://example.org/?b=2&a=1", "https://example.org?a=1&b=2"),
        ("https://example.org/x?a=2&a=1&empty=", "https://example.org/x?a=1&a=2&empty="),
        ("https://example.org/x?utm_source=a&utm_medium=b&q=1", "https://example.org/x?q=1"),
        ("https://example.org/x?fbclid=1&gclid=2&mc_cid=3&ref_src=4", "https://example.org/x"),
        ("https://ada.substack.com/p/tea?r=abc&s=w&x=1", "https://ada.substack.com/p/tea?x=1"),
        ("https://substack.com/p/tea?r=abc", "https://substack.com/p/tea"),
        ("https://example.org/p/tea?r=abc", "https://example.org/p/tea?r=abc"),
        ("https://notsubstack.com/p?r=abc", "https://notsubstack.com/p?r=abc"),
        ("https://medium.com/@ada/tea?source=rss&sk=1", "https://medium.com/@ada/tea"),
        ("https://example.org/caf%c3%a9", "https://example.org/caf%C3%A9"),
        ("https://example.org/café", "https://example.org/caf%C3%A9"),
        ("https://example.org/%7Eada/a%2fb", "https://example.org/~ada/a%2Fb"),
        ("https://example.org/a b", "https://example.org/a%20b"),
    ],
)
def test_addresses_of_one_page_are_one(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    ["", "example.org/x", "ftp://example.org", "mailto:ada@example.org", "https://", "http:///x",
     "https://[::1", "https://example.org:port/", "/x", "https://."],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ReadError):
        canonical_url(url)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Zoë  O’Neil", "zoe-oneil"),
        ("zoe o'neil", "zoe-oneil"),
        ("Simon_Willison!", "simon-willison"),
        ("Łukasz Żółw", "łukasz-zołw"),
        ("Straße", "strasse"),
        ("Александр", "александр"),
        ("村上 春樹", "村上-春樹"),
        ("प्रेमचंद", "प्रेमचंद"),
        ("ﬁona ²", "fiona-2"),
        ("İbrahim", "ibrahim"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_slugs_of_names(name: str, slug: str) -> None:
    assert author_slug(name) == slug
    assert author_slug(slug) == slug


@pytest.mark.parametrize(("one", "other"), [("रामा", "रीमी"), ("ดี", "ดิ"), ("ガ", "カ")])
def test_names_that_differ_in_their_vowels_stay_apart(one: str, other: str) -> None:
    assert author_slug(one) != author_slug(other)


@given(st.text())
def test_a_slug_is_its_own_slug(name: str) -> None:
    assert author_slug(author_slug(name)) == author_slug(name)


def test_ids_never_change() -> None:
    # Every index and warehouse in the world rests on these values.
    first = document_id("https://example.org/tea")
    assert first == "99c65b70-3580-5ca9-bc43-c6b7196cdd9b"
    assert node_id(first, "Tea is best black.", 0) == "ace501a8-013b-5ef0-8739-66911b0472bb"


def test_an_id_rests_on_the_source_alone() -> None:
    one = Document(source="file:notes/a.md", text="One.", title="A")
    other = Document(source="file:notes/a.md", text="Two.")
    assert one.id == other.id == document_id("file:notes/a.md")
    assert one.text_hash != other.text_hash


def test_a_file_name_that_is_no_utf_8_has_an_id_too() -> None:
    odd = b"file:notes/caf\xe9.md".decode("utf-8", "surrogateescape")
    other = b"file:notes/caf\xe8.md".decode("utf-8", "surrogateescape")
    assert uuid.UUID(document_id(odd)) != uuid.UUID(document_id(other))


@pytest.mark.parametrize("source", ["", "  \n"])
def test_an_empty_source_is_refused(source: str) -> None:
    with pytest.raises(ReadError, match="empty source"):
        document_id(source)


def test_a_node_is_told_apart_by_document_text_and_occurrence() -> None:
    one, two = document_id("a"), document_id("b")
    ids = {
        node_id(one, "text", 0),
        node_id(one, "text", 1),
        node_id(one, "texts", 0),
        node_id(two, "text", 0),
    }
    assert len(ids) == 4
    assert node_id(one, "text", 0) in ids


@given(st.text(), st.text())
def test_texts_that_differ_hash_differently(one: str, other: str) -> None:
    assert (sha256(one) == sha256(other)) == (one == other)


def test_lone_surrogates_are_kept_apart() -> None:
    assert sha256("\ud800") != sha256("\ud801")


def test_an_audience_sees_itself_and_what_is_wider() -> None:
    assert Audience.PUBLIC.visible == (Audience.PUBLIC,)
    assert Audience.FRIENDS.visible == (Audience.PUBLIC, Audience.FRIENDS)
    assert Audience.PRIVATE.visible == tuple(Audience)


def test_a_span_counts_code_points() -> None:
    assert Span(1, 3).of("a👍🏽b") == "👍🏽"


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2024-5-1", "2024-05-01"),
        (" 2024-05-01 ", "2024-05-01"),
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01 10:00", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00+02:00"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 10, tzinfo=UTC), "2024-05-01T10:00:00+00:00"),
        (datetime(2024, 5, 1, 10), "2024-05-01T10:00:00+00:00"),  # noqa: DTZ001 - that it has none
        (
            datetime(2024, 5, 1, 10, tzinfo=timezone(timedelta(hours=-3))),
            "2024-05-01T10:00:00-03:00",
        ),
    ],
)
def test_moments(value: str | date | datetime, iso: str) -> None:
    assert moment(value) == iso
    assert moment(iso) == iso


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2024-02-30", "2024-13-1", "2024-05-01T10:00:00+25:00", 2024, None]
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-02", 86_400),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:10", 10),
        ("1969-12-31", -86_400),
        ("2024-05-01T10:00:00+00:00", 1_714_557_600),
    ],
)
def test_epochs(value: str, seconds: int) -> None:
    assert epoch(value) == seconds
