"""Feeds, sitemaps and sites, and what a second reading of them makes of what changed."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin
from twin.errors import FetchError
from twin.fetch.fetched import Fetched
from twin.fetch.settings import FetchSettings
from twin.testing.web_pages import article, sentences
from twin.testing.web_server import Reply, WebServer
from twin_web.feeds import Feed, read_feed
from twin_web.links import folder_of, within
from twin_web.sites import is_akin, is_of

Read = Callable[..., Any]


def item(number: int, *, text: str = "", day: int = 0, more: str = "") -> str:
    content = text or f"<p>Number {number} is <em>whole</em>, see <a href='/x'>x</a>.</p>"
    date = f"<pubDate>{day:02d} Jan 2024 10:00:00 GMT</pubDate>" if day else ""
    return (
        f"<item><title>Item {number}</title><link>{{here}}/{number}</link>{date}{more}"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item>"
    )


def rss(server: WebServer, *items: str, language: str = "en-gb") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Letters</title>'
        f"<language>{language}</language>{''.join(items)}</channel></rss>"
    ).replace("{here}", server.url)


RSS = "application/rss+xml"


@pytest.mark.parametrize("reader", ["web", "feed"])
def test_a_feed_with_whole_texts(read: Read, server: WebServer, reader: str) -> None:
    more = "<dc:creator>Ada Byron</dc:creator><category>sea</category><category>boats</category>"
    server.page("/feed", rss(server, item(1, day=3, more=more), item(2)), RSS)
    found = read("/feed", reader).documents
    assert list(found) == ["/1", "/2"]
    first = found["/1"]
    assert first.text == f"Number 1 is *whole*, see [x]({server.url}/x).\n"
    assert (first.title, first.author, first.tags) == ("Item 1", "Ada Byron", ("sea", "boats"))
    assert (first.published_at, first.language) == ("2024-01-03T10:00:00+00:00", "en-gb")
    assert first.raw == b"<p>Number 1 is <em>whole</em>, see <a href='/x'>x</a>.</p>"
    assert server.paths == ["/feed"]


def test_atom(read: Read, server: WebServer) -> None:
    feed = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{server.url}/blog/">
    <title>Letters</title><author><name>Ada Byron</name></author>
    <entry><id>tag:a,1</id><title type="html">On &lt;em&gt;tides&lt;/em&gt;</title>
    <link href="tides"/><published>2024-01-01T00:00:00+01:00</published>
    <updated>2024-02-01T00:00:00Z</updated>
    <content type="html">&lt;p&gt;&lt;a href="more"&gt;More&lt;/a&gt; of it.&lt;/p&gt;
    &lt;script&gt;track()&lt;/script&gt;&lt;pre&gt;&lt;code class="language-c"&gt;int a;
  int b;&lt;/code&gt;&lt;/pre&gt;</content></entry>
    <entry><id>tag:a,2</id><content type="text">Only *words* here.</content></entry>
    <entry><title>Nameless</title><content>x</content></entry></feed>"""
    server.page("/atom", feed, "application/atom+xml")
    reading = read("/atom")
    tides = reading.documents["/blog/tides"]
    assert (tides.title, tides.author) == ("On tides", "Ada Byron")
    assert tides.published_at == "2023-12-31T23:00:00+00:00"
    assert tides.extra["updated_at"] == "2024-02-01T00:00:00+00:00"
    assert tides.text == (f"[More]({server.url}/blog/more) of it.\n\n```c\nint a;\n  int b;\n```\n")
    other = reading.documents["feed:tag:a,2"]
    assert (other.text, other.kind) == ("Only *words* here.\n", twin.Kind.POST)
    assert list(reading.ledger.skips) == [f"{server.url}/atom#1"]


def test_a_feed_that_is_cut_short_leads_to_its_pages(read: Read, server: WebServer) -> None:
    short = "<item><title>T</title><link>{here}/1</link><description>It begins ...</description>"
    bad = "<item><title>Lost</title><link>{here}/2</link><description>Begins […]</description>"
    server.page("/feed", rss(server, f"{short}</item>", f"{bad}</item>", item(3)), RSS)
    server.page("/1", article(head='<meta name="author" content="Ada Byron">'))
    server.answer("/2", Reply(status=500))
    reading = read("/feed")
    assert set(reading.documents) == {"/1", "/3"}
    one = reading.documents["/1"]
    assert (one.title, one.author) == ("T", "Ada Byron")
    assert one.text.startswith("On day 0 the tide")
    failed = f"https://127.0.0.1:{server.port}/2"
    assert list(reading.ledger.failures) == [failed]
    beginnings = read("/feed", full=False).documents
    assert beginnings["/1"].text == "It begins ...\n"


