"""Which addresses may be asked, and which numbers they may lead to.

In: a URL as a person, a page or a redirect wrote it. Out: the URL as it is asked for, and the
checked numbers of its host; what is no business of a reader is refused.
"""

import re
import socket
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from twin.errors import FetchError, RefusedAddress

Number = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Iterable[str]]
"""From a host and port to numbers, as text."""

_TRANSLATED: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""IPv6 that a gateway turns into the IPv4 address in its last 32 bits (RFC 6052, RFC 8215)."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LONGEST: Final = 4096


def checked_url(url: str) -> str:
    """Return `url` as it is asked for: its host in lower-case ASCII, no fragment.

    Raises:
        RefusedAddress: if it is no web address, or has a name and password in it. The message has
            neither of them.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
        if "@" in parts.netloc:
            message = f"the address of {host} has a name or password in it"
            raise RefusedAddress(message, "take them out; pages behind a login are not read")
        host = host if ":" in host or host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        message = f"not a web address: {_shown(url)!r}"
        raise RefusedAddress(message, "is it spelt as in the browser?") from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host or len(url) > _LONGEST:
        message = f"not a web address: {_shown(url)!r}"
        raise RefusedAddress(message, "only http:// and https:// are fetched")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|{}^`\\")
    return urlunsplit((scheme, netloc, path, query, ""))


def origin(url: str) -> str:
    """Return the scheme, host and port of a checked URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def resolved(host: str, port: int) -> list[str]:
    """Return the numbers of a host as the system knows them.

    Raises:
        FetchError: if there is no such host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        message = f"there is no host {host} ({error.strerror or error})"
        raise FetchError(message, "is the address right, and the network up?") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_numbers(
    host: str, port: int, allowed: Collection[str], resolve: Resolver = resolved
) -> list[str]:
    """Return the numbers to which a connection to `host` may be made.

    Args:
        host: the host of a checked URL.
        port: where on it.
        allowed: hosts that may lie in a private network or on this machine.
        resolve: asks the system.

    Raises:
        RefusedAddress: if any of its numbers is private, of this machine, or of no one.
        FetchError: if there is no such host.
    """
    named = host.lower().rstrip(".") in {name.lower() for name in allowed}
    numbers = list(resolve(host, port))
    for text in numbers:
        # A scope such as %eth0 belongs to link-local addresses alone.
        number = _inner(ip_address(text.partition("%")[0]))
        if _public(number) or (named and _near(number)):
            continue
        message = f"{host} leads to {text}, which is no address of the public web"
        hint = "a host of your own network must be named in fetch.allow_private"
        raise RefusedAddress(message, hint)
    if not numbers:
        message = f"there is no host {host}"
        raise FetchError(message, "is the address right?")
    return numbers


def _shown(url: str) -> str:
    """Return the beginning of an address without the name and password that may be in it."""
    return re.sub(r"//[^/@]*@", "//", url)[:100]


def _public(number: Number) -> bool:
    return number.is_global and not number.is_multicast and not number.is_reserved


def _near(number: Number) -> bool:
    """Return whether it may be of this machine or a private network; link-local ones never are.

    Clouds answer at 169.254.169.254 with the machine's own credentials.
    """
    return not (
        number.is_link_local
        or number.is_multicast
        or number.is_unspecified
        or (number.is_reserved and not number.is_loopback)
    )


def _inner(number: Number) -> Number:
    """Return the IPv4 address that an IPv6 one stands for, or the number itself."""
    if isinstance(number, IPv4Address):
        return number
    if number.ipv4_mapped or number.sixtofour:
        return number.ipv4_mapped or number.sixtofour or number
    if number.teredo:
        return number.teredo[1]
    if any(number in network for network in _TRANSLATED):
        return IPv4Address(int(number) & 0xFFFFFFFF)
    return number
