"""Real readers of LlamaIndex's core, and readers as strangers write them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import twin
import twin_llamahub
from twin.claims import claim_of
from twin_llamahub.options import HubOptions
from twin_llamahub.sample import write_sample
from twin_llamahub.wrapped import reader_class, takes

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = "llama_index.core.readers.SimpleDirectoryReader"
STRINGS = "llama_index.core.readers.StringIterableReader"


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.delitem(sys.modules, "made_readers", raising=False)


@pytest.fixture
def given(read: Callable[..., Any]) -> Callable[..., Any]:
    """Return what comes of documents that a reader loads."""

    def giving(*documents: dict[str, Any], **options: Any) -> Any:
        init = {"documents": list(documents), **options.pop("init", {})}
        return read("", reader="made_readers.Given", init=init, argument="none", **options)

    return giving


def test_a_folder_by_llama_index_itself(read: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("One.\n")
    (folder / "deep" / "ü.md").write_text("# Two\n\nMore.\n")
    found = read(folder, reader=DIRECTORY, init={"recursive": True})
    assert sorted(found.documents) == ["file:notes/a.txt", "file:notes/deep/ü.md"]
    document = found.documents["file:notes/a.txt"]
    assert (document.text.strip(), document.published_at) == ("One.", None)
    # Nothing of this machine, neither places nor times.
    assert str(tmp_path) not in str(document.extra)
    assert not [key for key in document.extra if "date" in key]
    assert read(folder, reader=DIRECTORY, name="mine").documents.keys() == {"file:mine/a.txt"}


def test_texts_without_a_name_are_named_by_what_they_say(read: Callable[..., Any]) -> None:
    options = {"reader": STRINGS, "load": {"texts": ["One.", "Two.", "One."]}, "argument": "none"}
    found, again = read("", **options), read("", **options)
    assert [one.text for one in found.documents.values()] == ["One.", "Two."]
    assert list(found.documents) == list(again.documents)
    assert all(one.startswith("stringiterable:sha256-") for one in found.documents)
    assert list(found.ledger.failures.values()) == ["it is given twice; the first one counts"]


def test_a_recipe_is_a_source(read: Callable[..., Any], tmp_path: Path) -> None:
    recipe = write_sample(tmp_path / "reading")
    (component,) = twin_llamahub.twin_readers()
    assert claim_of(component, str(recipe))
    assert not claim_of(component, str(recipe.parent))
    assert list(read(recipe).documents) == [
        "file:reading/notes/ford.txt",
        "file:reading/notes/heron.txt",
    ]
    for content, words in {
        "reader =": "no TOML",
        "colour = 1": "colour",
        "init = 3": "init",
        "": "no reader of LlamaIndex is named",
    }.items():
        recipe.write_text(content)
        with pytest.raises(twin.TwinError, match=words) as raised:
            read(recipe)
        assert raised.value.hint


@pytest.mark.parametrize(
    ("metadata", "source", "platform"),
    [
        (
            {"url": "http://WWW.Example.org/a/?utm_source=x#b"},
            "https://www.example.org/a",
            "example.org",
        ),
        ({"URL": "https://example.org/a"}, "https://example.org/a", "example.org"),
        ({"source": "https://example.org/a", "id": 3}, "https://example.org/a", "example.org"),
        ({"source": "notes", "page_id": 3}, "given:3", "given"),
        ({"file_path": "deep/a.txt"}, "file:given/deep/a.txt", "given"),
    ],
)
def test_identities(
    given: Callable[..., Any], metadata: dict[str, Any], source: str, platform: str
) -> None:
    document = given({"text": "It stood in the weir.", "metadata": metadata}).only
    assert (document.source, document.platform) == (source, platform)


def test_ids_that_last_and_ids_that_do_not(given: Callable[..., Any]) -> None:
    lasting = given({"text": "One.", "id_": "note-1"}).only.source
    assert lasting == "given:note-1"
    assert given({"text": "Changed.", "id_": "note-1"}).only.source == lasting
    assert given({"text": "One."}).only.source == given({"text": "One."}).only.source
    named = {"text": "One.", "metadata": {"url": "https://example.org/", "number": 7}}
    assert given(named, identified_by="Number", platform="notes").only.source == "notes:7"
    found = given(named, identified_by="missing")
    assert found.ledger.failures == {"https://example.org/": "its metadata have no 'missing'"}


def test_what_is_stated_is_taken(given: Callable[..., Any]) -> None:
    document = given(
        {
            "text": "It stood in the weir.",
            "metadata": {
                "link": "https://example.org/heron",
                "Title": "The heron",
                "authors": ["Ada Wren", "Ben"],
                "date": "2024-03-01T08:00:00+01:00",
                "creation_date": "2020-01-01",
                "language": "en",
                "keywords": "birds, water",
                "score": 3,
                "kind": "nonsense",
                "nested": {"a": 1},
            },
        }
    ).only
    assert document == twin.Document(
        source="https://example.org/heron",
        url="https://example.org/heron",
        text="It stood in the weir.",
        title="The heron",
        author="Ada Wren",
        platform="example.org",
        published_at="2024-03-01T08:00:00+01:00",
        language="en",
        tags=("birds", "water"),
        extra={"link": "https://example.org/heron", "score": "3"},
    )


def test_a_page_becomes_markdown(given: Callable[..., Any]) -> None:
    html = (
        "<!DOCTYPE html><html lang='en'><head><title>The heron</title>"
        "<meta property='article:published_time' content='2024-03-01T08:00:00Z'></head><body>"
        "<nav>Home</nav><main><h1>The heron</h1><p>It <em>stood</em> in the "
        "<a href='https://example.org/weir'>weir</a>.</p></main></body></html>"
    )
    document = given({"text": html, "metadata": {"url": "https://example.org/heron"}}).only
    assert document.text == ("# The heron\n\nIt *stood* in the [weir](https://example.org/weir).\n")
    assert document.title == "The heron"
    assert document.published_at == "2024-03-01T08:00:00+00:00"
    assert (document.raw, document.media_type) == (html.encode(), "text/html")


def test_parts_of_a_source_are_one_document(given: Callable[..., Any]) -> None:
    parts = [{"text": f"Page {n}.", "metadata": {"url": "https://example.org/a"}} for n in (1, 2)]
    other = {"text": "Other.", "metadata": {"url": "https://example.org/b"}}
    found = given(*parts, other, parts[0])
    assert found.documents["https://example.org/a"].text == "Page 1.\n\nPage 2."
    assert found.documents["https://example.org/b"].text == "Other."
    assert "given twice" in found.ledger.failures["https://example.org/a"]


def test_what_is_no_writing_is_told(given: Callable[..., Any]) -> None:
    walls = {
        "captcha": "Just a moment... Checking if the site connection is secure",
        "login": "<html><head><title>Sign in</title></head><body><form><input type=password></form>",
        "empty": " \n",
        "binary": "a\0b",
        "long": "x" * 200,
        "fine": "It stood in the weir.",
    }
    found = given(
        *(
            {
                "text": text,
                "metadata": {
                    "url": f"https://example.org/{name}",
                    "title": "Just a moment..." if name == "captcha" else "",
                },
            }
            for name, text in walls.items()
        ),
        max_characters=150,
    )
    assert list(found.documents) == ["https://example.org/fine"]
    assert {**found.ledger.failures, **found.ledger.skips} == {
        "https://example.org/captcha": "in its place came a captcha or another check for robots",
        "https://example.org/login": "in its place came a login page",
        "https://example.org/empty": "it has no text",
        "https://example.org/binary": "it is binary data",
        "https://example.org/long": "its 200 characters are more than 150",
    }


def test_the_number_of_documents_is_bounded_and_nothing_is_held(read: Callable[..., Any]) -> None:
    with pytest.raises(twin.ReadError, match="Lazy gives more than 3 documents"):
        read("https://8.8.8.8/feed", reader="made_readers.Lazy", max_documents=3)


def test_secrets_come_from_the_environment(
    given: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HUB_TOKEN", "12345")
    one = {"text": "One."}
    assert given(one, init={"token": "env:TEST_HUB_TOKEN"}).only.extra == {"saw": "5"}
    monkeypatch.delenv("TEST_HUB_TOKEN")
    with pytest.raises(twin.ConfigurationError, match="TEST_HUB_TOKEN is not set"):
        given(one, init={"token": "env:TEST_HUB_TOKEN"})


@pytest.mark.parametrize(
    ("options", "words", "hint"),
    [
        ({"reader": ""}, "no reader of LlamaIndex is named", "reader="),
        ({"reader": "NoSuchReader"}, "llama-index-readers-web is not installed", "pip install"),
        (
            {"reader": "llama-index-readers-nowhere:NoReader"},
            "readers-nowhere is not",
            "pip install",
        ),
        ({"reader": "nowhere.at.all.Reader"}, "nowhere", "pip install nowhere"),
        ({"reader": "not a name"}, "names no reader", "as in"),
        ({"reader": "pathlib.Path"}, "has no reader 'Path'", "spelt"),
        ({"reader": "made_readers.Breaks"}, "Breaks: RuntimeError: no answer", "documentation"),
        ({"reader": "made_readers.Lacks"}, "no_such_package_as_this", "pip install no-such"),
        ({"reader": "made_readers.Odd"}, "which argument of Odd", "argument=load.NAME"),
        (
            {"reader": "made_readers.Breaks", "load": {"colour": 1}},
            "no argument load.colour",
            "url",
        ),
        ({"reader": "made_readers.Breaks", "init": {"colour": 1}}, "no argument init.colour", ""),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    read: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    words: str,
    hint: str,
) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.readers.web", None)
    with pytest.raises(twin.TwinError, match=words) as raised:
        read("https://8.8.8.8/a", **options)
    assert hint in raised.value.hint


def test_the_argument_may_be_named(read: Callable[..., Any]) -> None:
    found = read("/srv/x", reader="made_readers.Odd", argument="load.spelling")
    assert found.only.text == "It says x."
    assert takes(reader_class(DIRECTORY)) == "init.input_dir"
    assert takes(reader_class(STRINGS)) == "load.texts"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a", "http://169.254.169.254/latest"])
def test_private_addresses_are_refused(read: Callable[..., Any], address: str) -> None:
    with pytest.raises(twin.TwinError, match=r"127\.0\.0\.1|169\.254"):
        read(address, reader="made_readers.Breaks")
    with pytest.raises(twin.TwinError, match=r"127\.0\.0\.1|169\.254"):
        read("", reader="made_readers.Breaks", load={"url": address}, argument="none")


def test_options_are_checked() -> None:
    for wrong in ({"argument": "urls"}, {"platform": "No Host"}, {"max_documents": 0}):
        with pytest.raises(ValidationError):
            HubOptions(**wrong)
