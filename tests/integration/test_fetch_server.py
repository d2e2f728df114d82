"""The client against a server on this machine that does everything wrong that servers do."""

import gzip
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from twin.errors import BlockPage, FetchError, RefusedAddress, RobotsRefused, TooLarge
from twin.fetch.client import Client
from twin.fetch.pace import Clock
from twin.fetch.settings import FetchSettings
from twin.testing.web_server import Asked, Reply, WebServer

ARTICLE = "<!doctype html><title>Tides</title><article>" + "<p>The tide is late.</p>" * 80


class Waiting:
    """A clock in which waiting takes no time and is remembered."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._lock = threading.Lock()
        self._ahead = 0.0

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self._ahead += seconds

    def clock(self) -> Clock:
        return Clock(
            now=lambda: time.monotonic() + self._ahead,
            wall=lambda: time.time() + self._ahead,
            sleep=self.sleep,
        )


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def client(tmp_path: Path, waiting: Waiting) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(**settings: Any) -> Client:
        values = {"allow_private": ("127.0.0.1",), "retries": 2, **settings}
        one = Client(FetchSettings(**values), tmp_path / "web", clock=waiting.clock())
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def statuses(*replies: Reply) -> Callable[[Asked], Reply]:
    """Return what answers with each reply once, and with the last one from then on."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_a_page_is_fetched_with_the_products_name(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.page("/a", ARTICLE)
    found = client(contact="https://example.org/me").get(f"{server.url}/a#part")
    assert (found.text, found.changed, found.is_page) == (ARTICLE, True, True)
    assert found.url == f"{server.url}/a"
    agent = server.asked[-1].headers["user-agent"]
    assert agent.startswith("twin/")
    assert agent.endswith("(+https://example.org/me)")


