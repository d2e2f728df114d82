"""Exports and saved pages of Medium."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import twin
import twin_medium
from twin.claims import claim_of
from twin_medium.options import MediumOptions
from twin_medium.sample import write_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORD = "https://medium.com/@ada/the-ford-aaaa1111bbbb"
HERON = "https://medium.com/@ada/the-heron-eeee3333ffff"


def story(
    body: str,
    *,
    title: str = "Tea",
    address: str = "https://medium.com/@ada/tea-0123456789ab",
    date: str = "2024-01-02T03:04:05.678Z",
    head: str = '<section data-field="subtitle" class="p-summary">On tea</section>',
) -> str:
    footer = (
        f'<a class="p-author h-card" href="https://medium.com/@ada">Ada</a>'
        f'<time class="dt-published" datetime="{date}">then</time>'
        f'<a href="{address}" class="p-canonical">Canonical link</a>'
        if address
        else '<a href="https://medium.com/p/0123456789ab">View original.</a>'
    )
    return (
        f'<html><body><article class="h-entry"><header><h1 class="p-name">{title}</h1></header>'
        f'{head}<section data-field="body" class="e-content">{body}</section>'
        f'<footer>{footer}Exported from <a href="https://medium.com">Medium</a></footer>'
        "</article></body></html>"
    )


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    def writing(**posts: str) -> Path:
        root = tmp_path / "export"
        (root / "posts").mkdir(parents=True, exist_ok=True)
        for name, html in posts.items():
            (root / "posts" / f"{name}.html").write_text(html, encoding="utf-8")
        return root

    return writing


def test_a_story_says_what_it_states(read: Callable[..., Any], tmp_path: Path) -> None:
    found = read(write_sample(tmp_path / "root"))
    assert set(found.documents) == {FORD, HERON}
    ford = found.documents[FORD]
    assert ford.text == "One *wades* it [in May](https://example.org/ford).\n"
    assert (ford.title, ford.author, ford.platform) == ("The ford", "Ada Wren", "medium")
    assert (ford.kind, ford.audience) == (twin.Kind.ARTICLE, twin.Audience.PUBLIC)
    assert ford.published_at == "2024-02-01T08:00:00+00:00"
    assert (ford.url, ford.tags) == (FORD, ("Birds",))
    assert ford.extra == {
        "medium_id": "aaaa1111bbbb",
        "medium_what": "story",
        "description": "The ford, in short",
    }
    assert ford.raw is not None
    assert ford.raw.startswith(b"<!DOCTYPE html>")
    assert not found.ledger.failures


def test_a_zip_gives_what_its_folder_gives(
    read: Callable[..., Any], zipped: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = write_sample(tmp_path / "root")
    assert read(zipped(root)) == read(root)


def test_drafts_are_private_and_only_read_when_asked_for(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    root = export(
        draft_Tea_0=story("<p>Not yet.</p>", address=""),
        **{"2024-01-01_Never-0123456789ab": story("<p>Never.</p>", address="")},
    )
    (root / "profile").mkdir()
    (root / "profile" / "profile.html").write_text('<h3 class="p-name">Ada Wren</h3>')
    found = read(root)
    assert not found.documents
    assert set(found.ledger.skips) == {
        "posts/draft_Tea_0.html",
        "posts/2024-01-01_Never-0123456789ab.html",
        "profile/profile.html",
    }
    documents = read(root, drafts=True).documents
    assert {d.audience for d in documents.values()} == {twin.Audience.PRIVATE}
    assert {d.author for d in documents.values()} == {"Ada Wren"}
    assert set(documents) == {"medium:draft_Tea_0", "medium:0123456789ab"}
    assert {d.url for d in documents.values()} == {None}


def test_a_response_is_a_post_without_a_title(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    words = "I agree with “all” of it, and more."
    root = export(a=story(f"<p>{words}</p>", title='I agree with "all" of it…', head=""))
    response = read(root).only
    assert (response.kind, response.title, response.text) == (twin.Kind.POST, "", f"{words}\n")
    assert response.extra["medium_what"] == "response"
    found = read(root, responses=False)
    assert not found.documents
    assert found.ledger.skips == {"posts/a.html": "a response, which is left out"}


@pytest.mark.parametrize(
    ("body", "title", "head"),
    [
        ("<p>Something else.</p>", "Tea", ""),
        ("<h3 class='graf--title'>Tea</h3><p>Tea.</p>", "Tea", ""),
        ("<p>Tea.</p>", "Tea", "<p class='p-tags'><a class='p-tag'>Drinks</a></p>"),
        ("<p>Tea.</p>", "Tea", "<section class='p-summary'>Tea</section>"),
    ],
)
def test_what_has_a_title_tags_or_subtitle_is_a_story(
    read: Callable[..., Any], export: Callable[..., Path], body: str, title: str, head: str
) -> None:
    found = read(export(a=story(body, title=title, head=head))).only
    assert (found.kind, found.title) == (twin.Kind.ARTICLE, title)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<div class="section-divider"><hr></div><h3>TEA</h3><p>Hot.</p>', "Hot.\n"),
        ("<p>Hot.</p><h3>Tea</h3><p>More.</p>", "Hot.\n\n### Tea\n\nMore.\n"),
        ("<p>a&nbsp;b</p><p></p><h4> </h4><p>c</p>", "a b\n\nc\n"),
        ("<p><strong>Hot</strong> <em>or</em> <code>cold_*</code></p>", "**Hot** *or* `cold_*`\n"),
        (
            (
                '<pre data-code-block-lang="python" class="graf--preV2"><span class="pre--content">'
                '<span class="hljs-keyword">def</span> f():<br>&nbsp;   <em>return</em> 1 &lt; 2<br>'
                "</span></pre>"
            ),
            "```python\ndef f():\n    return 1 < 2\n```\n",
        ),
        ("<pre>one<br><br><br>two</pre>", "```\none\n\n\ntwo\n```\n"),
        (
            (
                '<p>See</p><div class="graf graf--mixtapeEmbed"><a href="https://example.org/a" '
                'title="x"><strong>Another</strong><br><em>their words</em>example.org</a>'
                '<a class="mixtapeImage" href="https://example.org/a"></a></div>'
            ),
            "See\n\n[Another](https://example.org/a)\n",
        ),
        (
            '<figure><script src="https://gist.github.com/ada/12ab.js"></script></figure>',
            "<https://gist.github.com/ada/12ab>\n",
        ),
        ('<script src="https://example.org/track.js"></script><p>a</p>', "a\n"),
        (
            '<figure><iframe src="https://www.youtube.com/embed/1"></iframe></figure>',
            "<https://www.youtube.com/embed/1>\n",
        ),
        (
            (
                '<blockquote class="twitter-tweet"><p>Theirs</p><a href="https://twitter.com/b/status/1">'
                "then</a></blockquote>"
            ),
            "<https://twitter.com/b/status/1>\n",
        ),
        (
            (
                '<figure><img src="https://m.org/a.png" alt=""><figcaption>A <em>cup</em></figcaption>'
                '</figure><img src="https://m.org/b.png" alt="Two cups">'
            ),
            "A *cup*\n\n![Two cups](https://m.org/b.png)\n",
        ),
        ('<blockquote class="graf--pullquote">So</blockquote>', "> So\n"),
    ],
)
def test_the_markup_becomes_markdown(
    read: Callable[..., Any], export: Callable[..., Path], body: str, text: str
) -> None:
    assert read(export(a=story(body))).only.text == text


def test_an_address_of_several_posts_names_none(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    root = export(
        **{
            "2024-01-01_One-aaaaaaaaaaaa": story("<p>One.</p>", address="https://ada.example.org/"),
            "2024-01-02_Two-bbbbbbbbbbbb": story("<p>Two.</p>", address="https://ada.example.org"),
            "2024-01-03_Three-cccccccccccc": story("<p>Three.</p>"),
        }
    )
    found = read(root)
    assert set(found.documents) == {
        "medium:aaaaaaaaaaaa",
        "medium:bbbbbbbbbbbb",
        "https://medium.com/@ada/tea-0123456789ab",
    }


def test_one_damaged_post_stops_no_other(
    read: Callable[..., Any], export: Callable[..., Path]
) -> None:
    address = "https://medium.com/@ada/broken-1"
    root = export(
        a="<html><body>no post</body></html>",
        b=story("<p>x</p>", address=address).replace('data-field="body" class="e-content"', ""),
        c=story("<p>Fine.</p>"),
        d=story("<div>" * 3000, address="https://medium.com/@ada/deep-2"),
        e=story("", address="https://medium.com/@ada/empty-3"),
        f=story("<p>x</p>", address="https://medium.com/@ada/date-4", date="tomorrow"),
    )
    (root / "posts" / "g.html").write_bytes(b"\xff\xfe\x00")
    found = read(root)
    assert set(found.documents) == {
        "https://medium.com/@ada/tea-0123456789ab",
        "https://medium.com/@ada/date-4",
    }
    # A failure goes by its document's source, so that this does not count as gone.
    assert set(found.ledger.failures) == {"medium:a", address, "medium:g", *_deep(found)}
    assert found.ledger.failures[address].startswith("posts/b.html: it has no body")
    assert found.ledger.skips["posts/e.html"] == "it has no text"
    assert found.ledger.skips["posts/f.html (date)"] == "its date 'tomorrow' is none"
    assert found.documents["https://medium.com/@ada/date-4"].published_at is None


def _deep(found: Any) -> set[str]:
    # Whether so deep a nesting can be read depends on the parser; without words it is no document.
    deep = "https://medium.com/@ada/deep-2"
    return {deep} & set(found.ledger.failures)


@pytest.mark.parametrize("wrong", ["", "posts.txt"])
def test_what_is_no_export_is_told(read: Callable[..., Any], tmp_path: Path, wrong: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / (wrong or "a.html")).write_text("text")
    with pytest.raises(twin.ReadError, match="no export of Medium"):
        read(root)


def test_a_hostile_zip_is_refused(
    read: Callable[..., Any], zipped: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = zipped(write_sample(tmp_path / "root"))
    with pytest.raises(twin.ReadError, match="more than 1 entries"):
        read(path, max_entries=1)


def test_a_saved_page_is_the_same_document(read: Callable[..., Any], tmp_path: Path) -> None:
    page = tmp_path / "The ford.html"
    page.write_text(
        '<html lang="en"><head><title>The ford | by Ada | Medium</title>'
        '<meta property="og:site_name" content="Medium"><meta name="author" content="Ada Wren">'
        '<meta property="og:title" content="The ford">'
        '<meta property="article:published_time" content="2024-02-01T08:00:00.000Z">'
        f'<link rel="canonical" href="{FORD}?source=x"></head><body><nav>Open in app</nav><article>'
        '<div><div><h1 class="pw-post-title">The ford</h1><div><button>Follow</button>5 min read</div>'
        '<p class="pw-post-body-paragraph">One <em>wades</em> it.</p><div class="ad">Become a member</div>'
        '<p class="pw-post-body-paragraph">In May.</p></div></div></article>'
        "<footer>Help Status About</footer></body></html>",
        encoding="utf-8",
    )
    found = read(page).only
    assert (found.source, found.title, found.author) == (FORD, "The ford", "Ada Wren")
    assert found.text == "One *wades* it.\n\nIn May.\n"
    assert (found.published_at, found.language) == ("2024-02-01T08:00:00+00:00", "en")


def test_one_post_of_the_export_alone(read: Callable[..., Any], tmp_path: Path) -> None:
    root = write_sample(tmp_path / "root")
    (path,) = root.glob("posts/*ford*.html")
    whole = read(root).documents[FORD]
    assert read(path).only == whole


def test_only_what_is_of_medium_is_claimed(
    zipped: Callable[[Path], Path], export: Callable[..., Path], tmp_path: Path
) -> None:
    (reader,) = twin_medium.twin_readers()
    root = write_sample(tmp_path / "root")
    (path,) = root.glob("posts/*ford*.html")
    assert all(claim_of(reader, str(place)) for place in (root, zipped(root), path))
    other = tmp_path / "other.html"
    other.write_text('<meta property="og:site_name" content="Mediumwave"><article>Hi</article>')
    assert not claim_of(reader, str(other))
    assert not claim_of(reader, str(export(a="<p>Another's export</p>")))
    (root / "posts.csv").write_text("post_id")
    assert not claim_of(reader, str(root))


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValidationError):
        MediumOptions.model_validate({"draft": True})
    with pytest.raises(ValidationError):
        MediumOptions.model_validate({"max_entries": 0})


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, twin_medium; list(twin_medium.twin_readers());"
        "print([m for m in ('llama_index', 'bs4', 'markdownify') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_item_of_a_real_export_is_accounted_for(
    read: Callable[..., Any], zipped: Callable[[Path], Path], real_exports: Path
) -> None:
    root = real_exports / "medium-export"
    found = read(root)
    assert read(zipped(root)) == found
    items = [path for path in root.rglob("*") if path.is_file()]
    assert len(items) == len(found.documents) + len(found.ledger.skips) == 10
    assert not found.ledger.failures
    assert set(found.ledger.skips) == {"posts/draft-post.html", "profile/profile.html"}
    whats = sorted(one.extra["medium_what"] for one in found.documents.values())
    assert whats == ["response"] + ["story"] * 7
    assert len(read(root, drafts=True).documents) == 9
    code = found.documents["medium:code-post"].text
    assert code.count("```") == 6
    assert "sudo apt-get install \\\n    apt-transport-https \\\n" in code


def test_real_saved_pages(read: Callable[..., Any], real_exports: Path) -> None:
    pages = real_exports.parent / "pages" / "readability"
    found = read(pages / "medium-2" / "source.html").only
    assert found.source == "https://medium.com/@ckirchoff/on-behalf-of-literally-429fab868ca8"
    assert (found.author, found.title) == ("Courtney Kirchoff", "On Behalf of “Literally”")
    assert found.text.startswith("Words need defenders.\n")
    assert "Recommend this article to your literally abusers in your life.*\n" in found.text
    assert "](http://theoatmeal.com/comics/literally)" in found.text
