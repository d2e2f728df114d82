"""Dumps of the Handbook project, as its tools write them, and as they may be broken."""

import json
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Document, Kind
from twin.errors import ReadError
from twin.warehouse.handbook import read_handbook


class Noted:
    def __init__(self) -> None:
        self.skips: list[tuple[str, str]] = []
        self.failures: list[tuple[str, str]] = []

    def skipped(self, item: str, reason: str) -> None:
        self.skips.append((item, reason))

    def failed(self, item: str, reason: str) -> None:
        self.failures.append((item, reason))


def article(link: str | None = "https://example.org/p/tides", **fields: Any) -> dict[str, Any]:
    content = {
        "Title": " On tides ",
        "Subtitle": None,
        "Content": "# Tides\r\n\n",
        "language": "en",
    }
    return {
        "content": content,
        "platform": "example.org",
        "author_id": "u1",
        "author_full_name": "Ada L",
        "link": link,
        "_id": "a1",
        **fields,
    }


def read(folder: Path, **dumps: object) -> tuple[list[Document], Noted]:
    for name, value in dumps.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    noted = Noted()
    return list(read_handbook(folder, noted)), noted


def test_an_article(tmp_path: Path) -> None:
    documents, noted = read(
        tmp_path, ArticleDocument=[article("https://www.Example.org/p/tides/?utm_source=x")]
    )
    assert documents == [
        Document(
            source="https://www.example.org/p/tides",
            text="# Tides\r\n\n",
            title=" On tides ",
            author="Ada L",
            platform="example.org",
            url="https://www.Example.org/p/tides/?utm_source=x",
            language="en",
            extra={"handbook_id": "a1", "author_id": "u1"},
        )
    ]
    assert (noted.skips, noted.failures) == ([], [])


@pytest.mark.parametrize(
    ("link", "platform"),
    [
        ("https://ada.substack.com/p/a", "substack"),
        ("https://medium.com/ada/a", "medium"),
        ("https://ada.medium.com/a", "medium"),
        ("https://notsubstack.com/p/a", "notsubstack.com"),
        ("https://www.ada.dev/a", "ada.dev"),
        (None, "example.org"),
    ],
)
def test_the_platform_is_the_site_or_the_host(
    tmp_path: Path, link: str | None, platform: str
) -> None:
    (document,), _ = read(tmp_path, ArticleDocument=[article(link)])
    assert document.platform == platform


@pytest.mark.parametrize(
    ("path", "date"),
    [
        ("posts/2024-07-29_tides.html", "2024-07-29"),
        ("2024/07/29/tides", "2024-07-29"),
        ("2024-13-01/2024-02-29/x", "2024-02-29"),
        ("2023-02-29-tides", None),
        ("tides-in-2022-390af12b193f", None),
        ("12024-07-29", None),
        ("2024-07/29", None),
        ("tides?on=2024-07-29", None),
    ],
)
def test_a_date_is_only_what_the_link_states(tmp_path: Path, path: str, date: str | None) -> None:
    (document,), _ = read(tmp_path, ArticleDocument=[article(f"https://example.org/{path}")])
    assert document.published_at == date


def test_a_name_that_is_missing_comes_from_the_users(tmp_path: Path) -> None:
    users = [{"_id": "u1", "first_name": "Grace", "last_name": "H"}, {"_id": 1}]
    dump = [article(author_full_name=""), article("https://example.org/b", author_id="u2")]
    documents, noted = read(tmp_path, ArticleDocument=dump, UserDocument=users)
    assert [document.author for document in documents] == ["Grace H", "Ada L"]
    assert [item for item, _ in noted.failures] == ["UserDocument.json[1]"]


def test_an_article_without_link_keeps_its_own_id(tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, ArticleDocument=[article(None)])
    assert (document.source, document.url) == ("handbook:a1", None)


def test_bad_entries_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    dump = [
        "no entry",
        article(content=None),
        article("not a link"),
        article(content={"Title": "T", "Content": 5}),
        {"content": {"Content": "no id"}},
        article("https://example.org/empty", content={"Content": " \n"}),
        article("https://example.org/nothing", content={}),
        article(),
        article("http://example.org/p/tides/#again"),
    ]
    documents, noted = read(tmp_path, ArticleDocument=dump)
    assert [document.source for document in documents] == ["https://example.org/p/tides"]
    assert [item for item, _ in noted.failures] == [f"ArticleDocument.json[{n}]" for n in range(5)]
    assert all(reason for _, reason in noted.failures)
    assert [reason for _, reason in noted.skips] == [
        "it has no text",
        "it has no content",
        "the dump has it already",
    ]


def test_half_a_character_costs_only_itself(tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, ArticleDocument=[article(content={"Content": "a \ud83d b"})])
    assert document.text == "a ? b"


def test_posts_and_repositories(tmp_path: Path) -> None:
    posts = [
        {"_id": "p1", "platform": "linkedin", "author_id": "u1", "content": {"Post_0": "One."}},
        {"_id": "p2", "platform": "linkedin", "content": {"Post_0": "Two.", "Post_1": "Three."}},
    ]
    repository = {
        "_id": "r1",
        "platform": "github",
        "name": "tool",
        "link": "https://github.com/ada/tool",
        "author_full_name": "Ada L",
        "content": {"README.md": "#Tool", "src/a b.py": "x=1", "empty.py": ""},
    }
    documents, noted = read(tmp_path, PostDocument=posts, RepositoryDocument=[repository])
    found = [(document.source, document.kind, document.platform) for document in documents]
    assert found == [
        ("handbook:p1", Kind.POST, "linkedin"),
        ("handbook:p2#Post_0", Kind.POST, "linkedin"),
        ("handbook:p2#Post_1", Kind.POST, "linkedin"),
        ("https://github.com/ada/tool/blob/HEAD/README.md", Kind.ARTICLE, "github.com"),
        ("https://github.com/ada/tool/blob/HEAD/src/a%20b.py", Kind.CODE, "github.com"),
    ]
    assert [document.text for document in documents] == ["One.", "Two.", "Three.", "#Tool", "x=1"]
    assert documents[4].title == "src/a b.py"
    assert [reason for _, reason in noted.skips] == ["it has no text"]


def test_one_file_of_a_dump(tmp_path: Path) -> None:
    read(tmp_path, ArticleDocument=[article()], PostDocument=[{"_id": "p", "content": {"a": "b"}}])
    found = list(read_handbook(tmp_path / "ArticleDocument.json", Noted()))
    assert [document.source for document in found] == ["https://example.org/p/tides"]


def test_what_is_no_dump_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no dump"):
        read_handbook(tmp_path, Noted())
    with pytest.raises(ReadError, match="no dump"):
        read_handbook(tmp_path / "none.json", Noted())
    path = tmp_path / "ArticleDocument.json"
    for content, match in ((b"\xff{", "not JSON"), (b"{}", "a list")):
        path.write_bytes(content)
        with pytest.raises(ReadError, match=match):
            read_handbook(path, Noted())
