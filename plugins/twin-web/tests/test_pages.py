"""One page: its text as Markdown, and what it says of itself."""

from collections.abc import Callable
from typing import Any

import pytest

import twin
from twin.testing.web_pages import article, sentences
from twin.testing.web_server import Reply, WebServer

Read = Callable[..., Any]

RICH = (
    sentences(6)
    + """<p>The <em>tide</em> is <strong>late</strong>, see <a href="../table?a=1">the table</a>
and snake_case_name &amp; 2 * 3. <a href="#top">Up</a></p>
<h2>What we did <a class="anchor" href="#did">#</a></h2>"""
    + sentences(3, "boat")
    + """<div class="highlight"><pre><code class="language-python"><span class="k">def</span> f(*a):<br>
    return "```"

    # done
</code></pre></div>"""
    + sentences(3, "gull")
    + """<ul><li>first we rowed out to the mark</li><li>then we rowed home again
<ul><li>and slept until the morning</li></ul></li></ul>
<ol><li>wait for the pilot</li><li>count the boats</li></ol>
<table><tr><th>Day</th><th>High</th></tr><tr><td>Monday</td><td>3.1 m</td></tr>
<tr><td>Tuesday</td><td>3.4 m</td></tr></table>
<blockquote><p>Wait for the water, said the pilot, it will not wait for you.</p></blockquote>"""
    + sentences(4, "ferry")
)
HEAD = """<meta name="author" content="Ada  Byron"><meta property="og:title" content="On tides">
<meta property="article:published_time" content="2023-01-04T10:00:00+02:00">
<meta property="article:modified_time" content="2024-05-06">
<meta property="article:tag" content="sea"><meta property="article:tag" content="#boats, sea">
<meta name="description" content="What the water  did."><meta property="og:site_name" content="The Harbour">
<link rel="canonical" href="/blog/tides/?utm_source=x">"""


def test_a_page_with_everything(read: Read, server: WebServer) -> None:
    server.page("/blog/tides", article(body=RICH, head=HEAD))
    found = read("/blog/tides").documents["/blog/tides"]
    assert (found.title, found.author, found.language) == ("On tides", "Ada Byron", "en-GB")
    assert (found.kind, found.platform) == (twin.Kind.ARTICLE, "web")
    assert found.published_at == "2023-01-04T10:00:00+02:00"
    assert found.tags == ("sea", "boats")
    assert found.url == f"{server.url}/blog/tides"
    assert found.extra == {
        "updated_at": "2024-05-06T00:00:00",
        "description": "What the water did.",
        "site": "The Harbour",
    } or found.extra["updated_at"].startswith("2024-05-06")
    assert found.raw is not None
    assert found.raw.decode() == article(body=RICH, head=HEAD)
    text = found.text
    assert text.startswith("On day 0 the tide came in")
    assert f"The *tide* is **late**, see [the table]({server.url}/table?a=1)" in text
    assert "snake_case_name & 2 * 3. Up\n" in text
    assert "\n\n## What we did\n\n" in text
    assert '\n\n````python\ndef f(*a):\n\n    return "```"\n\n    # done\n````\n\n' in text
    assert "- first we rowed out to the mark\n- then we rowed home again\n" in text
    assert "  - and slept until the morning\n" in text
    assert "1. wait for the pilot\n2. count the boats\n" in text
    assert "| Day | High |\n| --- | --- |\n| Monday | 3.1 m |\n| Tuesday | 3.4 m |" in text
    assert "> Wait for the water, said the pilot" in text
    for gone in ("Home", "About", "Imprint", "The Harbour", "# On tides"):
        assert gone not in text


def test_a_second_reading_gives_the_same(read: Read, server: WebServer) -> None:
    server.page("/a", article(body=RICH, head=HEAD))
    assert read("/a").documents == read("/a").documents
    assert "if-none-match" in server.asked[-1].headers


@pytest.mark.parametrize(
    ("stated", "source", "original"),
    [
        ("{here}/b/?utm_medium=rss", "/b", ""),
        ("/b?id=3", "/b?id=3", ""),
        ("{here}/", "/a/b", ""),
        ("https://elsewhere.example/b", "/a/b", "https://elsewhere.example/b"),
        ("http://[", "/a/b", ""),
        ("", "/a/b", ""),
    ],
)
def test_a_page_speaks_for_its_own_site_only(
    read: Read, server: WebServer, stated: str, source: str, original: str
) -> None:
    link = f'<link rel="canonical" href="{stated.format(here=server.url)}">'
    server.page("/a/b", article(head=link))
    [(found, document)] = read("/a/b").documents.items()
    assert found == source
    assert document.extra.get("original", "") == original


def test_what_schema_org_says(read: Read, server: WebServer) -> None:
    schema = """<script type="application/ld+json">{"@graph": [{"@type": "WebSite"},
    {"@type": ["BlogPosting"], "headline": "Tides", "datePublished": "2021-02-03",
     "author": [{"@type": "Person", "name": "Ada Byron"}, {"name": "Someone Else"}]}]}</script>
    <script type="application/ld+json">{broken</script>"""
    server.page("/a", article("Tides", head=schema))
    found = read("/a").only
    assert (found.author, found.published_at, found.title) == ("Ada Byron", "2021-02-03", "Tides")


def test_nothing_is_made_up(read: Read, server: WebServer) -> None:
    server.page("/a", f"<title>T</title><article>{sentences()}<p>© 2019</p></article>")
    found = read("/a", author="Jane Doe", audience="friends", platform="diary").only
    assert (found.author, found.audience, found.platform) == ("Jane Doe", "friends", "diary")
    assert (found.published_at, found.language, found.tags) == (None, None, ())


def test_a_redirect_gives_the_place_it_leads_to(read: Read, server: WebServer) -> None:
    server.answer("/old", Reply(status=301, headers={"Location": "/new"}))
    server.page("/new", article())
    assert list(read("/old").documents) == ["/new"]


def test_another_charset(read: Read, server: WebServer) -> None:
    body = article("Flüsse", sentences(30, "fluß")).encode("cp1252")
    server.page("/a", body, "text/html; charset=windows-1252")
    found = read("/a").only
    assert found.title == "Flüsse"
    assert "the fluß came in" in found.text


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (b"%PDF-1.7", "application/pdf", "no page but application/pdf"),
        (b"<title>T</title><p>Two words", "text/html", "no text of its own"),
        (b"", "text/html", "no text of its own"),
    ],
)
def test_what_is_no_piece_of_writing(
    read: Read, server: WebServer, body: bytes, media_type: str, reason: str
) -> None:
    server.page("/a", body, media_type)
    with pytest.raises(twin.ReadError, match=reason):
        read("/a")


def test_a_list_of_links_names_its_feed(read: Read, server: WebServer) -> None:
    links = "".join(
        f"<li><a href='/{n}'>What we wrote about the tide on day {n} of the year</a></li>"
        for n in range(40)
    )
    feed = "<link rel=alternate type=application/rss+xml href=/feed.xml>"
    server.page("/", f"<head><title>All</title>{feed}</head><main><ul>{links}</ul></main>")
    with pytest.raises(twin.ReadError, match="list of links") as caught:
        read("/")
    assert f"its feed is {server.url}/feed.xml" in caught.value.hint


def test_a_login_is_no_article(read: Read, server: WebServer) -> None:
    server.page("/a", "<title>Sign in</title><input type=password>" + "<p>Welcome back to us</p>")
    with pytest.raises(twin.ReadError, match="a login page"):
        read("/a")