def test_what_falls_out_of_a_feeds_window_stays(read: Read, server: WebServer) -> None:
    server.page("/feed", rss(server, *(item(n, day=n) for n in (5, 4, 3, 2, 1))), RSS)
    before = read("/feed").documents
    server.page("/feed", rss(server, *(item(n, day=n) for n in (7, 6, 5, 4))), RSS)
    for _ in range(2):
        reading = read("/feed")
        assert set(reading.documents) == {f"/{n}" for n in range(1, 8)}
        kept = {source: reading.documents[source].text for source in before}
        assert kept == {source: document.text for source, document in before.items()}
        assert reading.ledger.skips == {}


@pytest.mark.parametrize("dated", [True, False])
def test_what_a_feed_drops_is_gone(
    read: Read,
    server: WebServer,
    dated: bool,  # noqa: FBT001
) -> None:
    def feed(*numbers: int) -> str:
        return rss(server, *(item(n, day=n if dated else 0) for n in numbers))

    server.page("/feed", feed(5, 4, 3, 2), RSS)
    read("/feed")
    server.page("/feed", feed(5, 3), RSS)
    for told in ([f"https://127.0.0.1:{server.port}/4"], []):
        reading = read("/feed")
        # 4 was dropped, while 2 only fell out of the window.
        assert set(reading.documents) == {"/5", "/3", "/2"}
        assert list(reading.ledger.skips) == told


def test_an_empty_feed_drops_nothing(read: Read, server: WebServer) -> None:
    server.page("/feed", rss(server, item(2), item(1)), RSS)
    read("/feed")
    server.page("/feed", rss(server), RSS)
    assert set(read("/feed").documents) == {"/1", "/2"}


def test_a_damaged_archive_is_told(read: Read, server: WebServer, tmp_path: Path) -> None:
    server.page("/feed", rss(server, item(1)), RSS)
    read("/feed")
    [kept] = (tmp_path / "readers" / "web" / "feeds").iterdir()
    kept.write_text("{")
    with pytest.raises(twin.ReadError, match="earlier feeds had cannot be read"):
        read("/feed")
    kept.unlink()
    assert list(read("/feed").documents) == ["/1"]


def test_what_is_no_feed(read: Read, server: WebServer) -> None:
    server.page("/a", article())
    with pytest.raises(twin.ReadError, match="no RSS or Atom feed"):
        read("/a", "feed")


# Sitemaps


def urlset(server: WebServer, *paths: str) -> bytes:
    urls = "".join(f"<url><loc>{server.url}{path}</loc></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def index(server: WebServer, *paths: str) -> bytes:
    maps = "".join(f"<sitemap><loc>{server.url}{path}</loc></sitemap>" for path in paths)
    return f"<sitemapindex>{maps}<x:y xmlns:x='z'/></sitemapindex>".encode()


def test_a_sitemap_of_sitemaps(read: Read, server: WebServer) -> None:
    server.page("/sitemap.xml", index(server, "/one.xml.gz", "/two.xml"), "application/xml")
    server.page("/one.xml.gz", gzip.compress(urlset(server, "/a", "/b")), "application/gzip")
    foreign = urlset(server, "/b", "/pdf", "/none").replace(
        b"</urlset>", b"<url><loc>https://elsewhere.example/</loc></url></urlset>"
    )
    server.page("/two.xml", foreign, "text/xml")
    for path in ("/a", "/b"):
        server.page(path, article(f"On {path}"))
    server.page("/pdf", b"%PDF", "application/pdf")
    for source, reader in (("/sitemap.xml", "web"), ("/", "sitemap")):
        server.page("/", article())
        reading = read(source, reader)
        assert set(reading.documents) == {"/a", "/b"}
        assert set(reading.ledger.skips) == {f"{server.url}/pdf", f"{server.url}/none"}
        assert reading.ledger.failures == {}


def test_a_sitemap_with_a_prefix_and_a_limit(read: Read, server: WebServer) -> None:
    paths = [f"/blog/{n}" for n in range(5)]
    server.page("/sitemap.xml", urlset(server, "/about", *paths), "application/xml")
    for path in ("/about", *paths):
        server.page(path, article(f"On {path}"))
    prefix = f"{server.url}/blog/"
    assert set(read("/sitemap.xml", prefix=prefix).documents) == set(paths)
    reading = read("/sitemap.xml", prefix=prefix, limit=3)
    assert len(reading.documents) == 3
    # Nothing that was not looked at may count as gone.
    assert list(reading.ledger.failures) == ["."]


def test_a_sitemap_that_is_missing_leaves_everything_in_doubt(
    read: Read, server: WebServer
) -> None:
    server.page("/sitemap.xml", index(server, "/one.xml", "/two.xml"), "application/xml")
    server.page("/one.xml", urlset(server, "/a"), "application/xml")
    server.page("/two.xml", b"<urlset><url>", "application/xml")
    server.page("/a", article())
    reading = read("/sitemap.xml")
    assert list(reading.documents) == ["/a"]
    assert list(reading.ledger.failures) == ["."]


@pytest.mark.parametrize(
    "empty",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]><urlset><url><loc>&x;</loc></url></urlset>',
        b"<urlset>" + b"<url><loc></loc></url>" * 10 + b"</urlset>",
    ],
)
def test_a_sitemap_that_names_nothing(read: Read, server: WebServer, empty: bytes) -> None:
    server.page("/sitemap.xml", empty, "application/xml")
    assert read("/sitemap.xml", "web").documents == {}
    assert server.paths == ["/sitemap.xml"]


