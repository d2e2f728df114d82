"""Readers of archives: what networks, blogs, chats and mail programs give of what one has written.

In: the hook. Out: a reader component a format. What is heavy is imported by `build`.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import twin
from twin_archives import options, recognising

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from twin_archives.reader import ArchiveReader

__version__ = "0.1.0"


def build(chosen: options.ArchiveOptions, ctx: twin.BuildContext, *, name: str) -> ArchiveReader:
    """Return the reader of a format, which opens nothing before it is given a source."""
    from twin_archives.reader import ArchiveReader  # noqa: PLC0415 - heavy

    return ArchiveReader(import_module(f"twin_archives.{name}").read, chosen, ctx.report)


def example(folder: Path, edition: int, *, name: str) -> str:
    """Write a small archive of a format and return its path."""
    from twin_archives import samples  # noqa: PLC0415 - only checks need it

    return str(samples.WRITERS[name](folder, edition))


def _reader(
    name: str,
    summary: str,
    chosen: type[options.ArchiveOptions],
    recognises: Callable[[Path], bool],
    *suffixes: str,
) -> twin.ReaderComponent[Any]:
    return twin.ReaderComponent(
        name=name,
        summary=summary,
        options=chosen,
        build=partial(build, name=name),
        suffixes=(*suffixes, ".zip"),
        directories=True,
        recognises=recognises,
        example=partial(example, name=name),
    )


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[Any]]:
    """Yield the readers."""
    look = recognising
    social, blog = options.NamedSocialOptions, options.WordPressOptions
    yield _reader("x", "X: posts and threads of an account's archive", options.XOptions, look.is_x)
    yield _reader(
        "mastodon", "Mastodon: posts of an account's archive", social, look.is_mastodon, ".json"
    )
    yield _reader(
        "bluesky",
        "Bluesky: posts of a repository, as CAR or JSON",
        social,
        look.is_bluesky,
        ".car",
        ".json",
    )
    yield _reader(
        "wordpress", "WordPress: posts and pages of an export", blog, look.is_wordpress, ".xml"
    )
    yield _reader("jekyll", "Jekyll: the posts of a blog", options.JekyllOptions, look.is_jekyll)
    yield _reader(
        "ghost", "Ghost: posts and pages of an export", options.GhostOptions, look.is_ghost, ".json"
    )
    yield _reader("slack", "Slack: the export of a workspace", options.TalkOptions, look.is_slack)
    yield _reader(
        "whatsapp", "WhatsApp: exported chats", options.WhatsAppOptions, look.is_whatsapp, ".txt"
    )
    yield _reader(
        "telegram",
        "Telegram: what its desktop program exports as JSON",
        options.LocalTalkOptions,
        look.is_telegram,
        ".json",
    )
    yield _reader(
        "mbox",
        "Mail as mbox, a conversation a document",
        options.MailOptions,
        look.is_mbox,
        ".mbox",
    )
