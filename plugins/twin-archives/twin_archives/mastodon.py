"""Mastodon: the archive of an account, and of what else speaks ActivityPub.

In: ``outbox.json`` and ``actor.json``. Out: a document a post or thread. Boosts are skipped; who may
see a post decides its audience.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from bs4 import BeautifulSoup

import twin
from twin.components import Report
from twin_archives.files import Files, json_of, told
from twin_archives.markup import html_markdown
from twin_archives.options import NamedSocialOptions
from twin_archives.shapes import at, instant, rows, string, strings, table
from twin_archives.threads import Post, thread_document, threads

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_WRITING: Final = frozenset({"Note", "Article", "Question", "Page"})
_NAMED: Final = re.compile(r"mention|hashtag|u-url")


def read(files: Files, options: NamedSocialOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an account's archive.

    Raises:
        ReadError: if it is none.
    """
    archive = files.beneath("outbox.json")
    if archive is None:
        message = f"{files.path}: it is no archive of Mastodon: it has no outbox.json"
        raise twin.ReadError(message, "Preferences → Import and export → Request your archive")
    name = "outbox.json" if files.export else files.names[0]
    outbox = json_of(archive.read(name), name)
    items = at(outbox, "orderedItems")
    if not isinstance(items, list):
        message = f"{name}: it holds no list of activities"
        raise twin.ReadError(message, "request the archive again")
    author = options.author or _profile(archive, report)
    archive.rest([name, "actor.json"], report, "no posts of this account")
    own = next(iter({string(item, "actor") for item in items} - {""}), "")
    posts: list[Post] = []
    for number, item in enumerate(items):
        try:
            if post := _post(item, number, own, report):
                posts.append(post)
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            told(report, _source(item), f"{name} item {number}", error)
    for thread in threads(posts, "mastodon", report):
        if thread[0].to_other and not options.replies:
            report.skipped(f"mastodon:{thread[0].id}", "a reply, which is left out")
        elif not any(post.text.strip() for post in thread):
            report.skipped(f"mastodon:{thread[0].id}", "it has no words")
        else:
            yield thread_document(thread, platform="mastodon", author=author)


def _profile(archive: Files, report: Report) -> str:
    if "actor.json" not in archive.names:
        return ""
    try:
        actor = json_of(archive.read("actor.json"), "actor.json")
    except twin.ReadError as error:
        report.failed("actor.json", error.message)
        return ""
    return string(actor, "name") or string(actor, "preferredUsername")


def _source(item: Any) -> str:
    number = string(item, "object", "id")
    return f"mastodon:{number}" if number else "."


def _post(item: Any, number: int, own: str, report: Report) -> Post | None:
    note = table(item, "object")
    address = string(note, "id")
    label = address or string(item, "id") or f"item {number}"
    what = string(item, "type")
    if what == "Announce":
        report.skipped(label, "a boost: another's words")
        return None
    if what != "Create" or string(note, "type") not in _WRITING:
        report.skipped(label, f"no post but {what or 'something'} of {string(note, 'type') or '?'}")
        return None
    when = instant(string(note, "published") or string(item, "published"))
    if not address or when is None:
        message = "a post without id or time"
        raise twin.ReadError(message)
    answers = string(note, "inReplyTo")
    language = next(iter(table(note, "contentMap")), None)
    return Post(
        id=address,
        text=_text(note),
        when=when,
        answers=answers,
        # Whatever of one's own is answered has an address that begins with one's own.
        to_other=bool(answers and not (own and answers.startswith(f"{own}/"))),
        url=_address(string(note, "url") or address),
        answered=answers,
        language=language,
        tags=tuple(
            name
            for tag in rows(note, "tag")
            if string(tag, "type") == "Hashtag" and (name := string(tag, "name").lstrip("#"))
        ),
        audience=_audience(note),
    )


def _address(url: str) -> str | None:
    try:
        return twin.canonical_url(url)
    except twin.ReadError:
        return None


def _audience(note: dict[str, Any]) -> twin.Audience:
    receivers = {*strings(note, "to"), *strings(note, "cc")}
    if receivers & _PUBLIC:
        return twin.Audience.PUBLIC
    if any(one.endswith("/followers") for one in receivers):
        return twin.Audience.FRIENDS
    return twin.Audience.PRIVATE


def _text(note: dict[str, Any]) -> str:
    soup = BeautifulSoup(f"{string(note, 'content')}\n", "html.parser")
    for link in soup.find_all("a", class_=_NAMED):
        # Names and tags are words; the network turns them into links.
        link.replace_with(link.get_text())
    parts = [html_markdown(str(soup))]
    # What a post is hidden behind is the person's own too.
    parts.insert(0, html_markdown(string(note, "summary")))
    parts += [f"- {string(one, 'name')}" for key in ("oneOf", "anyOf") for one in rows(note, key)]
    parts += [
        f"![{name}]({string(one, 'url')})"
        for one in rows(note, "attachment")
        if (name := " ".join(string(one, "name").split()))
    ]
    return "\n\n".join(part for part in parts if part.strip())
