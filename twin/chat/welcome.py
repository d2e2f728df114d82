"""What the chat page says before anything is asked.

In: summaries of what is held, and who asks. Out: whose twin it is, what it holds, and a few
questions drawn from what has really been written. Nothing above the audience is told, not even as
a number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twin.chat.page import escaped
from twin.documents import Audience, Kind
from twin.warehouse.protocol import Summary

STARTERS = 4
LABEL = 44
"""Characters of a starter's label: two of them fit beside each other under the question field."""

_NOUNS = {
    Kind.ARTICLE: ("article", "articles"),
    Kind.POST: ("post", "posts"),
    Kind.CODE: ("source file", "source files"),
    Kind.MESSAGE: ("conversation", "conversations"),
}


@dataclass(frozen=True, slots=True)
class Starter:
    """A question that can be asked by a click."""

    label: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What the page begins with.

    Attributes:
        person: whose twin it is; empty if nobody said so and several people have written.
        text: Markdown.
    """

    person: str
    text: str
    starters: tuple[Starter, ...]


def welcome(
    summaries: Iterable[Summary], *, person: str, slug: str | None, audience: Audience
) -> Welcome:
    """Return what the page begins with.

    Args:
        summaries: of all that is held.
        person: the name in the settings, may be empty.
        slug: the author that this name is, None if that author has written nothing.
        audience: who asks.
    """
    seen = [summary for summary in summaries if summary.audience in audience.visible]
    names = {summary.author_slug: summary.author for summary in seen if summary.author}
    if not person and len(names) == 1:
        slug, person = next(iter(names.items()))
    own = [s for s in seen if slug is None or s.author_slug == slug] or seen
    whose = f"{escaped(person)}’s twin" if person else "A twin"
    return Welcome(
        person=person,
        text=f"### {whose}\n\n{_holding(seen)}",
        starters=_starters(own),
    )


def _holding(seen: Sequence[Summary]) -> str:
    if not seen:
        return "It holds nothing yet\\. Give it something to read with `twin ingest FOLDER`\\."
    counts = Counter(summary.kind for summary in seen)
    parts = [f"{counts[kind]:,} {_NOUNS[kind][counts[kind] != 1]}" for kind in Kind if counts[kind]]
    years = sorted(summary.published_at[:4] for summary in seen if summary.published_at)
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    period = ""
    if years:
        period = f" from {years[0]}" if years[0] == years[-1] else f", {years[0]} to {years[-1]}"
    return f"It has read {listed}{period}, and answers from nothing else\\."


def _starters(own: Sequence[Summary]) -> tuple[Starter, ...]:
    """Return questions about articles, the newest of each of the last years first.

    Where those are too few, older ones of the same years follow, and then whatever has a title.
    """
    chosen: dict[str, Summary] = {}
    for kinds in ({Kind.ARTICLE}, {Kind.POST}):
        titled = sorted(
            (s for s in own if s.kind in kinds and s.title.strip() and s.published_at),
            key=lambda s: s.published_at or "",
            reverse=True,
        )
        undated = [s for s in own if s.kind in kinds and s.title.strip() and not s.published_at]
        newest: dict[str, Summary] = {}
        for summary in titled:
            newest.setdefault((summary.published_at or "")[:4], summary)
        for summary in [*newest.values(), *titled, *undated]:
            chosen.setdefault(_plain(summary.title).casefold(), summary)
    picked = list(chosen.values())[:STARTERS]
    return tuple(_starter(_plain(summary.title)) for summary in picked)


def _starter(title: str) -> Starter:
    if title.endswith("?"):
        return Starter(_shortened(title), title)
    return Starter(_shortened(title), f"What did you write about “{title}”?")


def _plain(title: str) -> str:
    return " ".join(title.split())


def _shortened(text: str) -> str:
    if len(text) <= LABEL:
        return text
    return f"{text[:LABEL].rsplit(' ', 1)[0].rstrip(',;:.–— ')}…"
