"""Whose site an address is on, as far as its host tells.

In: hosts. Out: whether one belongs to the same person as another, or may do so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

SHARED: Final = frozenset(
    {"beehiiv.com", "bearblog.dev", "blog.hu", "blogger.com", "blogspot.com", "buttondown.email"}
    | {"cohost.org", "dev.to", "dreamwidth.org", "ghost.io", "github.com", "github.io", "gitlab.io"}
    | {"hashnode.dev", "hatenablog.com", "hatenadiary.org", "listed.to", "livejournal.com"}
    | {"mataroa.blog", "medium.com", "micro.blog", "neocities.org", "netlify.app", "notion.site"}
    | {"omg.lol", "over-blog.com", "pages.dev", "posthaven.com", "prose.sh", "readthedocs.io"}
    | {"sourceforge.net", "squarespace.com", "substack.com", "svbtle.com", "tumblr.com"}
    | {"typepad.com", "vercel.app", "weebly.com", "wixsite.com", "wordpress.com", "write.as"}
    | {"writeas.com"}
)
"""Hosts below which many people have a site each."""

_SECOND: Final = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})
"""What stands before the name of a country in place of a name of its own, as in ``co.uk``."""


def host_of(address: str) -> str:
    """Return the host of an address without ``www.``, empty if it has none."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_of(host: str, sites: Iterable[str]) -> bool:
    """Return whether a host is one of some sites, or below or above one of them."""
    return any(host == one or _below(host, one) or _below(one, host) for one in sites if one)


def is_akin(host: str, sites: Iterable[str]) -> bool:
    """Return whether a host stands beside one of some sites, as ``a.`` and ``b.example.org`` do.

    On a domain of one's own both are the same person's; on that of a university they are not.
    """
    parent = _parent(host)
    return bool(parent) and any(parent == _parent(one) for one in sites)


def _below(host: str, site: str) -> bool:
    return bool(site) and site not in SHARED and host.endswith(f".{site}")


def _parent(host: str) -> str:
    """Return the domain that a host is a part of, empty if that is nobody's."""
    labels = host.split(".")[1:]
    nobodys = len(labels) < 2 or (len(labels) == 2 and labels[0] in _SECOND)  # noqa: PLR2004
    parent = ".".join(labels)
    return "" if nobodys or parent in SHARED or labels[-1].isdigit() else parent
