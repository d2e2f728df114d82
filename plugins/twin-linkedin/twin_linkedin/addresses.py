"""How LinkedIn names its posts and comments.

In: links as the archive has them. Out: canonical addresses, and the ids inside them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import twin

_POST: Final = re.compile(r"urn:li:(activity|share|ugcPost|groupPost):([\w-]+)")
_COMMENT: Final = re.compile(r"commentUrn=urn:li:comment:\([^()]*,\s*(\d+)\)")


def post_address(link: str) -> str:
    """Return the canonical address of a post, however its link is escaped; empty if it is none."""
    if match := _POST.search(unquote(link)):
        return f"https://www.linkedin.com/feed/update/urn:li:{match[1]}:{match[2]}"
    try:
        return twin.canonical_url(link)
    except twin.ReadError:
        return ""


def comment_number(link: str) -> str:
    """Return the id of the comment that a link leads to, empty if it leads to the post alone."""
    match = _COMMENT.search(unquote(unquote(link)))
    return match[1] if match else ""
