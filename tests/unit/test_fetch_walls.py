"""What is no page of the author, and what only looks like it."""

import gzip
import json
from pathlib import Path

import pytest

from twin.fetch.walls import FEW, wall

HERE = "https://example.org/a"


def told(html: str, asked: str = HERE, url: str = "", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wall(html, named, asked, url or asked)


CAPTCHA = "a captcha or another check for robots"


@pytest.mark.parametrize(
    "html",
    [
        "<title>Just a moment...</title><p>Checking your browser before accessing x.",
        "<title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>",
        "<title>x</title><script src='https://geo.captcha-delivery.com/captcha/'></script>",
        "<title>Access to this page has been denied</title><div id=px-captcha></div>",
        "<title>x</title><p>Our systems have detected unusual traffic from your network.",
        "<title>Making sure you're not a bot!</title>",
        "<html><script src=/_Incapsula_Resource?x></script><body></body></html>",
        "<p>Please confirm that you are not a robot<script src=//hcaptcha.com/1/api.js></script>",
        "<title>Pardon Our Interruption</title>",
    ],
)
def test_checks_for_robots(html: str) -> None:
    assert told(html) == CAPTCHA


@pytest.mark.parametrize(
    "headers", [{"cf_mitigated": "challenge"}, {"x_amzn_waf_action": "captcha"}]
)
def test_a_header_that_says_so(headers: dict[str, str]) -> None:
    assert told("<p>word</p>" * 500, **headers) == CAPTCHA


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<title>Log in</title><form><input type=password></form>", ""),
        ("<title>Acme</title><p>Sign in to continue<form><input type='password'></form>", ""),
        ("<title>Acme</title><input type=PASSWORD>", ""),
        ("<title>Sign up | LinkedIn</title><p>Join now", "https://www.linkedin.com/authwall?x"),
        ("<title>x</title><p>Please log in", "https://example.org/accounts/login/"),
    ],
)
def test_logins(html: str, url: str) -> None:
    assert told(html, url=url) == "a login page"


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<title>Before you continue to YouTube</title><p>We use cookies", ""),
        ("<title>Yahoo</title><p>We use cookies", "https://consent.yahoo.com/v2/collectConsent"),
        ("<title>Cookie settings</title><p>Choose", ""),
    ],
)
def test_consent(html: str, url: str) -> None:
    assert told(html, url=url) == "a page that asks for consent"


@pytest.mark.parametrize(
    "html",
    [
        "<script></script><noscript>You need to enable JavaScript.</noscript><div id=x></div>",
        "<body><div id='__next'></div><script src=a.js></script></body>",
        "<body><p>This app requires JavaScript.<script></script></body>",
    ],
)
def test_shells(html: str) -> None:
    assert told(html) == "a shell that only a browser fills"


@pytest.mark.parametrize(
    "html",
    [
        "<title>Note</title><p>The tide is late.",
        "<title>A moment</title><p>Just a moment, she said, and the tide was late.",
        "<p>The tide is late. <script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>",
        "<title>Why I log in less</title><p>I wrote about tides instead.",
        "<title>Tides</title><form><input type=password></form>" + "<p>word " * 100,
        "<title>Tides</title><p>" + "word " * 80 + "<script src=//hcaptcha.com/1/api.js></script>",
        "<title>On cookies</title><p>" + "I bake them. " * 30,
        "<noscript>Enable JavaScript for comments.</noscript><script></script><p>" + "word " * 70,
        "<title>Just a moment...</title><p>" + "word " * (FEW + 1),
        "",
        "<" * 1000,
    ],
)
def test_pages(html: str) -> None:
    assert told(html) == ""


def test_no_real_page_is_taken_for_another(shared_data: Path) -> None:
    pages = shared_data / "pages"
    truth = json.loads((pages / "articles" / "ground-truth.json").read_text(encoding="utf-8"))
    for page, right in truth.items():
        packed = (pages / "articles" / "html" / f"{page}.html.gz").read_bytes()
        assert told(gzip.decompress(packed).decode(), right["url"]) == "", right["url"]
    for folder in (pages / "readability").iterdir():
        if folder.is_dir():
            assert told((folder / "source.html").read_text(encoding="utf-8")) == "", folder.name