def test_what_is_no_sitemap(read: Read, server: WebServer) -> None:
    server.page("/sitemap.xml", b"no xml", "application/xml")
    with pytest.raises(twin.ReadError, match="no whole sitemap"):
        read("/sitemap.xml", "sitemap")


# Sites


def site(server: WebServer) -> None:
    links = "".join(f"<a href='{p}'>{p}</a> " for p in ("one", "two/#x", "/other", "cat.jpg"))
    server.page("/blog/", article("All", f"{sentences()}<p>{links}</p>"))
    server.page("/blog/one", article("One", f"{sentences(word='one')}<a href=../blog/three>3</a>"))
    server.page("/blog/two/", article("Two", f"{sentences(word='two')}<a href='/blog/'>up</a>"))
    server.page("/blog/three", article("Three", sentences(word="three")))
    server.page("/other", article("Other"))


ALL = {"/blog", "/blog/one", "/blog/two", "/blog/three"}


def test_a_site_below_a_prefix(read: Read, server: WebServer) -> None:
    site(server)
    reading = read("/blog/", "site")
    assert set(reading.documents) == ALL
    assert server.paths == ["/blog/", "/blog/one", "/blog/two/", "/blog/three"]
    assert (reading.ledger.skips, reading.ledger.failures) == ({}, {})


def test_a_refresh_of_a_site(read: Read, server: WebServer) -> None:
    site(server)
    first = read("/blog/", "site").documents
    # What did not change is given again, though it was not sent again.
    assert read("/blog/", "site").documents == first
    assert all("if-none-match" in a.headers for a in server.asked[-3:] if a.path != "/robots.txt")
    # A page that fails hides what only it leads to; both are still known.
    server.answer("/blog/one", Reply(status=500))
    reading = read("/blog/", "site")
    assert set(reading.documents) == ALL - {"/blog/one"}
    assert list(reading.ledger.failures) == [f"https://127.0.0.1:{server.port}/blog/one"]
    # A page that is gone is gone, and so is what only it led to.
    server.remove("/blog/one")
    reading = read("/blog/", "site")
    assert set(reading.documents) == {"/blog", "/blog/two"}
    assert reading.ledger.failures == {}
    assert list(reading.ledger.skips) == [f"{server.url}/blog/one"]


def test_a_failed_page_is_named_by_its_documents_source(read: Read, server: WebServer) -> None:
    server.page("/blog/", article("All", f"{sentences()}<a href=/blog/a?p=1>a</a>"))
    server.page("/blog/a", article("A", head='<link rel=canonical href="/blog/the-a">'))
    assert set(read("/blog/", "site").documents) == {"/blog", "/blog/the-a"}
    server.answer("/blog/a", Reply("<title>Just a moment...</title>", 403))
    reading = read("/blog/", "site")
    assert list(reading.ledger.failures) == [f"https://127.0.0.1:{server.port}/blog/the-a"]


