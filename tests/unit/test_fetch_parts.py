"""The parts of the client that need no server: bodies, charsets, the cache, turns and rules."""

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import FetchError, RobotsRefused, TooLarge
from twin.fetch.bodies import gunzipped, read_body
from twin.fetch.cache import Cache, Entry
from twin.fetch.charsets import decoded
from twin.fetch.many import in_turn
from twin.fetch.pace import Clock, Pace, asked_to_wait
from twin.fetch.robots import LASTS, LONGEST_DELAY, UNREADABLE_LASTS, Robots


@dataclass
class Hands:
    """A clock whose hands are moved by whoever sleeps."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.at, wall=lambda: self.at, sleep=self.sleep)


# Bodies


def chunked(body: bytes, size: int) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)]


@given(body=st.binary(max_size=2000), size=st.integers(1, 300))
def test_every_packing_is_undone(body: bytes, size: int) -> None:
    bare = zlib.compressobj(wbits=-15)
    packings = {
        "": body,
        "identity": body,
        "gzip": gzip.compress(body),
        "X-GZIP": gzip.compress(body),
        "deflate": zlib.compress(body),
        " deflate ": bare.compress(body) + bare.flush(),
    }
    for encoding, packed in packings.items():
        assert read_body(chunked(packed, size), encoding, 2000, "a") == body


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_the_limit_is_exact(encoding: str) -> None:
    body = b"x" * 1000
    packed = gzip.compress(body) if encoding == "gzip" else body
    assert read_body([packed], encoding, 1000, "a") == body
    with pytest.raises(TooLarge, match="a: it has more than 999 bytes"):
        read_body([packed], encoding, 999, "a")


def test_a_bomb_is_stopped_in_steps() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(TooLarge):
        read_body([bomb], "gzip", 100, "a")
    with pytest.raises(TooLarge):
        gunzipped(bomb, 100, "a")


def test_a_file_may_be_packed_or_not() -> None:
    assert gunzipped(b"<a/>", 10, "a") == b"<a/>"
    assert gunzipped(gzip.compress(b"<a/>"), 10, "a") == b"<a/>"
    with pytest.raises(FetchError, match="broke off"):
        gunzipped(gzip.compress(b"<a/>")[:-9], 10, "a")


# Charsets


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"plain", "", ("plain", "utf-8")),
        ("\ufeffä".encode(), "text/html; charset=latin-1", ("ä", "utf-8")),
        ("ä".encode("utf-16"), "", ("ä", "utf-16-le")),
        ("ä".encode("utf-16-be"), "text/html; charset=utf-16be", (None, None)),
        ("привет".encode("cp1251"), "text/html; charset='windows-1251'", ("привет", "cp1251")),
        ("привет".encode("koi8-r"), 'text/html; charset="KOI8-R"', ("привет", "koi8-r")),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", ("日本", "cp932")),
        (b"\x93Hi\x94", "text/html; charset=iso-8859-1", ("“Hi”", "cp1252")),
        (b"<meta charset='windows-1252'>\x93", "", ("<meta charset='windows-1252'>“", "cp1252")),
        (
            b"<?xml version='1.0' encoding='iso-8859-2'?>\xb1",
            "",
            ("<?xml version='1.0' encoding='iso-8859-2'?>ą", "iso8859-2"),
        ),
    ],
)
def test_charsets(body: bytes, content_type: str, expected: tuple[str | None, str | None]) -> None:
    found = decoded(body, content_type)
    if expected[0] is not None:
        assert found == expected


def test_a_stated_charset_that_is_none_is_passed_over() -> None:
    text = "Der Fluß fließt über die Straße. " * 20
    assert decoded(text.encode("cp1252"), "text/html; charset=base64")[0] == text


@given(body=st.binary(max_size=400), label=st.text(max_size=20))
def test_no_bytes_are_refused(body: bytes, label: str) -> None:
    assert isinstance(decoded(body, f"text/html; charset={label}")[0], str)


# Cache


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    entry = Entry(
        url="https://a/ü?x",
        etag='"1"',
        modified="Wed",
        content_type="text/html",
        fetched_at=1.5,
        body=b"body" * 1000,
    )
    Cache(tmp_path / "web").put(entry)
    assert Cache(tmp_path / "web").get("https://a/ü?x") == entry
    assert Cache(tmp_path / "web").get("https://a/") is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]\nx", b'{"url": "https://a/"}\nx', b"\xff\n"])
def test_what_is_damaged_counts_as_absent(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(Entry(url="https://a/", body=b"x"))
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    path.write_bytes(damage)
    assert cache.get("https://a/") is None
    cache.put(Entry(url="https://a/", body=b"y"))
    kept = cache.get("https://a/")
    assert kept is not None
    assert kept.body == b"y"


# Turns


def test_every_host_has_its_own_turns() -> None:
    hands = Hands()
    pace = Pace(hands.clock())
    for host in ("a", "b", "a", "a"):
        pace.turn(host, 2.0)
    assert hands.slept == [2.0, 2.0]
    pace.pause("a", 30)
    pace.turn("b", 2.0)
    pace.turn("a", 2.0)
    assert hands.slept == [2.0, 2.0, 30.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:17:40 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Thu, 99 Jan 1970", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert asked_to_wait(header, 1000.0) == seconds


# Rules


def robots(text: str | FetchError, hands: Hands) -> tuple[Robots, list[str]]:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if isinstance(text, FetchError):
            raise text
        return text.encode()

    return Robots("twin", fetch, hands.clock()), asked


def test_rules_are_fetched_once_a_day_for_each_origin() -> None:
    hands = Hands()
    rules, asked = robots("User-agent: *\nDisallow: /no\nCrawl-delay: 3", hands)
    assert [rules.delay("http://a/x"), rules.delay("http://a/y")] == [3.0, 3.0]
    with pytest.raises(RobotsRefused):
        rules.delay("http://a/no/x")
    rules.delay("http://a:8080/x")
    hands.at += LASTS + 1
    rules.delay("http://a/x")
    first, second = "http://a/robots.txt", "http://a:8080/robots.txt"
    assert asked == [first, second, first]


def test_a_delay_has_an_end() -> None:
    rules, _ = robots("User-agent: twin\nCrawl-delay: 86400", Hands())
    assert rules.delay("http://a/") == LONGEST_DELAY


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_no_rules_allow_everything(status: int) -> None:
    rules, _ = robots(FetchError("no", status=status), Hands())
    assert rules.delay("http://a/") == 0


@pytest.mark.parametrize("status", [None, 429, 500, 503])
def test_rules_that_cannot_be_had_are_asked_for_again_later(status: int | None) -> None:
    hands = Hands()
    rules, asked = robots(FetchError("down", "later", status=status), hands)
    for _ in range(2):
        with pytest.raises(FetchError, match="down"):
            rules.delay("http://a/")
    hands.at += UNREADABLE_LASTS + 1
    with pytest.raises(FetchError, match="down"):
        rules.delay("http://a/")
    assert len(asked) == 2


# Many


def test_an_exception_that_is_none_of_fetching_is_raised() -> None:
    def fail(url: str) -> str:
        raise ZeroDivisionError(url)

    with pytest.raises(ZeroDivisionError):
        list(in_turn(["http://a/"], fail, 2))


def test_no_addresses_at_all() -> None:
    assert list(in_turn([], str, 2)) == []
    assert list(in_turn(["http://[", "x"], str.upper, 1)) == [("http://[", "HTTP://["), ("x", "X")]
