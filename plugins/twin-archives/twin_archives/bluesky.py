"""Bluesky, and other repositories of the AT protocol.

In: a repository as a CAR file, a folder of its records as JSON, or lists of records as JSON. Out: a
document a post or thread. Reposts, likes and follows are skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import twin
from twin.components import Report
from twin_archives.car import car_records
from twin_archives.files import Files, json_of, told
from twin_archives.options import NamedSocialOptions
from twin_archives.shapes import instant, rows, string, strings, table
from twin_archives.threads import Post, thread_document, threads

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

POSTS: Final = "app.bsky.feed.post"
_PROFILE: Final = "app.bsky.actor.profile"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it stands in its repository, and what it holds."""

    did: str
    collection: str
    key: str
    value: dict[str, Any]


def read(files: Files, options: NamedSocialOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of a repository.

    Raises:
        ReadError: if there is none.
    """
    records = list(_records(files, report))
    if not records:
        message = f"{files.path}: it holds no records of the AT protocol"
        raise twin.ReadError(message, "Settings → Account → Export my data gives a CAR file")
    profile: dict[str, Any] = next((r.value for r in records if r.collection == _PROFILE), {})
    author = options.author or string(profile, "displayName")
    others = Counter((r.did, r.collection) for r in records if r.collection != POSTS)
    for (_, collection), times in sorted(others.items()):
        report.skipped(collection, f"{times} records that are no posts")
    posts: list[Post] = []
    for record in records:
        if record.collection != POSTS:
            continue
        try:
            posts.append(_post(record))
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            told(report, f"bluesky:{record.did}/{record.key}", record.key, error)
    for thread in threads(posts, "bluesky", report):
        if thread[0].to_other and not options.replies:
            report.skipped(f"bluesky:{thread[0].id}", "a reply, which is left out")
        elif not any(post.text.strip() for post in thread):
            report.skipped(f"bluesky:{thread[0].id}", "it has no words")
        else:
            yield thread_document(thread, platform="bluesky", author=author)


def _records(files: Files, report: Report) -> Iterator[Record]:
    for name in files.names:
        lower = name.lower()
        try:
            if lower.endswith(".car"):
                did, found = car_records(files.read(name))
                for path, value in found:
                    collection, _, key = path.partition("/")
                    yield Record(did, collection, key, value)
            elif lower.endswith(".json"):
                yield from _of_json(files, name, report)
            else:
                report.skipped(name, "neither a CAR file nor JSON")
        except twin.ReadError as error:
            told(report, ".", name, error)


def _of_json(files: Files, name: str, report: Report) -> Iterator[Record]:
    found = json_of(files.read(name), name)
    listed = rows(found, "records") or (found if isinstance(found, list) else [])
    if listed:
        for number, row in enumerate(listed):
            if record := _addressed(string(row, "uri"), table(row, "value")):
                yield record
            else:
                report.skipped(f"{name} {number}", "no record of the AT protocol")
        return
    # Unpacked by a tool: .../did:plc:.../app.bsky.feed.post/3k....json
    *folders, last = name.split("/")
    did = next((part for part in [*folders, files.title] if part.startswith("did:")), "")
    if string(found, "$type") and folders:
        yield Record(did or files.title, folders[-1], last.rpartition(".")[0], found)
    else:
        report.skipped(name, "no record of the AT protocol")


def _addressed(uri: str, value: dict[str, Any]) -> Record | None:
    parts = uri.removeprefix("at://").split("/")
    if len(parts) != 3 or not value:  # noqa: PLR2004 - account, collection and key
        return None
    return Record(parts[0], parts[1], parts[2], value)


def _post(record: Record) -> Post:
    value = record.value
    when = instant(string(value, "createdAt"))
    if when is None:
        message = "a post without a time"
        raise twin.ReadError(message)
    parent = string(value, "reply", "parent", "uri").removeprefix("at://")
    did, _, key = parent.partition(f"/{POSTS}/")
    languages = strings(value, "langs")
    embed = table(value, "embed")
    extra = {}
    quoted = string(embed, "record", "uri") or string(embed, "record", "record", "uri")
    if quoted:
        extra["quotes"] = _address(quoted.removeprefix("at://"))
    return Post(
        id=f"{record.did}/{record.key}",
        text="\n\n".join(filter(None, [_linked(value), *_embedded(embed)])),
        when=when,
        answers=f"{did}/{key}" if parent else "",
        to_other=bool(parent and did != record.did),
        url=f"https://bsky.app/profile/{record.did}/post/{record.key}",
        answered=_address(parent) if parent else "",
        language=languages[0] if languages else None,
        tags=tuple(dict.fromkeys([*strings(value, "tags"), *_features(value, "tag", "tag")])),
        extra=extra,
    )


def _address(path: str) -> str:
    did, _, key = path.partition(f"/{POSTS}/")
    return f"https://bsky.app/profile/{did}/post/{key}" if key else f"at://{path}"


def _features(value: dict[str, Any], what: str, key: str) -> list[str]:
    return [
        string(feature, key)
        for facet in rows(value, "facets")
        for feature in rows(facet, "features")
        if string(feature, "$type").endswith(f"#{what}") and string(feature, key)
    ]


def _linked(value: dict[str, Any]) -> str:
    """Return the text with its links; facets count in bytes of UTF-8."""
    raw = string(value, "text").encode()
    links = []
    for facet in rows(value, "facets"):
        uris = _features({"facets": [facet]}, "link", "uri")
        span = table(facet, "index")
        start, end = span.get("byteStart"), span.get("byteEnd")
        if (
            uris
            and isinstance(start, int)
            and isinstance(end, int)
            and 0 <= start < end <= len(raw)
        ):
            links.append((start, end, uris[0]))
    pieces, at = [], 0
    for start, end, uri in sorted(links):
        if start < at:
            continue
        label = raw[start:end].decode("utf-8", "ignore")
        short = label.removesuffix("...").removeprefix("https://")
        # A shortened address says nothing that the whole one does not.
        link = uri if short and short in uri else f"[{label}]({uri})"
        pieces += [raw[at:start].decode("utf-8", "ignore"), link]
        at = end
    return "".join([*pieces, raw[at:].decode("utf-8", "ignore")])


def _embedded(embed: dict[str, Any]) -> Iterator[str]:
    """Yield what was added to a post: the pictures' descriptions, and the page it points to."""
    media = table(embed, "media") or embed
    for image in rows(media, "images"):
        if alt := " ".join(string(image, "alt").split()):
            yield f"![{alt}]()"
    if alt := " ".join(string(media, "alt").split()):
        yield f"![{alt}]()"
    if uri := string(media, "external", "uri"):
        # The title of the page is that of its author, a link needs a name all the same.
        title = " ".join(string(media, "external", "title").split()).replace("]", ")")
        yield f"[{title or uri}]({uri})"
