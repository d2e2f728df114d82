"""What an export says of its posts.

In: `posts.csv`, and the HTML of the posts. Out: rows, and the address of the newsletter.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import twin
from twin_files.dates import stated_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SUBSCRIBE: Final = re.compile(
    r"https?://([a-z0-9][a-z0-9.-]*\.[a-z]{2,})/subscribe\b", re.IGNORECASE
)
_POST: Final = re.compile(r"https?://([a-z0-9][a-z0-9.-]*\.[a-z]{2,})/p/([\w-]+)", re.IGNORECASE)
_SHARED: Final = frozenset({"substack.com", "www.substack.com", "open.substack.com"})
_HALF: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of `posts.csv`.

    Attributes:
        key: how the file of the post is called, without its suffix.
        number: Substack's id of it.
        slug: the end of its address.
        what: ``newsletter``, ``podcast``, ``thread``, ``page``, or what else the export says.
        audience: ``everyone``, ``only_free``, ``only_paid``, ``founding``.
        published: ISO 8601, None if it states none.
        doubt: what it states and cannot be used, empty if nothing.
    """

    key: str
    number: str
    slug: str
    is_published: bool
    what: str
    audience: str
    title: str
    subtitle: str
    published: str | None
    podcast: str
    doubt: str

    @property
    def name(self) -> str:
        """The file that holds the post."""
        return f"posts/{self.key}.html"


def read_rows(text: str) -> Iterator[Row | str]:
    """Yield the posts that a `posts.csv` lists, or what is wrong with a line.

    Raises:
        ReadError: if it is no table of posts.
    """
    table = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    if "post_id" not in (table.fieldnames or ()):
        message = "posts.csv: it has no column post_id"
        raise twin.ReadError(message, "download the export again")
    try:
        for values in table:
            if "" in values:
                yield f"line {table.line_num}: it has more values than columns"
            elif not str(values["post_id"]).strip():
                yield f"line {table.line_num}: it has no post_id"
            else:
                yield _row(values)
    except csv.Error as error:
        yield f"line {table.line_num}: {error}; what follows it was not read"


def _row(values: dict[str, str]) -> Row:
    key = values["post_id"].strip()
    number, _, slug = key.partition(".")
    stated = values.get("post_date", "").strip()
    moment = stated_date(stated) if stated else None
    return Row(
        key=key,
        number=number,
        slug=slug,
        is_published=values.get("is_published", "").strip().lower() == "true",
        what=values.get("type", "").strip().lower() or "newsletter",
        audience=values.get("audience", "").strip().lower() or "everyone",
        title=_unescaped(values.get("title", "")),
        subtitle=_unescaped(values.get("subtitle", "")),
        published=moment.isoformat() if moment else None,
        podcast=values.get("podcast_url", "").strip(),
        doubt=f"its date {stated!r:.60} is none" if stated and moment is None else "",
    )


def _unescaped(text: str) -> str:
    # Titles stand in the table as they do in HTML.
    return " ".join(html.unescape(text).split())


def newsletter_address(pages: Iterable[str], slugs: Iterable[str], names: Iterable[str]) -> str:
    """Return the address of the newsletter that an export comes from, empty if it is not clear.

    Every post has one vote for each site that its buttons name; a site with more than half of the
    votes wins. Without any, the file with the subscribers names it.

    Args:
        pages: the HTML of the posts.
        slugs: of the newsletter's own posts.
        names: of the files in the export.
    """
    own = set(slugs)
    votes: Counter[str] = Counter()
    for page in pages:
        hosts = {match[1].lower() for match in _SUBSCRIBE.finditer(page)}
        hosts |= {match[1].lower() for match in _POST.finditer(page) if match[2] in own}
        votes.update(hosts - _SHARED)
    if votes:
        host, most = votes.most_common(1)[0]
        return f"https://{host}" if most * _HALF > votes.total() else ""
    lists = (re.fullmatch(r"email_list\.([a-z0-9-]+)\.csv", name) for name in names)
    named = {match[1] for match in lists if match}
    return f"https://{named.pop()}.substack.com" if len(named) == 1 else ""
