"""Front matter, dates and titles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin
from twin_files.dates import path_date, stated_date
from twin_files.formats import Markup
from twin_files.front_matter import front_matter
from twin_files.titles import heading, name_title, plain

Read = Callable[..., Any]
Write = Callable[..., Path]

YAML = """---
title: "Part 2: The End"
authors:
  - name: Ada Byron
  - Bob
date: 2023-01-04 10:30:00 +0200
updated: 2023-02-01
tags: [tides, "#pumps", tides]
category: Water Works
canonical_url: https://example.org/a?utm_source=x
lang: en_GB
kind: post
---
"""

TOML = """+++
title = "Part 2: The End"
authors = ["Ada Byron", "Bob"]
date = 2023-01-04T10:30:00+02:00
updated = 2023-02-01
[taxonomies]
tags = ["tides", "pumps"]
categories = ["Water Works"]
[extra]
lang = "fr"
+++
"""


@pytest.mark.parametrize("front", [YAML, TOML, YAML.replace("\n", "\r\n")])
def test_front_matter_in_both_syntaxes(read: Read, write: Write, front: str) -> None:
    write("2020-05-05-a.md", f"{front}Body --- and +++ stay.\n")
    found = read()
    document = found.only
    assert document.text == "Body --- and +++ stay.\n"
    assert (document.title, document.author) == ("Part 2: The End", "Ada Byron")
    assert document.published_at == "2023-01-04T10:30:00+02:00"
    assert set(document.tags) == {"tides", "pumps", "Water Works"}
    assert document.extra == {"updated_at": "2023-02-01", "authors": "Ada Byron, Bob"}
    assert found.ledger.skips == {}


def test_links_language_and_kind(read: Read, write: Write) -> None:
    write("a.md", f"{YAML}Body\n")
    write("b.md", "---\nurl: /posts/b\npermalink: https://example.org/b\nkind: note\n---\nBody\n")
    found = read().documents
    assert found["a.md"].url == "https://example.org/a?utm_source=x"
    assert (found["a.md"].language, found["a.md"].kind) == ("en-GB", twin.Kind.POST)
    assert found["b.md"].url == "https://example.org/b"
    assert found["b.md"].kind is twin.Kind.ARTICLE


@pytest.mark.parametrize(
    ("front", "audience"),
    [
        ("draft: true", "private"),
        ("draft: 'yes'", "private"),
        ("draft: false", "public"),
        ("published: false", "private"),
        ("published: true", "public"),
        ("published: 2023-01-04", "public"),
        ("audience: friends", "friends"),
        ("audience: friends\ndraft: true", "private"),
        ("private: true", "private"),
    ],
)
def test_audience(read: Read, write: Write, front: str, audience: str) -> None:
    write("a.md", f"---\n{front}\n---\nBody\n")
    assert read().only.audience == audience


def test_broken_front_matter_is_read_line_by_line_and_told(read: Read, write: Write) -> None:
    write(
        "a.md",
        "---\ntitle: Part 2: The End\ndraft: true\ndate: 2023-01-04\ntags:\n  - a\n---\nBody\n",
    )
    write("b.md", '+++\ntitle = "No end\ndraft = true\n+++\nBody\n')
    found = read()
    first, second = found.documents.values()
    assert (first.text, first.title, first.published_at) == (
        "Body\n",
        "Part 2: The End",
        "2023-01-04",
    )
    assert first.audience is second.audience is twin.Audience.PRIVATE
    assert (second.text, second.title) == ("Body\n", "No end")
    assert "no valid YAML in line 2" in found.ledger.skips["a.md (front matter)"]
    assert "no valid TOML" in found.ledger.skips["b.md (front matter)"]
    assert not found.ledger.failures


@pytest.mark.parametrize(
    "text",
    [
        "---\nA break, then prose.\n---\nAnd more.\n",
        "---\nNever closed: it seems\n",
        "----\ntitle: four dashes\n----\n",
        "\n---\ntitle: not at the beginning\n---\n",
        "---\n" + "x: y\n" * 20_000 + "---\nBody\n",
    ],
)
def test_what_is_no_front_matter_stays_in_the_text(read: Read, write: Write, text: str) -> None:
    write("a.md", text)
    assert read().only.text == text


def test_a_broken_block_that_is_prose_stays_in_the_text(read: Read, write: Write) -> None:
    text = "---\nHe said: {never\nand left\n---\nAnd more.\n"
    write("a.md", text)
    found = read()
    assert found.only.text == text
    assert "kept as text" in found.ledger.skips["a.md (front matter)"]


@pytest.mark.parametrize(
    "block",
    [
        "a: &a [*a]",
        "a: " + "[" * 3000,
        "a: !!int x",
        "? [b]\n: c",
        "a: 2023-99-99",
        "a: \x01",
        "=: x",
    ],
)
def test_hostile_front_matter_never_stops_the_reader(block: str) -> None:
    assert front_matter(f"---\n{block}\n---\nBody\n") is not None


def test_values_stay_as_they_were_written() -> None:
    values = front_matter("---\ntitle: 1.10\nTags: no\nother: 0123\n---\n").values
    assert values == {"title": "1.10", "tags": "no", "other": "0123"}


def test_a_date_that_is_none_is_told_and_the_path_counts(read: Read, write: Write) -> None:
    write("2023-01-04-a.md", "---\ndate: soon\n---\nBody\n")
    found = read()
    assert found.only.published_at == "2023-01-04"
    assert "'soon' is no date" in found.ledger.skips["2023-01-04-a.md (front matter)"]


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2023-01-04", "2023-01-04"),
        ("2023-1-4", "2023-01-04"),
        ("2023/01/04", "2023-01-04"),
        ("2023-01-04T10:00:00Z", "2023-01-04T10:00:00+00:00"),
        ("2023-01-04 10:00", "2023-01-04T10:00:00"),
        ("2023-01-04 10:00:05 +0200", "2023-01-04T10:00:05+02:00"),
        ("2023-01-04 10:00:00 -7", "2023-01-04T10:00:00-07:00"),
        ("2023-01-04T10:00:00.123456789Z", "2023-01-04T10:00:00+00:00"),
        ("<2023-01-04 Wed 10:00>", "2023-01-04T10:00:00"),
        ("[2023-01-04 Wed]", "2023-01-04"),
        ("January 4, 2023", "2023-01-04"),
        ("4 Jan 2023", "2023-01-04"),
        ("Wed, 04 Jan 2023 10:00:00 +0100", "2023-01-04T10:00:00+01:00"),
    ],
)
def test_dates_as_blogs_state_them(stated: str, iso: str) -> None:
    found = stated_date(stated)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize(
    "stated",
    ["", "2023", "2023-13-01", "10:30", "soon", "P3D", "99999", "Mon, 30 Nov -0001 00:00:00 +0000"],
)
def test_what_is_no_date(stated: str) -> None:
    assert stated_date(stated) is None


@pytest.mark.parametrize(
    ("path", "iso"),
    [
        ("2023-01-04-title.md", "2023-01-04"),
        ("2021-9-1-title.md", "2021-09-01"),
        ("2023_01_04 title.md", "2023-01-04"),
        ("2023.01.04.md", "2023-01-04"),
        ("2023-01-04.md", "2023-01-04"),
        ("posts/2023-01-04-title/index.md", "2023-01-04"),
        ("blog/2023/01/04/title.md", "2023-01-04"),
        ("2023-13-04-title.md", None),
        ("2023-01-title.md", None),
        ("2023-01-04x.md", None),
        ("2023-01_04-title.md", None),
        ("posts/2023-01-04-title/notes.md", None),
        ("blog/2023/title.md", None),
        ("v12023-01-04.md", None),
    ],
)
def test_dates_in_paths(path: str, iso: str | None) -> None:
    found = path_date(path)
    assert (found.isoformat() if found else None) == iso


def test_no_date_is_no_date(read: Read, write: Write) -> None:
    write("title.md")
    assert read().only.published_at is None


@pytest.mark.parametrize(
    ("text", "markup", "title"),
    [
        ("# One\n\n# Two\n", Markup.MARKDOWN, "One"),
        ("\n\nSome prose.\n\n# One ##\n", Markup.MARKDOWN, "One"),
        ("Title\n=====\n\nText\n", Markup.MARKDOWN, "Title"),
        ("## Only\n\nText\n", Markup.MARKDOWN, "Only"),
        ("Text\n\n## Later\n", Markup.MARKDOWN, ""),
        ("```\n# no\n```\n# yes\n", Markup.MARKDOWN, "yes"),
        ("<!--\n# no\n-->\n# yes\n", Markup.MARKDOWN, "yes"),
        ("    # code\n", Markup.MARKDOWN, ""),
        ("#hash\n", Markup.MARKDOWN, ""),
        ("word\n" * 30 + "# Conclusion\n", Markup.MARKDOWN, ""),
        ("# One\r\n\r\nText\r\n", Markup.MARKDOWN, "One"),
        ("# One\nand two\n\nText", Markup.DJOT, "One and two"),
        ("# Study of std\\::io\\::Error\n", Markup.DJOT, "Study of std::io::Error"),
        ("====\nTwo\n====\n", Markup.RESTRUCTURED, "Two"),
        ("Two\n---\n", Markup.RESTRUCTURED, "Two"),
        ("= Doc\nAda\n", Markup.ASCIIDOC, "Doc"),
        ("* Org\n", Markup.ORG, "Org"),
    ],
)
def test_headings(text: str, markup: Markup, title: str) -> None:
    assert heading(text, markup) == title


@pytest.mark.parametrize(
    ("inline", "words"),
    [
        ("*strong* and _soft_ and **bold** and ***both***", "strong and soft and bold and both"),
        ("The `#[inline]` attribute", "The #[inline] attribute"),
        ("``a ` b`` ticks", "a ` b ticks"),
        ("[A link](https://x.org/a_(b)) here", "A link here"),
        ("[ref][1] and ![alt](a.png)", "ref and alt"),
        ("Words {#id .class} more {key=value}", "Words more"),
        ("{=marked=} text", "marked text"),
        (r"2 \* 3 \_ 4", "2 * 3 _ 4"),
        ("snake_case_name and io_uring", "snake_case_name and io_uring"),
        ("`__init__` and __init_subclass__", "__init__ and __init_subclass__"),
        ("C* algebra, 5 * 3", "C* algebra, 5 * 3"),
        ("<https://x.org> and <b>tag</b>", "https://x.org and tag"),
        ("a list[int] of {sets}", "a list[int] of {sets}"),
        ("`*not* strong`", "*not* strong"),
    ],
)
def test_titles_are_plain_words(inline: str, words: str) -> None:
    assert plain(inline) == words


def test_hostile_headings_take_no_time() -> None:
    for sign in ("*", "_", "`", "[", "{", "<", "![](", "**a", "_a", "[a]("):
        assert len(heading("# " + sign * 20_000 + "\n", Markup.MARKDOWN)) <= 500


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("2023-01-04-my-first_post.md", "my first post"),
        ("2023-01-04.md", "2023-01-04"),
        ("notes.on.tides.md", "notes.on.tides"),
        ("posts/2023-01-04-tides/index.md", "tides"),
        ("tool/README.md", "tool"),
        ("README.md", "root"),
        ("42.txt", "42"),
    ],
)
def test_titles_from_names(path: str, title: str) -> None:
    assert name_title(path, "root") == title


def test_org_keywords(read: Read, write: Write) -> None:
    text = "#+TITLE: Tides\n#+AUTHOR: Ada\n#+DATE: <2023-01-04 Wed>\n#+FILETAGS: :a:b:\n\n* One\n"
    write("a.org", text)
    found = read().only
    assert (found.text, found.title, found.author) == (text, "Tides", "Ada")
    assert (found.published_at, found.tags, found.media_type) == (
        "2023-01-04",
        ("a", "b"),
        "text/org",
    )