def test_a_site_with_a_limit_leaves_the_rest_in_doubt(read: Read, server: WebServer) -> None:
    site(server)
    reading = read("/blog/", "site", limit=2)
    assert set(reading.documents) == {"/blog", "/blog/one"}
    assert list(reading.ledger.failures) == [f"https://127.0.0.1:{server.port}/blog"]


def test_robots_keep_a_site_from_being_read(read: Read, server: WebServer) -> None:
    site(server)
    server.page("/robots.txt", "User-agent: *\nDisallow: /blog/two", "text/plain")
    reading = read("/blog/", "site")
    assert set(reading.documents) == ALL - {"/blog/two"}
    assert list(reading.ledger.skips) == [f"{server.url}/blog/two/"]
    server.page("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
    with pytest.raises(FetchError, match=r"robots\.txt"):
        read("/blog/", "site")


def test_two_addresses_of_one_page(read: Read, server: WebServer) -> None:
    link = '<link rel=canonical href="/blog/">'
    server.page("/blog/", article("A", f"{sentences()}<a href='?page=1'>1</a>", head=link))
    reading = read("/blog/", "site")
    assert set(reading.documents) == {"/blog"}
    assert "same page" in reading.ledger.skips[f"https://127.0.0.1:{server.port}/blog"]


def test_a_site_that_lies_elsewhere(read: Read, server: WebServer) -> None:
    site(server)
    server.answer("/start", Reply(status=301, headers={"Location": "/blog/"}))
    assert set(read("/start", "site").documents) == ALL


@pytest.mark.parametrize(
    ("url", "prefix", "expected"),
    [
        ("https://a.example/b/c", "https://a.example/b/", True),
        ("http://www.a.example/b", "https://a.example/b/", True),
        ("https://a.example/b?page=2", "https://www.a.example/b", True),
        ("https://a.example/bc", "https://a.example/b", False),
        ("https://b.example/b/c", "https://a.example/b", False),
        ("https://a.example.evil.net/b", "https://a.example/", False),
        ("mailto:a@a.example", "https://a.example/", False),
        ("https://[", "https://a.example/", False),
    ],
)
def test_what_is_below_a_prefix(url: str, prefix: str, expected: bool) -> None:  # noqa: FBT001
    assert within(url, prefix) is expected


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/blog", "https://a.example/blog"),
        ("https://a.example/blog/?page=2#x", "https://a.example/blog/"),
        ("https://a.example/blog/index.html", "https://a.example/blog/"),
    ],
)
def test_the_folder_of_an_address(url: str, folder: str) -> None:
    assert folder_of(url) == folder


def test_what_a_feed_points_to_on_other_sites_is_not_taken_for_its_own(
    read: Read, server: WebServer
) -> None:
    start, end = "<item><title>On weirs</title>", "<description>Worth it…</description></item>"
    other = "<link>https://other.example/weirs</link>"
    server.page("/own", article())
    feed = rss(
        server,
        item(1),
        f"{start}{other}<guid>tag:a,7</guid>{end}",
        f"{start}{other}<guid>{{here}}/own</guid>{end}",
        item(1, text="Another text."),
    )
    server.page("/feed", feed, RSS)
    reading = read("/feed", "feed")
    assert set(reading.documents) == {"/1", "feed:tag:a,7", "/own"}
    assert reading.documents["feed:tag:a,7"].text.strip() == "Worth it…"
    assert reading.documents["/own"].text.startswith("On day 0 the tide")
    assert not reading.ledger.failures
    assert list(reading.ledger.skips.values()) == [
        "the feed has it twice; the first one counts",
        "its link leads to another site, which is not read",
    ]


HERE = FetchSettings(allow_private=("127.0.0.1", "localhost"), rate=100, retries=0)
"""Two names of this machine are two sites."""


def test_what_an_own_address_leads_on_to_on_another_site_is_not_read(
    read: Read, server: WebServer
) -> None:
    away = Reply(status=302, headers={"Location": f"http://localhost:{server.port}/anothers"})
    server.page("/anothers", article("Another's"))
    server.answer("/go", away)
    server.answer("/bare", away)
    server.page("/near", article())
    item = "<item><title>T</title><link>{here}%s</link><description>%s</description></item>"
    server.page("/feed", rss(server, item % ("/go", "Worth it…"), item % ("/bare", "")), RSS)
    reading = read("/feed", web=HERE)
    assert reading.documents["/go"].text.strip() == "Worth it…"
    assert list(reading.documents) == ["/go"]
    skips = dict.fromkeys(reading.ledger.skips.values())
    assert list(skips) == ["its link leads to another site, localhost, which is not read"]
    server.page("/sitemap.xml", urlset(server, "/near", "/go"), "application/xml")
    reading = read("/sitemap.xml", web=HERE)
    assert list(reading.documents) == ["/near"]
    assert reading.ledger.skips == {f"{server.url}/go": "it leads to another site, localhost"}


