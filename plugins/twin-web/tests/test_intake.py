"""What the warehouse makes of a second reading: what is new, what is unchanged, and what is gone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import twin
import twin_web
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.ingest.intake import Intake, take_in
from twin.testing.web_pages import article, sentences
from twin.testing.web_server import Reply, WebServer
from twin.warehouse.sqlite import SQLiteWarehouse

Ingest = Callable[..., Intake]


@pytest.fixture
def ingest(tmp_path: Path, server: WebServer) -> Iterator[Ingest]:
    warehouse = SQLiteWarehouse(tmp_path / "warehouse.sqlite3")
    settings = FetchSettings(allow_private=("127.0.0.1",), rate=100, retries=0)
    client = Client(settings, tmp_path / "web")

    def ingesting(path: str, reader: str, **options: Any) -> Intake:
        [component] = [c for c in twin_web.twin_readers() if c.name == reader]
        intake = Intake(f"{reader}:test")
        context = twin.BuildContext(
            cache=tmp_path, data=tmp_path / reader, report=intake, get_client=lambda: client
        )
        built = component.build(component.options(**options), context)
        take_in(warehouse, built, f"{server.url}{path}", intake)
        return intake

    yield ingesting
    client.close()
    warehouse.close()


def missing(intake: Intake, server: WebServer, *paths: str) -> bool:
    here = f"https://127.0.0.1:{server.port}"
    return sorted(intake.missing) == sorted(twin.document_id(f"{here}{path}") for path in paths)


def test_a_site_over_time(ingest: Ingest, server: WebServer) -> None:
    links = " ".join(f"<a href=/{name}>{name}</a>" for name in "abcd")
    server.page("/", article("All", f"{sentences()}<p>{links}</p>"))
    for name in "abcd":
        server.page(f"/{name}", article(name, sentences(word=name)))
    first = ingest("/", "site")
    assert (first.found, first.new, first.failures) == (5, 5, [])

    unchanged = ingest("/", "site")
    assert (unchanged.found, unchanged.unchanged, unchanged.missing) == (5, 5, [])

    server.page("/a", article("a", sentences(word="another")))
    server.remove("/b")
    server.answer("/c", Reply(status=500))
    server.answer("/d", Reply("<title>Just a moment...</title>", 403))
    after = ingest("/", "site")
    assert (after.found, after.changed, after.unchanged) == (2, 1, 1)
    assert len(after.failures) == 2
    # What failed is not gone; what the server says is gone is.
    assert missing(after, server, "/b")


def test_a_limit_lets_nothing_count_as_gone(ingest: Ingest, server: WebServer) -> None:
    urls = "".join(f"<url><loc>{server.url}/{n}</loc></url>" for n in range(6))
    server.page("/sitemap.xml", f"<urlset>{urls}</urlset>", "application/xml")
    for n in range(6):
        server.page(f"/{n}", article(str(n), sentences(word=f"tide{n}")))
    assert ingest("/sitemap.xml", "sitemap").new == 6
    limited = ingest("/sitemap.xml", "sitemap", limit=2)
    assert (limited.found, limited.missing) == (2, [])
    less = urls.replace(f"<url><loc>{server.url}/3</loc></url>", "")
    server.page("/sitemap.xml", f"<urlset>{less}</urlset>", "application/xml")
    assert missing(ingest("/sitemap.xml", "sitemap"), server, "/3")


def test_a_feed_that_drops_an_item(ingest: Ingest, server: WebServer) -> None:
    def feed(*numbers: int) -> str:
        items = "".join(
            f"<entry><id>{server.url}/{n}</id><title>{n}</title>"
            f"<published>2024-01-{n:02d}T00:00:00Z</published>"
            f"<content type='html'>&lt;p&gt;What I wrote on day {n}.</content></entry>"
            for n in numbers
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{items}</feed>'

    server.page("/feed", feed(5, 4, 3, 2), "application/atom+xml")
    assert ingest("/feed", "feed").new == 4
    server.page("/feed", feed(6, 5, 3), "application/atom+xml")
    after = ingest("/feed", "feed")
    assert (after.new, after.unchanged, after.found) == (1, 3, 4)
    assert missing(after, server, "/4")
    server.answer("/feed", Reply(status=503))
    broken = ingest("/feed", "feed")
    assert "503" in broken.broken
    assert broken.missing == []
