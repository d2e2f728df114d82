"""What a person may set for each reader.

In: keywords of the command line or of twin.toml. Out: checked, frozen options.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

import twin


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{value!r} is no time zone; write it as in Europe/Berlin"
        raise ValueError(message) from error
    return value


Zone = Annotated[str, AfterValidator(_zone)]


class ArchiveOptions(twin.Options):
    """Options of every reader of archives."""

    max_entries: int = Field(
        default=10_000, ge=1, description="files and folders that an export may hold"
    )
    max_bytes: int = Field(
        default=100_000_000, ge=1, description="bytes that one file of it may have"
    )


class SocialOptions(ArchiveOptions):
    """Options of the readers `x`, `mastodon` and `bluesky`."""

    replies: bool = Field(default=True, description="whether replies to others are read")


class XOptions(SocialOptions):
    """Options of the reader `x`."""

    messages: bool = Field(
        default=False, description="whether direct messages are read, as private"
    )


class NamedSocialOptions(SocialOptions):
    """Options of the readers whose archive may lack the account's name."""

    author: str = Field(default="", description="your name; by default the one of the profile")


class BlogOptions(ArchiveOptions):
    """Options of the readers of blogs."""

    author: str = Field(default="", description="author of what states none")
    drafts: bool = Field(default=False, description="whether drafts are read, as private")


class JekyllOptions(BlogOptions):
    """Options of the reader `jekyll`."""

    # Not `name`, which is that of the folder around a ZIP.
    collection: str = Field(
        default="",
        description="what sources are named by; by default the name of the folder or ZIP",
    )
    site: str = Field(default="", description="address of the blog; by default that in _config.yml")


class ManyAuthorsOptions(BlogOptions):
    """Options of the readers of blogs that may have several authors."""

    me: str = Field(
        default="",
        description="your name, login or address there, several separated by semicolons; "
        "what others wrote is then skipped",
    )


class WordPressOptions(ManyAuthorsOptions):
    """Options of the reader `wordpress`."""

    types: str = Field(
        default="post,page", description="types of item that are read, separated by commas"
    )


class GhostOptions(ManyAuthorsOptions):
    """Options of the reader `ghost`."""

    site: str = Field(default="", description="address of the blog, which the export does not tell")


class TalkOptions(ArchiveOptions):
    """Options of every reader of conversations."""

    me: str = Field(
        default="",
        description="you: a name, address or id of the export, several separated by semicolons",
    )


class LocalTalkOptions(TalkOptions):
    """Options of the readers of conversations whose times may lack a zone."""

    timezone: Zone = Field(
        default="UTC", description="zone of times that state none, as in Europe/Berlin"
    )


class WhatsAppOptions(LocalTalkOptions):
    """Options of the reader `whatsapp`."""

    dates: Literal["", "dmy", "mdy", "ymd"] = Field(
        default="", description="order of day and month; by default what the dates themselves show"
    )
    chat: str = Field(default="", description="name of the chat; by default that of the file")


class MailOptions(TalkOptions):
    """Options of the reader `mbox`."""

    drafts: bool = Field(default=False, description="whether mail that was never sent is read")
    max_message: int = Field(
        default=25_000_000, ge=1, description="bytes that one message may have, enclosures included"
    )
