"""Exports of Substack."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import twin
import twin_substack
from twin.claims import claim_of
from twin_substack.options import SubstackOptions
from twin_substack.sample import write_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = "https://wren.substack.com"
BUTTON = f'<p class="button-wrapper"><a class="button" href="{HOME}/subscribe?">Join</a></p>'
COLUMNS = ["post_id", "post_date", "is_published", "type", "audience", "title", "subtitle"]


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    def writing(body: str | bytes = "<p>Words.</p>", **values: str) -> Path:
        """Add a post to the export."""
        root = tmp_path / "export"
        (root / "posts").mkdir(parents=True, exist_ok=True)
        row = {
            "post_id": "7.tea",
            "post_date": "2024-01-02T03:04:05.000Z",
            "is_published": "TRUE",
            "type": "newsletter",
            "audience": "everyone",
            "title": "Tea",
            "subtitle": "",
            **values,
        }
        new = not (root / "posts.csv").exists()
        with (root / "posts.csv").open("a", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            if new:
                table.writeheader()
            table.writerow(row)
        content = body if isinstance(body, bytes) else f"{body}{BUTTON}".encode()
        if body:
            (root / "posts" / f"{row['post_id']}.html").write_bytes(content)
        return root

    return writing


def test_a_post_says_what_it_states(read: Callable[..., Any], tmp_path: Path) -> None:
    found = read(write_sample(tmp_path / "root"), author="Ada Wren")
    assert set(found.documents) == {f"{HOME}/p/the-ford", f"{HOME}/p/the-heron"}
    ford = found.documents[f"{HOME}/p/the-ford"]
    assert ford.text == "One *wades* it [in May](https://example.org/ford).\n"
    assert (ford.title, ford.author, ford.platform) == ("The ford", "Ada Wren", "substack")
    assert (ford.kind, ford.audience) == (twin.Kind.ARTICLE, twin.Audience.PUBLIC)
    assert ford.published_at == "2024-02-01T08:00:00+00:00"
    assert ford.url == ford.source
    assert ford.extra == {
        "substack_id": "102",
        "substack_what": "newsletter",
        "description": "In short",
    }
    assert not found.ledger.failures
    assert not found.ledger.skips


def test_a_zip_gives_what_its_folder_gives(
    read: Callable[..., Any], zipped: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = write_sample(tmp_path / "root")
    assert read(zipped(root)) == read(root)


def test_every_item_of_a_real_export_is_accounted_for(
    read: Callable[..., Any], zipped: Callable[[Path], Path], real_exports: Path
) -> None:
    root = real_exports / "substack"
    found = read(root)
    assert read(zipped(root)) == found
    whats = {one.source: one.extra["substack_what"] for one in found.documents.values()}
    assert whats == {
        "https://example.substack.com/p/plain-text": "newsletter",
        "https://example.substack.com/p/podcast": "podcast",
        "https://example.substack.com/p/thread": "thread",
        "https://example.substack.com/p/about-us": "page",
    }
    assert set(found.ledger.skips) == {"posts/123404.draft-text.html"}
    assert not found.ledger.failures
    for one in found.documents.values():
        assert "Sign up" not in one.text
        assert "Leave a comment" not in one.text
        assert "subscribe" not in one.text
        assert not one.text.rstrip().endswith("---")
    podcast = found.documents["https://example.substack.com/p/podcast"]
    assert podcast.extra["podcast_url"] == "https://example.com/my-audio/file.mp3"
    plain = found.documents["https://example.substack.com/p/plain-text"]
    assert plain.extra["description"] == "“This quote’s rather short”"
    drafts = read(root, drafts=True).documents
    assert drafts["substack:123404"].audience is twin.Audience.PRIVATE
    assert len(drafts) == 5


@pytest.mark.parametrize(
    ("stated", "audience"),
    [
        ("everyone", twin.Audience.PUBLIC),
        ("", twin.Audience.PUBLIC),
        ("only_paid", twin.Audience.FRIENDS),
        ("only_free", twin.Audience.FRIENDS),
        ("founding", twin.Audience.FRIENDS),
        ("whoever", twin.Audience.PRIVATE),
    ],
)
def test_who_may_read_it(
    read: Callable[..., Any], export: Callable[..., Path], stated: str, audience: twin.Audience
) -> None:
    assert read(export(audience=stated)).only.audience is audience


def test_what_is_paid_for_may_be_kept_private(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    root = export(audience="only_paid")
    assert read(root, paid="private").only.audience is twin.Audience.PRIVATE


def test_titles_are_no_html(read: Callable[..., Any], export: Callable[..., Path]) -> None:
    found = read(export(title="Tea &#x26; me", subtitle="It&#x2019;s hot")).only
    assert (found.title, found.extra["description"]) == ("Tea & me", "It’s hot")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<h2>Tea</h2><p>Hot.</p>", "Hot.\n"),
        ("<p>Hot.</p><h2>Tea</h2>", "Hot.\n\n## Tea\n"),
        (
            (
                '<p>a</p><div class="subscription-widget-wrap" data-attrs="{}"><div '
                'class="subscription-widget show-subscribe"><div class="preamble"><p>Thanks for reading'
                "</p></div></div></div><p>b</p><div><hr></div>"
            ),
            "a\n\nb\n",
        ),
        (
            (
                '<div class="captioned-button-wrap"><div class="preamble"><p>Share it</p></div>'
                '<p class="button-wrapper"><a>Share</a></p></div><p>a</p>'
            ),
            "a\n",
        ),
        (
            (
                '<p>Said<a class="footnote-anchor" href="#footnote-1">1</a>.</p><div class="footnote">'
                '<a class="footnote-number" href="#footnote-anchor-1">1</a><div class="footnote-content">'
                "<p>By <em>me</em>.</p></div></div>"
            ),
            "Said[^1].\n\n[^1]: By *me*.\n",
        ),
        (
            (
                '<div class="captioned-image-container"><figure><a class="image-link" href="https://s.org/a">'
                '<div class="image2-inset"><picture><img src="https://s.org/a.png" alt=""></picture>'
                '<div class="image-link-expand"><button>x</button></div></div></a>'
                '<figcaption class="image-caption">A cup</figcaption></figure></div>'
            ),
            "A cup\n",
        ),
        (
            '<a href="https://s.org/a"><img src="https://s.org/a.png" alt="Two cups"></a><p>x</p>',
            "![Two cups](https://s.org/a.png)\n\nx\n",
        ),
        (
            '<pre><code class="language-python">def f():\n    return 1\n</code></pre>',
            "```python\ndef f():\n    return 1\n```\n",
        ),
        (
            (
                '<div class="preformatted-block"><label class="hide-text">Text within this block</label>'
                "<pre class='text'>two\n  roads</pre></div>"
            ),
            "```\ntwo\n  roads\n```\n",
        ),
        ('<div class="pullquote"><p>So</p></div>', "> So\n"),
        (
            f'<div class="youtube-wrap" data-attrs="{escape(json.dumps({"videoId": "a1"}))}">x</div>',
            "<https://www.youtube.com/watch?v=a1>\n",
        ),
        (
            f'<div class="latex-rendered" data-attrs="{escape(json.dumps({"persistentExpression": "a^2_b"}))}"></div>',
            "$$a^2_b$$\n",
        ),
        (
            '<div class="embedded-post-wrap" data-attrs="'
            + escape(json.dumps({"title": "Theirs", "url": "https://b.org/p/x", "body": "text"}))
            + '"><p>The beginning of theirs</p></div>',
            "[Theirs](https://b.org/p/x)\n",
        ),
        ('<div class="tweet" data-attrs="no json"><p>x</p></div><p>Mine.</p>', "Mine.\n"),
    ],
)
def test_the_markup_becomes_markdown(
    read: Callable[..., Any], export: Callable[..., Path], body: str, text: str
) -> None:
    found = read(export(body)).only
    assert found.text == text
    assert "others" not in found.extra


def test_posts_of_others_are_quoted_and_marked(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    stated = {
        "url": "https://twitter.com/b/status/1",
        "full_text": "I think\n\nso.",
        "username": "b",
        "name": "Bo",
    }
    tweet = f'<div class="tweet" data-attrs="{escape(json.dumps(stated))}"><p>I think so.</p></div>'
    found = read(export(f"<p>See:</p>{tweet}<p>I do not.</p>")).only
    assert found.text == (
        "See:\n\n> I think\n>\n> so.\n>\n> — [Bo (@b)](https://twitter.com/b/status/1)\n\nI do not.\n"
    )
    (span,) = twin.spans_of_others(found)
    assert found.text[: span.start] == "See:\n\n"
    assert found.text[span.end :] == "\n\nI do not.\n"


def test_the_address_comes_from_most_posts(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    export()
    export(post_id="8.milk")
    other = '<p>Read <a href="https://other.org/subscribe">theirs</a></p>'
    found = read(export(other, post_id="9.rum"))
    assert {*found.documents} == {f"{HOME}/p/tea", f"{HOME}/p/milk", f"{HOME}/p/rum"}
    given = read(export(post_id="10.gin"), url="www.tea.example").documents
    assert "https://www.tea.example/p/gin" in given


def test_without_an_address_it_is_the_number(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    root = export(b"<p>Words.</p>")
    found = read(root)
    assert (found.only.source, found.only.url) == ("substack:7", None)
    assert "url" in found.ledger.skips["posts.csv (address)"]
    (root / "email_list.wren.csv").write_text("email\n")
    found = read(root)
    assert found.only.source == f"{HOME}/p/tea"
    assert "subscribers" in found.ledger.skips["email_list.wren.csv"]


def test_an_address_that_damage_made_unclear_makes_nothing_count_as_gone(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    root = export(b"<p>Words.</p>")
    export("", post_id="8.gone")
    found = read(root)
    assert found.only.source == "substack:7"
    assert "the option url says it" in found.ledger.failures["."]
    assert found.ledger.failures["substack:8"] == (
        "posts/8.gone.html: the export lists it, and has no file of it"
    )


def test_one_damaged_post_stops_no_other(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    export()
    export("", post_id="8.gone")
    export(b"\xff\xfe\x00", post_id="9.broken")
    export("", post_id="10.later", is_published="FALSE")
    export(b"<p></p>", post_id="11.empty")
    export(post_id="12.date", post_date="tomorrow")
    root = export(post_id="", title="Nobody")
    with (root / "posts.csv").open("a") as file:
        file.write("13.many,1,2,3,4,5,6,7,8,9\n")
    (root / "posts" / "14.unlisted.html").write_text("<p>x</p>")
    (root / "posts" / "7.tea.opens.csv").write_text("email\n")
    (root / "cover.png").write_bytes(b"png")
    found = read(root, drafts=True)
    assert set(found.documents) == {f"{HOME}/p/tea", f"{HOME}/p/date"}
    assert found.documents[f"{HOME}/p/date"].published_at is None
    assert set(found.ledger.failures) == {".", f"{HOME}/p/gone", f"{HOME}/p/broken"}
    assert set(found.ledger.skips) == {
        "posts/10.later.html",
        "posts/11.empty.html",
        "posts/12.date.html (date)",
        "posts/7.tea.opens.csv",
        "cover.png",
    }


@pytest.mark.parametrize("table", ["", "id,title\n1,Tea\n"])
def test_what_is_no_export_is_told(read: Callable[..., Any], tmp_path: Path, table: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(twin.ReadError, match="no export of Substack"):
        read(root)
    (root / "posts.csv").write_text(table)
    with pytest.raises(twin.ReadError, match="no column post_id"):
        read(root)


def test_only_what_is_of_substack_is_claimed(
    zipped: Callable[[Path], Path], tmp_path: Path
) -> None:
    (reader,) = twin_substack.twin_readers()
    root = write_sample(tmp_path / "root")
    assert claim_of(reader, str(root))
    assert claim_of(reader, str(zipped(root)))
    assert claim_of(reader, "https://wren.substack.com/p/tea")
    (root / "posts.csv").write_text("id,title\n")
    assert not claim_of(reader, str(root))


def test_wrong_options_are_refused() -> None:
    for wrong in ({"draft": True}, {"url": "http://"}, {"paid": "some"}, {"limit": 0}):
        with pytest.raises(ValidationError):
            SubstackOptions.model_validate(wrong)
    assert SubstackOptions(url="Tea.example/").url == "https://tea.example"


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, twin_substack; list(twin_substack.twin_readers());"
        "print([m for m in ('llama_index', 'bs4', 'markdownify', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
