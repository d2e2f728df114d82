"""The feed of a profile or a publication, which twin-web reads.

In: documents as the reader of feeds gives them. Out: the same as the export would have them: without
what Medium adds to each item, and under the address without the mark of the feed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin_medium.options import MediumOptions

_ADDED: Final = re.compile(
    r"\[.*\]\(.*\) was originally published in .* on Medium, where people are continuing the "
    r"conversation by highlighting and responding to this story\."
)
_PICTURE: Final = re.compile(r"!\[\s*\]\([^()\s]*\)\n*")
_MARK: Final = re.compile(r"[?&]source=rss-[^&]*")


def feed_documents(
    source: str, options: MediumOptions, ctx: twin.BuildContext
) -> Iterator[LlamaDocument]:
    """Yield the documents of a feed.

    Raises:
        ComponentUnavailable: if twin-web is not installed.
        FetchError: if the feed cannot be fetched.
    """
    try:
        from twin_web import build  # noqa: PLC0415 - may not be installed
        from twin_web.options import FeedOptions  # noqa: PLC0415
    except ImportError as error:
        message = "feeds are read by twin-web, which is not installed"
        raise twin.ComponentUnavailable(message, "twin install twin-web") from error
    reader = build("feed", FeedOptions(author=options.author, platform="medium"), ctx)
    for found in reader.lazy_load_data(source):
        yield _as_exported(found)


def _as_exported(found: LlamaDocument) -> LlamaDocument:
    metadata: dict[str, Any] = dict(found.metadata)
    metadata["source"] = _MARK.sub("", metadata["source"])
    metadata["url"] = metadata["source"]
    return twin.make_document(text=cleaned(found.get_content()), **metadata)


def cleaned(text: str) -> str:
    """Return an item's text without the line that Medium adds, and pictures without words."""
    kept = _PICTURE.sub("", text).strip()
    before, _, last = kept.rpartition("\n\n")
    if _ADDED.fullmatch(" ".join(last.split())):
        kept = before.removesuffix("---").strip()
    return f"{kept}\n" if kept else ""
