"""From a page to the writing on it, as Markdown.

In: HTML. Out: `Extract`. Trafilatura decides what on the page is the writing; the text itself is
made from the page's own tree, so that code, links, tables and emphasis are those of the author.
Where the two cannot be brought together, Trafilatura's own Markdown is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from trafilatura import extract

from twin_web.alignment import mark_extracted
from twin_web.choosing import mend
from twin_web.markdown import markdown
from twin_web.runs import drop_unread, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twin_web.runs import Run


TOO_LITTLE: Final = 0.25
"""The part of what the balanced mode finds below which the precise one has missed the writing."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The writing on a page.

    Attributes:
        text: Markdown, without the page's title.
        linked: how much of it is links, from 0 to 1; a list of articles is nearly all.
    """

    text: str
    linked: float


def extracted(html: str, base: str = "", titles: Iterable[str] = ()) -> Extract:
    """Return the writing on a page; an empty one if there is none.

    Args:
        html: the page.
        base: its address, at which relative links begin.
        titles: what the page says that its title is.
    """
    html = as_page(html)
    chosen = _chosen(html)
    soup = BeautifulSoup(html, "lxml")
    stated = soup.find("base", href=True)
    place = urljoin(base, str(stated["href"])) if stated is not None else base
    drop_unread(soup)
    runs = runs_of(soup)
    mark_extracted(runs, chosen)
    if not any(run.kept for run in runs):
        return _as_trafilatura_has_it(html)
    mend(runs, titles)
    linked = _linked([run for run in runs if run.kept])
    for run in runs:
        if not run.kept:
            for string in run.strings:
                string.extract()
    return Extract(markdown(soup, place), linked)


def as_page(html: str) -> str:
    """Return HTML as Trafilatura wants it, which takes nothing for HTML that does not say so."""
    return html if "html" in html[:50].lower() else f"<!doctype html>\n{html}"


def _chosen(html: str) -> str:
    """Return the plain text that Trafilatura takes for the writing.

    Its precise mode is the better one on nearly all pages, and on a few finds a summary alone.
    """
    precise = extract(html, include_comments=False, favor_precision=True) or ""
    balanced = extract(html, include_comments=False) or ""
    return balanced if len(precise) < TOO_LITTLE * len(balanced) else precise


def _as_trafilatura_has_it(html: str) -> Extract:
    text = extract(
        html,
        include_comments=False,
        favor_precision=True,
        output_format="markdown",
        include_links=True,
        include_formatting=True,
    )
    return Extract(f"{text.strip()}\n" if text and text.strip() else "", 0.0)


def _linked(runs: Sequence[Run]) -> float:
    size = sum(len(run.text) for run in runs)
    return sum(run.linked * len(run.text) for run in runs) / max(1, size)