@pytest.mark.parametrize(
    ("host", "site", "of", "akin"),
    [
        ("example.org", "example.org", True, False),
        ("blog.example.org", "example.org", True, False),
        ("example.org", "blog.example.org", True, False),
        ("notes.example.org", "blog.example.org", False, True),
        ("notes.example.co.uk", "blog.example.co.uk", False, True),
        ("bob.co.uk", "ada.co.uk", False, False),
        ("bob.substack.com", "ada.substack.com", False, False),
        ("substack.com", "ada.substack.com", False, False),
        ("ada.medium.com", "medium.com", False, False),
        ("example.org", "example.com", False, False),
        ("10.0.0.2", "10.0.0.1", False, False),
        ("", "", False, False),
    ],
)
def test_whose_site_a_host_is(host: str, site: str, of: bool, akin: bool) -> None:  # noqa: FBT001
    assert (is_of(host, [site]), is_akin(host, [site])) == (of, akin)


def feed_of(address: str, *items: tuple[str, str], author: str = "Ada Byron") -> Feed:
    entries = "".join(
        f"<item><link>{link}</link><guid isPermaLink='false'>{identity}</guid>"
        f"<author>{author}</author><description>Short…</description></item>"
        for link, identity in items
    )
    body = f"<rss version='2.0'><channel><title>T</title>{entries}</channel></rss>".encode()
    return read_feed(
        Fetched(
            asked=address,
            url=address,
            body=body,
            content_type=RSS,
            fetched_at="2024-01-01T00:00:00+00:00",
            changed=True,
        )
    )


def test_what_stands_beside_a_feeds_site_is_its_own_where_it_names_the_same_author() -> None:
    feed = feed_of(
        "https://blog.example.org/feed",
        ("https://notes.example.org/1", "1"),
        ("https://blog.example.org/2", "2"),
        ("https://news.example.org/3", "https://blog.example.org/3"),
        ("https://other.example/4", "4"),
    )
    assert [(item.source, item.foreign) for item in feed.items] == [
        ("https://notes.example.org/1", False),
        ("https://blog.example.org/2", False),
        ("https://blog.example.org/3", False),
        ("feed:4", True),
    ]
    first = feed.items[0]
    assert feed.doubt(first, first.link, "ada  byron") == ""
    assert feed.doubt(first, "https://example.org/1", "") == ""
    assert "names no such author" in feed.doubt(first, first.link, "Bob")
    assert "names no such author" in feed.doubt(first, first.link, "")
    assert "another site" in feed.doubt(first, "https://other.example/1", "Ada Byron")


def test_a_story_of_medium_is_at_the_magazine_that_has_it() -> None:
    feed = feed_of(
        "https://medium.com/feed/@ada",
        ("https://medium.com/@ada/one-1a", "https://medium.com/p/1a"),
        ("https://magazine.example/two-2b?source=rss-x", "https://medium.com/p/2b"),
    )
    story = feed.items[1]
    assert (story.source, story.foreign) == (story.link, False)
    assert feed.doubt(story, story.link, "") == ""


def test_an_item_of_another_feed_is_by_whoever_that_feed_is_by(
    read: Read, server: WebServer
) -> None:
    def entry(number: int, source: str) -> str:
        text = f"<content>Words {number} of it.</content><updated>2024-01-01T00:00:00Z</updated>"
        return f"<entry><id>tag:a,{number}</id><title>T</title>{source}{text}</entry>"

    theirs = "<source><id>https://bob.example/</id><title>On weirs</title>{}</source>"
    own = f"<source><id>{server.url}/</id><title>Letters</title></source>"
    entries = [
        entry(1, theirs.format("<author><name>Bob</name></author>")),
        entry(2, theirs.format("")),
        entry(3, own),
        entry(4, ""),
    ]
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Letters</title>'
        f"<author><name>Ada Byron</name></author>{''.join(entries)}</feed>"
    )
    server.page("/atom", feed, "application/atom+xml")
    authors = [document.author for document in read("/atom").documents.values()]
    assert authors == ["Bob", "On weirs", "Ada Byron", "Ada Byron"]
