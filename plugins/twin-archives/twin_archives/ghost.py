"""Ghost: the export of a blog.

In: its JSON, alone, in a folder or a ZIP. Out: a document a post or page, in the words of its author.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import twin
from twin.components import Report
from twin_archives.files import Files, json_of, told
from twin_archives.markup import html_markdown
from twin_archives.options import GhostOptions
from twin_archives.shapes import instant, rows, string, table
from twin_archives.whose import is_me

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_HERE: Final = "__GHOST_URL__"
"""What the export writes in place of the blog's address."""

_PUBLISHED: Final = frozenset({"published", "sent"})


def read(files: Files, options: GhostOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an export.

    Raises:
        ReadError: if there is none.
    """
    names = [name for name in files.names if name.lower().endswith(".json")]
    files.rest(names, report, "not the export's JSON")
    exports = 0
    for name in names:
        try:
            found = json_of(files.read(name), name)
        except twin.ReadError as error:
            if files.export is None:
                raise
            told(report, ".", name, error)
            exports += 1
            continue
        database = next(iter(rows(found, "db")), table(found))
        if not table(database, "data"):
            report.skipped(name, "no export of Ghost")
            continue
        exports += 1
        yield from _Blog(table(database, "data"), options, report).documents()
    if not exports:
        message = f"{files.path}: it is no export of Ghost: no JSON with db, data and posts"
        raise twin.ReadError(message, "Settings → Import/Export → Export content has the download")


class _Blog:
    """One export."""

    def __init__(self, data: dict[str, Any], options: GhostOptions, report: Report) -> None:
        self._options = options
        self._report = report
        self._posts = rows(data, "posts")
        self._users = {string(user, "id"): user for user in rows(data, "users")}
        self._tags = {string(tag, "id"): tag for tag in rows(data, "tags")}
        self._authors_of = _joined(rows(data, "posts_authors"), "author_id")
        self._tags_of = _joined(rows(data, "posts_tags"), "tag_id")

    def documents(self) -> Iterator[LlamaDocument]:
        seen: set[str] = set()
        for number, post in enumerate(self._posts):
            identity = string(post, "uuid") or string(post, "id")
            source = f"ghost:{identity}"
            label = string(post, "slug") or identity or f"post {number}"
            try:
                if not identity:
                    message = "a post without an id"
                    raise twin.ReadError(message)  # noqa: TRY301 - told below, as all else
                if source in seen:
                    self._report.skipped(label, "the export holds it twice; the first one counts")
                elif found := self._document(post, source, label):
                    seen.add(source)
                    yield found
            except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
                told(self._report, source if identity else ".", label, error)

    def _document(self, post: dict[str, Any], source: str, label: str) -> LlamaDocument | None:
        number = string(post, "id")
        authors = [self._users.get(one, {}) for one in self._authors_of.get(number, [])]
        authors = authors or [self._users.get(string(post, "author_id"), {})]
        named = [string(user, "name") or string(user, "slug") for user in authors]
        status = string(post, "status")
        if self._options.me and not any(is_me(self._options.me, _names(user)) for user in authors):
            self._report.skipped(label, f"by {named[0] or 'someone'}, which is not you")
            return None
        if status not in _PUBLISHED and not self._options.drafts:
            self._report.skipped(label, f"its status is {status or '?'}; drafts=true reads it")
            return None
        site = self._options.site.rstrip("/")
        text = html_markdown(string(post, "html").replace(_HERE, site), site)
        text = text or string(post, "plaintext").replace(_HERE, site).strip()
        if not text:
            if string(post, "lexical") or string(post, "mobiledoc"):
                message = "it has a text that only Ghost's editor can read, and no html"
                raise twin.ReadError(message, "open and save it in Ghost, and export again")
            self._report.skipped(label, "it has no text")
            return None
        return twin.make_document(
            source=source,
            text=text,
            title=string(post, "title"),
            author=named[0] or self._options.author,
            platform="ghost",
            audience=_audience(status, string(post, "visibility")),
            published_at=instant(string(post, "published_at")),
            url=_address(post, site),
            language=string(post, "locale") or None,
            tags=self._named_tags(number),
            media_type="text/html",
            raw=string(post, "html").encode() or None,
            **_extra(post, named),
        )

    def _named_tags(self, number: str) -> tuple[str, ...]:
        tags = [self._tags.get(one, {}) for one in self._tags_of.get(number, [])]
        # Names that begin with # are for the blog's machinery.
        shown = [string(tag, "name").replace(",", " ") for tag in tags]
        return tuple(dict.fromkeys(name for name in shown if name and not name.startswith("#")))


def _joined(pairs: list[dict[str, Any]], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in sorted(pairs, key=_place):
        found.setdefault(string(pair, "post_id"), []).append(string(pair, key))
    return found


def _place(pair: dict[str, Any]) -> int:
    stated = pair.get("sort_order")
    return stated if isinstance(stated, int) else 0


def _names(user: dict[str, Any]) -> list[str]:
    return [string(user, key) for key in ("name", "slug", "email", "id")]


def _audience(status: str, visibility: str) -> twin.Audience:
    if status not in _PUBLISHED:
        return twin.Audience.PRIVATE
    # Members signed up for it; whoever paid expects that others do not see it for nothing.
    return twin.Audience.PUBLIC if visibility in {"", "public"} else twin.Audience.FRIENDS


def _address(post: dict[str, Any], site: str) -> str | None:
    stated = string(post, "canonical_url").replace(_HERE, site)
    slug = string(post, "slug")
    address = stated or (f"{site}/{slug}/" if site and slug else "")
    try:
        return twin.canonical_url(address) if address else None
    except twin.ReadError:
        return None


def _extra(post: dict[str, Any], authors: list[str]) -> dict[str, str]:
    extra = {"ghost_type": string(post, "type") or "post", "slug": string(post, "slug")}
    if excerpt := string(post, "custom_excerpt"):
        extra["description"] = excerpt
    if len(authors) > 1:
        extra["authors"] = ", ".join(authors)
    return extra
