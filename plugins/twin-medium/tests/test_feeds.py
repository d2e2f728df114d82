"""Feeds of Medium, through twin-web."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import twin
import twin_medium
from twin.claims import claim_of
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.reading import checked_document
from twin.testing.web_server import WebServer
from twin_medium.feeds import cleaned
from twin_medium.options import MediumOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Ada on Medium</title>
<link>https://medium.com/@ada?source=rss-1</link>
<item><title>The ford</title><link>{link}?source=rss-12ab------2</link><guid>https://medium.com/p/1</guid>
<category>birds</category><dc:creator>Ada Wren</dc:creator><pubDate>Thu, 01 Feb 2024 08:00:00 GMT</pubDate>
<content:encoded><![CDATA[<p>One <em>wades</em> it.</p><pre>a<br>b</pre>
<img src="https://medium.com/_/stat?event=post.clientViewed" width="1" height="1" alt=""><hr>
<p><a href="{link}">The ford</a> was originally published in <a href="https://medium.com/rivers">Rivers</a>
on Medium, where people are continuing the conversation by highlighting and responding to this story.</p>
]]></content:encoded></item></channel></rss>"""


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[[str], list[twin.Document]]]:
    settings = FetchSettings(allow_private=("127.0.0.1",), rate=100, retries=0)
    client = Client(settings, tmp_path / "web")

    def reading(url: str) -> list[twin.Document]:
        (component,) = twin_medium.twin_readers()
        context = twin.BuildContext(
            cache=tmp_path / "cache", data=tmp_path / "data" / "medium", get_client=lambda: client
        )
        reader = component.build(MediumOptions(), context)
        return [checked_document(one) for one in reader.lazy_load_data(url)]

    yield reading
    client.close()


@pytest.mark.parametrize(
    "link", ["https://medium.com/@ada/the-ford-aaaa1111bbbb", "https://rivers.example/the-ford-1"]
)
def test_an_item_is_what_the_export_has(
    read: Callable[[str], list[twin.Document]], server: WebServer, link: str
) -> None:
    pytest.importorskip("twin_web")
    server.page("/feed/@ada", FEED.format(link=link), "application/rss+xml")
    (found,) = read(f"{server.url}/feed/@ada")
    assert (found.source, found.url) == (link, link)
    assert found.text == "One *wades* it.\n\n```\na\nb\n```\n"
    assert (found.title, found.author, found.tags) == ("The ford", "Ada Wren", ("birds",))
    assert found.published_at == "2024-02-01T08:00:00+00:00"
    assert found.platform == "medium"


def test_without_twin_web_it_says_what_to_install(
    read: Callable[[str], list[twin.Document]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "twin_web", None)
    with pytest.raises(twin.ComponentUnavailable) as caught:
        read("https://medium.com/feed/@ada")
    assert caught.value.hint == "twin install twin-web"


def test_only_feeds_are_claimed() -> None:
    (reader,) = twin_medium.twin_readers()
    assert claim_of(reader, "https://medium.com/feed/@ada")
    assert claim_of(reader, "https://ada.medium.com/feed")
    assert not claim_of(reader, "https://medium.com/@ada/the-ford-aaaa1111bbbb")


def test_what_the_author_says_of_publishing_stays() -> None:
    text = "This was originally published in Rivers on Medium, where I write.\n"
    assert cleaned(text) == text
