"""What may be set for the readers of the web.

In: options as twin.toml or a command line gives them. Out: frozen pydantic models.
"""

from __future__ import annotations

from pydantic import Field

import twin


class WebOptions(twin.Options):
    """Options of every reader of the web."""

    author: str = Field(default="", description="Author of pages that state none.")
    audience: twin.Audience = Field(
        default=twin.Audience.PUBLIC, description="Who may see it; the web is public."
    )
    platform: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="Where it was published, in place of what the page shows.",
    )


class FeedOptions(WebOptions):
    """Options of feeds."""

    full: bool = Field(
        default=True,
        description="Whether the page is fetched where the feed has only its beginning.",
    )


class ListOptions(WebOptions):
    """Options of sitemaps and sites."""

    prefix: str = Field(
        default="",
        description="Only addresses below it; by default the sitemap's site, or the folder of the "
        "address where a site is begun.",
    )
    limit: int = Field(default=1000, ge=1, le=100_000, description="The most pages that are read.")


class AnyOptions(FeedOptions, ListOptions):
    """Options of an address that may be a page, a feed or a sitemap."""


class SavedOptions(WebOptions):
    """Options of saved pages."""

    name: str | None = Field(
        default=None,
        pattern=r"^[^/]+$",
        description="Name of the collection; by default that of the folder.",
    )
    max_bytes: int = Field(
        default=50_000_000, ge=1, description="Larger files are reported, not read."
    )
