"""Which addresses may be asked."""

import pytest

from twin.errors import FetchError, RefusedAddress
from twin.fetch.addresses import checked_url, origin, public_numbers


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:443/a b?q=ü#x", "https://example.org/a%20b?q=%C3%BC"),
        (" https://example.org./a%20b ", "https://example.org/a%20b"),
        ("https://bücher.example/ß", "https://xn--bcher-kva.example/%C3%9F"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ],
)
def test_an_address_as_it_is_asked_for(given: str, expected: str) -> None:
    assert checked_url(given) == expected
    assert checked_url(expected) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "example.org",
        "//example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "http://a:99999/",
        "http://" + "a" * 5000,
        "javascript:alert(1)",
    ],
)
def test_what_is_no_web_address(wrong: str) -> None:
    with pytest.raises(RefusedAddress, match="not a web address"):
        checked_url(wrong)


@pytest.mark.parametrize(
    "secret",
    [
        "https://me:hunter2@example.org/",
        "https://hunter2@example.org/",
        "ftp://me:hunter2@a/",
        "http://me:hunter2@[::1/",
        "http://me:hunter2@a:99999/",
    ],
)
def test_a_password_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(RefusedAddress) as caught:
        checked_url(secret)
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


PUBLIC = ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fc00::1"]
NEVER = [
    "169.254.169.254",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
]


@pytest.mark.parametrize("number", PUBLIC)
def test_public_numbers(number: str) -> None:
    assert public_numbers("a.example", 80, (), lambda *_: [number]) == [number]


@pytest.mark.parametrize("number", [*PRIVATE, *NEVER, "::ffff:10.0.0.1", "2002:7f00:1::1"])
def test_other_numbers_are_refused(number: str) -> None:
    with pytest.raises(RefusedAddress, match=r"a\.example leads to"):
        public_numbers("a.example", 80, (), lambda *_: ["8.8.8.8", number])


@pytest.mark.parametrize("number", PRIVATE)
def test_a_named_host_may_be_private(number: str) -> None:
    resolve = lambda *_: [number]  # noqa: E731
    assert public_numbers("Wiki.Local.", 80, ("wiki.local",), resolve) == [number]
    with pytest.raises(RefusedAddress):
        public_numbers("other.local", 80, ("wiki.local",), resolve)


@pytest.mark.parametrize("number", NEVER)
def test_what_no_host_may_be(number: str) -> None:
    with pytest.raises(RefusedAddress):
        public_numbers("wiki.local", 80, ("wiki.local",), lambda *_: [number])


def test_no_number_at_all() -> None:
    with pytest.raises(FetchError, match=r"there is no host a\.example"):
        public_numbers("a.example", 80, (), lambda *_: [])


def test_the_origin_of_an_address() -> None:
    assert origin("http://example.org:8080/a/b?c") == "http://example.org:8080"