def test_what_did_not_change_is_not_sent_again(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.page("/a", ARTICLE, Last_Modified="Wed, 01 Jan 2025 00:00:00 GMT")
    assert client().get(f"{server.url}/a").changed
    # Another client of the same home, as the next run is one.
    again = client().get(f"{server.url}/a")
    assert (again.text, again.changed) == (ARTICLE, False)
    asked = server.asked[-1].headers
    assert "if-none-match" in asked
    assert asked["if-modified-since"] == "Wed, 01 Jan 2025 00:00:00 GMT"
    server.page("/a", f"{ARTICLE}<p>More.")
    changed = client().get(f"{server.url}/a")
    assert (changed.changed, changed.text.endswith("More.")) == (True, True)


def test_500_then_200(server: WebServer, client: Callable[..., Client], waiting: Waiting) -> None:
    server.answer("/a", statuses(Reply(status=500), Reply(status=503), Reply(ARTICLE)))
    assert client(rate=100).get(f"{server.url}/a").text == ARTICLE
    assert server.paths == ["/a"] * 3
    assert all(wait <= 60 for wait in waiting.waits)


def test_500_for_ever(server: WebServer, client: Callable[..., Client]) -> None:
    server.answer("/a", Reply(status=500))
    with pytest.raises(FetchError, match="the server answered 500") as caught:
        client().get(f"{server.url}/a")
    assert (caught.value.status, server.paths) == (500, ["/a"] * 3)


@pytest.mark.parametrize("as_date", [False, True])
def test_429_with_retry_after(
    server: WebServer,
    client: Callable[..., Client],
    waiting: Waiting,
    as_date: bool,  # noqa: FBT001
) -> None:
    after = formatdate(time.time() + 42, usegmt=True) if as_date else "42"
    busy = Reply(status=429, headers={"Retry-After": after})
    server.answer("/a", statuses(busy, Reply(ARTICLE)))
    server.page("/b", ARTICLE)
    client(rate=100).get(f"{server.url}/a")
    assert max(waiting.waits) == pytest.approx(42, abs=2)
    assert server.paths == ["/a", "/a"]


def test_a_retry_after_beyond_patience_ends_it(
    server: WebServer, client: Callable[..., Client], waiting: Waiting
) -> None:
    server.answer("/a", Reply(status=503, headers={"Retry-After": "86400"}))
    with pytest.raises(FetchError, match=r"asks to wait 86,400 seconds \(503\)"):
        client().get(f"{server.url}/a")
    assert server.paths == ["/a"]
    assert sum(waiting.waits) < 60


def test_404_is_gone_and_not_asked_again(server: WebServer, client: Callable[..., Client]) -> None:
    server.remove("/b")
    for path, status in (("/a", 404), ("/b", 410)):
        with pytest.raises(FetchError) as caught:
            client().get(f"{server.url}{path}")
        assert (caught.value.status, caught.value.gone) == (status, True)
    assert server.paths == ["/a", "/b"]


def test_a_slow_page_ends_at_the_time_of_each_step(
    server: WebServer, client: Callable[..., Client]
) -> None:
    release = threading.Event()

    def slow(_: Asked) -> Reply:
        release.wait(20)
        return Reply(ARTICLE)

    server.answer("/a", slow)
    try:
        with pytest.raises(FetchError, match="timed out"):
            client(timeout=0.2, retries=0).get(f"{server.url}/a")
    finally:
        release.set()


def test_a_page_that_drips_ends_at_the_time_of_the_whole(
    server: WebServer, client: Callable[..., Client]
) -> None:
    stop = threading.Event()

    def drip() -> Iterator[bytes]:
        while not stop.wait(0.05):
            yield b"<p>drip</p>"

    server.answer("/a", lambda _: Reply(drip()))
    try:
        with pytest.raises(FetchError, match=r"took longer than 0\.5 seconds"):
            client(timeout=5, total_timeout=0.5).get(f"{server.url}/a")
    finally:
        stop.set()
    assert server.paths == ["/a"]


def test_redirects_are_followed_and_remembered(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.answer("/old", Reply(status=301, headers={"Location": "/new"}))
    server.page("/new", ARTICLE)
    found = client().get(f"{server.url}/old")
    assert (found.asked, found.url) == (f"{server.url}/old", f"{server.url}/new")
    kept = client().cached(f"{server.url}/old")
    assert kept is not None
    assert (kept.url, kept.text) == (f"{server.url}/new", ARTICLE)


def test_redirects_in_a_circle_and_too_many(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.answer("/a", Reply(status=302, headers={"Location": "/b"}))
    server.answer("/b", Reply(status=302, headers={"Location": "/a"}))
    with pytest.raises(FetchError, match="round in a circle"):
        client().get(f"{server.url}/a")
    for number in range(6):
        reply = Reply(status=307, headers={"Location": f"/{number + 1}"})
        server.answer(f"/{number}", reply)
    with pytest.raises(FetchError, match="more than 4 redirects"):
        client(redirects=4).get(f"{server.url}/0")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0251.0376.0251.0376/",
        "http://localhost:{port}/secret",
        "http://127.0.0.2:{port}/secret",
        "http://2130706434:{port}/secret",
        "http://0x7f000002:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://0.0.0.0:{port}/secret",
        "http://user:hunter2@127.0.0.1:{port}/secret",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_a_private_place_is_refused(
    server: WebServer, client: Callable[..., Client], target: str
) -> None:
    server.page("/secret", "secret")
    where = target.format(port=server.port)
    server.answer("/a", Reply(status=302, headers={"Location": where}))
    with pytest.raises(RefusedAddress) as caught:
        client().get(f"{server.url}/a")
    assert server.paths == ["/a"]
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_this_machine_is_refused_unless_it_is_named(
    server: WebServer, client: Callable[..., Client]
) -> None:
    with pytest.raises(RefusedAddress, match=r"no address of the public web") as caught:
        client(allow_private=()).get(f"{server.url}/a")
    assert "fetch.allow_private" in caught.value.hint
    assert server.asked == []


def test_the_number_that_was_checked_is_the_one_that_is_asked(
    server: WebServer, tmp_path: Path
) -> None:
    """A name that leads elsewhere when it is looked up again is only looked up once."""
    server.page("/a", ARTICLE)
    answers = iter([["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return next(answers)

    client = Client(FetchSettings(retries=0), tmp_path, resolve=resolve)
    with pytest.raises(RefusedAddress, match=r"rebind\.example leads to 127\.0\.0\.1"):
        client.get(f"http://rebind.example:{server.port}/a")
    client.close()
    named = Client(
        FetchSettings(retries=0, allow_private=("rebind.example",)),
        tmp_path,
        resolve=lambda host, _: asked.append(host) or ["127.0.0.1"],  # type: ignore[func-returns-value]
    )
    assert named.get(f"http://rebind.example:{server.port}/a").text == ARTICLE
    named.close()
    # One look-up for robots.txt and the page, which went over one connection to what it gave.
    assert asked == ["rebind.example"] * 2
    assert server.asked[-1].headers["host"] == f"rebind.example:{server.port}"


def test_two_gigabytes_are_not_read(server: WebServer, client: Callable[..., Client]) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        part = b"x" * 65_536
        while sent < 2_000_000_000:
            sent += len(part)
            yield part

    size = {"Content-Length": "2000000000"}
    server.answer("/said", lambda _: Reply(endless(), headers=size))
    with pytest.raises(TooLarge, match="2,000,000,000 bytes"):
        client(max_bytes=1_000_000).get(f"{server.url}/said")
    server.answer("/unsaid", lambda _: Reply(endless()))
    with pytest.raises(TooLarge, match="more than 1,000,000 bytes"):
        client(max_bytes=1_000_000).get(f"{server.url}/unsaid")
    assert sent < 100_000_000
    assert server.paths == ["/said", "/unsaid"]


def test_a_gzip_bomb_is_not_unpacked(server: WebServer, client: Callable[..., Client]) -> None:
    bomb = gzip.compress(b"\0" * 500_000_000, compresslevel=9)
    assert len(bomb) < 1_000_000
    server.answer("/a", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TooLarge, match="more than 1,000,000 bytes"):
        client(max_bytes=1_000_000).get(f"{server.url}/a")


def test_packed_pages_are_unpacked_and_damaged_ones_refused(
    server: WebServer, client: Callable[..., Client]
) -> None:
    packed = gzip.compress(ARTICLE.encode())
    head = {"Content-Encoding": "gzip"}
    server.answer("/a", Reply(packed, headers=head))
    server.answer("/half", Reply(packed[: len(packed) // 2], headers=head))
    server.answer("/wrong", Reply(b"not gzip at all", headers=head))
    server.answer("/br", Reply(b"abc", headers={"Content-Encoding": "br"}))
    assert client().get(f"{server.url}/a").text == ARTICLE
    for path, reason in (("half", "broke off"), ("wrong", "damaged"), ("br", "not asked for")):
        with pytest.raises(FetchError, match=reason):
            client().get(f"{server.url}/{path}")


def test_a_wrong_charset_is_seen_through(server: WebServer, client: Callable[..., Client]) -> None:
    text = "<title>Tide</title><p>„Flut“ naïve café — 100 €</p>"
    latin = text.replace("„Flut“", "Flut").encode("cp1252")
    meta = b"<meta charset=windows-1252>"
    cases = {
        "/utf8": (text.encode(), "text/html; charset=iso-8859-1", text),
        "/header": (latin, "text/html; charset=windows-1252", latin.decode("cp1252")),
        "/label": (latin, "text/html; charset=ISO-8859-1", latin.decode("cp1252")),
        "/meta": (meta + latin, "text/html; charset=utf-8", (meta + latin).decode("cp1252")),
        "/mark": (text.encode("utf-16"), "text/html", text),
    }
    for path, (body, media_type, expected) in cases.items():
        server.page(path, body, media_type)
        assert client().get(f"{server.url}{path}").text == expected, path


CLOUDFLARE = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<div class="main-content"><noscript>Enable JavaScript and cookies to continue</noscript></div>
<script>window._cf_chl_opt={cvId:'3'}</script></body></html>"""
LOGIN = """<html><head><title>Sign in | Letters</title></head><body><h1>Welcome back</h1>
<form><input name=user><input type="password" name=word><button>Sign in</button></form></body>"""
CONSENT = """<html><head><title>Before you continue</title></head><body>
<p>We and our partners store cookies. Accept all or manage your choices.</p></body></html>"""
SHELL = """<html><head><title>App</title><script src=/app.js></script></head><body>
<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body>"""


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        (CLOUDFLARE, 403, "captcha"),
        (CLOUDFLARE, 503, "captcha"),
        (CLOUDFLARE, 200, "captcha"),
        (LOGIN, 200, "login"),
        (LOGIN, 401, "login"),
        (CONSENT, 200, "consent"),
        (SHELL, 200, "shell"),
    ],
)
def test_what_stands_in_place_of_a_page_is_never_kept(
    server: WebServer, client: Callable[..., Client], body: str, status: int, what: str
) -> None:
    server.page("/a", ARTICLE)
    client().get(f"{server.url}/a")
    server.answer("/a", Reply(body, status))
    with pytest.raises(BlockPage, match=what):
        client().get(f"{server.url}/a")
    # Asked once, and what was kept of the page is still there.
    assert server.paths == ["/a", "/a"]
    kept = client().cached(f"{server.url}/a")
    assert kept is not None
    assert kept.text == ARTICLE


def test_what_is_gone_or_down_is_no_wall(server: WebServer, client: Callable[..., Client]) -> None:
    server.answer("/gone", Reply(LOGIN, 404))
    with pytest.raises(FetchError, match="answered 404") as caught:
        client().get(f"{server.url}/gone")
    assert caught.value.gone
    server.answer("/down", statuses(Reply(SHELL, 503), Reply(LOGIN, 500), Reply(ARTICLE)))
    assert client().get(f"{server.url}/down").text == ARTICLE


def test_a_page_that_leads_to_a_login(server: WebServer, client: Callable[..., Client]) -> None:
    server.answer("/a", Reply(status=302, headers={"Location": "/login?next=/a"}))
    server.page("/login", LOGIN.replace("Sign in", "Letters"))
    with pytest.raises(BlockPage, match="login"):
        client().get(f"{server.url}/a")


def test_robots_are_obeyed(
    server: WebServer, client: Callable[..., Client], waiting: Waiting
) -> None:
    rules = "User-agent: other\nDisallow: /\n\nUser-agent: twin\nCrawl-delay: 7\nDisallow: /private"
    server.page("/robots.txt", rules, "text/plain")
    server.page("/a", ARTICLE)
    server.page("/b", ARTICLE)
    server.answer("/c", Reply(status=302, headers={"Location": "/private/d"}))
    one = client(rate=100)
    one.get(f"{server.url}/a")
    one.get(f"{server.url}/b")
    for path in ("/private/x", "/c"):
        with pytest.raises(RobotsRefused):
            one.get(f"{server.url}{path}")
    assert server.paths == ["/a", "/b", "/c"]
    assert [asked.path for asked in server.asked].count("/robots.txt") == 1
    assert sum(wait > 6 for wait in waiting.waits) == 2


def test_rules_that_cannot_be_had_allow_nothing(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.answer("/robots.txt", Reply(status=500))
    server.page("/a", ARTICLE)
    one = client()
    for _ in range(2):
        with pytest.raises(FetchError, match=r"robots\.txt: the server answered 500"):
            one.get(f"{server.url}/a")
    assert server.paths == []
    assert len(server.asked) == 3


def test_a_page_in_place_of_rules_allows_everything(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.page("/robots.txt", SHELL)
    server.page("/a", ARTICLE)
    assert client().get(f"{server.url}/a").text == ARTICLE


def test_nobody_listens(client: Callable[..., Client]) -> None:
    with WebServer() as server:
        pass
    with pytest.raises(FetchError, match="refused"):
        client().get(f"{server.url}/a")


def test_hosts_are_read_at_once_and_each_in_order(client: Callable[..., Client]) -> None:
    hosts = [f"127.0.0.{number}" for number in (1, 2, 3)]
    servers = [WebServer(host) for host in hosts]
    all_there = threading.Barrier(len(hosts))
    for server in servers:
        server.__enter__()
        for number in range(5):
            server.page(f"/{number}", ARTICLE)
        # Nobody gets an answer before all three hosts have been asked.
        server.answer("/0", lambda _: Reply(ARTICLE if all_there.wait(20) >= 0 else ""))
    try:
        urls = [f"{server.url}/{number}" for number in range(6) for server in servers]
        one = client(allow_private=tuple(hosts), rate=100)
        found = dict(one.many([*urls, urls[0]]))
    finally:
        for server in servers:
            server.__exit__()
    assert found.keys() == set(urls)
    missing = [url for url, result in found.items() if isinstance(result, FetchError)]
    assert sorted(missing) == sorted(f"{server.url}/5" for server in servers)
    for server in servers:
        assert server.paths == [f"/{number}" for number in range(6)]


def test_whoever_stops_early_leaves_the_rest(
    server: WebServer, client: Callable[..., Client]
) -> None:
    for number in range(100):
        server.page(f"/{number}", ARTICLE)
    found = client(rate=100).many(f"{server.url}/{number}" for number in range(100))
    assert next(found)[0] == f"{server.url}/0"
    found.close()  # type: ignore[attr-defined]
    assert len(server.paths) < 50


def test_an_unsafe_connection_is_refused_at_once(
    client: Callable[..., Client], tmp_path: Path
) -> None:
    """A certificate that nobody vouches for, made by the openssl of this machine."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here to make a certificate with")
    names = "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    made = f"req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj {names}"
    subprocess.run([openssl, *made.split()], cwd=tmp_path, check=True, capture_output=True)
    with WebServer() as server:
        server.encrypt(tmp_path / "cert.pem", tmp_path / "key.pem")
        with pytest.raises(FetchError, match=r"no safe connection .*CERTIFICATE_VERIFY_FAILED"):
            client().get(f"https://127.0.0.1:{server.port}/a")
        assert server.asked == []


def test_a_closed_client_asks_nobody(server: WebServer, client: Callable[..., Client]) -> None:
    one = client()
    assert one.cached(f"{server.url}/never") is None
    assert one.cached("no address") is None
    one.close()
    with pytest.raises(FetchError, match="closed"):
        one.get(f"{server.url}/a")
    assert server.asked == []


def test_what_is_kept_in_a_circle_is_nothing(
    server: WebServer, client: Callable[..., Client]
) -> None:
    server.answer("/a", Reply(status=302, headers={"Location": "/b"}))
    server.page("/b", ARTICLE)
    one = client(rate=100)
    one.get(f"{server.url}/a")
    server.answer("/b", Reply(status=302, headers={"Location": "/a"}))
    server.page("/a", ARTICLE)
    one.get(f"{server.url}/b")
    kept = one.cached(f"{server.url}/b")
    assert kept is not None
    assert kept.url == f"{server.url}/a"
    server.answer("/a", Reply(status=302, headers={"Location": "/c"}))
    server.answer("/c", Reply(status=302, headers={"Location": "/b"}))
    for _ in range(2):
        with pytest.raises(FetchError, match="circle"):
            one.get(f"{server.url}/a")
    assert one.cached(f"{server.url}/a") is None
