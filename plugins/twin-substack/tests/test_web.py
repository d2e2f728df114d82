"""The public archive of a newsletter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import twin
from twin.testing.web_server import Asked, Reply, WebServer

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = "application/json"


class Newsletter:
    """Serves posts as Substack does, twelve at once."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.posts: list[dict[str, Any]] = []
        server.answer("/api/v1/archive", self._archive)

    def add(self, slug: str, **values: Any) -> None:
        number = len(self.posts) + 1
        post = {
            "id": number,
            "slug": slug,
            "title": slug.title(),
            "subtitle": "In short",
            "audience": "everyone",
            "type": "newsletter",
            "post_date": "2024-01-02T03:04:05.678Z",
            "canonical_url": f"https://wren.substack.com/p/{slug}",
            "publishedBylines": [{"name": "Ada Wren"}],
            "postTags": [{"name": "Birds"}],
            **values,
        }
        self.posts.append(post)
        body = f'<p>On <em>{slug}</em>.</p><p class="button-wrapper"><a href="/s">Subscribe</a></p>'
        whole = json.dumps({"body_html": body, **post})
        self.server.page(f"/api/v1/posts/{slug}", whole, JSON)

    def _archive(self, asked: Asked) -> Reply:
        offset = int(asked.path.partition("offset=")[2].partition("&")[0])
        page = self.posts[offset : offset + 12]
        return Reply(json.dumps(page), media_type=JSON)


@pytest.fixture
def newsletter(server: WebServer) -> Newsletter:
    return Newsletter(server)


def test_the_whole_archive_is_read(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    for number in range(30):
        newsletter.add(f"post-{number}")
    found = read(server.url)
    assert len(found.documents) == 30
    assert not found.ledger.failures
    one = found.documents["https://wren.substack.com/p/post-7"]
    assert one.text == "On *post-7*.\n"
    assert (one.title, one.author, one.tags) == ("Post-7", "Ada Wren", ("Birds",))
    assert one.published_at == "2024-01-02T03:04:05+00:00"
    assert (one.kind, one.audience) == (twin.Kind.ARTICLE, twin.Audience.PUBLIC)
    assert one.extra["substack_id"] == "8"


def test_what_is_for_subscribers_is_left_to_the_export(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    newsletter.add("free")
    newsletter.add("dear", audience="only_paid")
    found = read(f"{server.url}/archive")
    assert set(found.documents) == {"https://wren.substack.com/p/free"}
    assert "only for subscribers" in found.ledger.skips["https://wren.substack.com/p/dear"]
    assert "/api/v1/posts/dear" not in server.paths
    with pytest.raises(twin.ReadError, match="only for subscribers"):
        read(f"{server.url}/p/dear")


def test_one_post_by_its_address(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    newsletter.add("tea", type="thread")
    newsletter.add("milk")
    found = read(f"{server.url}/p/tea?utm_source=x")
    assert found.only.source == "https://wren.substack.com/p/tea"
    assert found.only.kind is twin.Kind.POST
    assert server.paths == ["/api/v1/posts/tea"]


def test_one_bad_post_stops_no_other(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    for slug in ("good", "gone", "down", "list", "text"):
        newsletter.add(slug)
    server.remove("/api/v1/posts/gone")
    server.answer("/api/v1/posts/down", Reply(status=500))
    server.page("/api/v1/posts/list", "[]", JSON)
    server.page("/api/v1/posts/text", "no json", JSON)
    found = read(server.url)
    home = "https://wren.substack.com/p"
    assert set(found.documents) == {f"{home}/good"}
    assert set(found.ledger.skips) == {f"{home}/gone"}
    assert set(found.ledger.failures) == {f"{home}/down", f"{home}/list", f"{home}/text"}


def test_more_posts_than_allowed_are_told(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    for number in range(20):
        newsletter.add(f"post-{number}")
    found = read(server.url, limit=15)
    assert len(found.documents) == 15
    assert "raise the limit" in found.ledger.failures["."]
    assert not read(server.url, limit=20).ledger.failures


def test_an_archive_that_breaks_off_is_told(
    read: Callable[..., Any], server: WebServer, newsletter: Newsletter
) -> None:
    for number in range(20):
        newsletter.add(f"post-{number}")
    whole = newsletter._archive
    server.answer(
        "/api/v1/archive", lambda asked: whole(asked) if "offset=0&" in asked.path else Reply("x")
    )
    found = read(server.url)
    assert len(found.documents) == 12
    assert set(found.ledger.failures) == {"."}


@pytest.mark.parametrize("body", ["{}", "<p>A site</p>"])
def test_another_site_is_told(read: Callable[..., Any], server: WebServer, body: str) -> None:
    server.page("/api/v1/archive", body, JSON)
    with pytest.raises(twin.ReadError, match="archive"):
        read(server.url)
    with pytest.raises(twin.ReadError, match="of no newsletter"):
        read("https://substack.com/@wren")
