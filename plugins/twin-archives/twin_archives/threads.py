"""Posts of one account, its threads joined.

In: the account's own posts, each with the post that it answers. Out: a document a thread: a post with
all of the person's own continuations. A reply to someone else begins a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import twin
from twin.components import Report

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post.

    Attributes:
        id: the platform's.
        answers: the id of what it answers, empty if nothing.
        to_other: whether that is another's, by all that the post itself says.
        url: of the post.
        answered: where what it answers can be read.
        repeated: what another wrote, and the post repeats by hand below its own words.
        whose: the other's name.
    """

    id: str
    text: str
    when: datetime
    answers: str = ""
    to_other: bool = False
    url: str | None = None
    answered: str = ""
    language: str | None = None
    tags: tuple[str, ...] = ()
    audience: twin.Audience = twin.Audience.PUBLIC
    extra: Mapping[str, str] = field(default_factory=dict)
    repeated: str = ""
    whose: str = ""


def threads(posts: Iterable[Post], platform: str, report: Report) -> Iterator[list[Post]]:
    """Yield the threads in the order of their first posts, each in the order of writing.

    Of a post that is there twice the first counts, and the report is told.
    """
    known: dict[str, Post] = {}
    for post in posts:
        if known.setdefault(post.id, post) is not post:
            reason = "the archive has it twice; the first one counts"
            report.skipped(f"{platform}:{post.id}", reason)
    found: dict[str, list[Post]] = {}
    for post in sorted(known.values(), key=lambda one: (one.when, one.id)):
        found.setdefault(_root(post, known), []).append(post)
    for root, thread in found.items():
        # The root comes first whatever the clocks say.
        yield sorted(thread, key=lambda one: (one.id != root, one.when, one.id))


def _root(post: Post, known: Mapping[str, Post]) -> str:
    seen = {post.id}
    while post.answers in known and post.answers not in seen:
        post = known[post.answers]
        seen.add(post.id)
    return post.id


def thread_document(thread: list[Post], *, platform: str, author: str) -> LlamaDocument:
    """Return the document of a thread, which its first post identifies."""
    root = thread[0]
    what = "reply" if root.to_other else "thread" if len(thread) > 1 else "post"
    extra = {f"{platform}_what": what, **root.extra}
    if len(thread) > 1:
        extra["posts"] = str(len(thread))
    if root.answered:
        extra["in_reply_to"] = root.answered
    others = twin.Others()
    pieces: list[str] = []
    for post in thread:
        pieces.append(post.text.strip())
        pieces.append(others.quote(post.repeated, post.whose) if post.repeated.strip() else "")
    text, said = others.woven("\n\n".join(filter(None, pieces)))
    narrowest = max((post.audience for post in thread), key=list(twin.Audience).index)
    return twin.make_document(
        source=f"{platform}:{root.id}",
        text=text,
        author=author,
        kind=twin.Kind.POST,
        platform=platform,
        audience=narrowest,
        published_at=root.when,
        url=root.url,
        language=root.language,
        raw=None,
        tags=tuple(dict.fromkeys(tag for post in thread for tag in post.tags)),
        **extra,
        **said,
    )
