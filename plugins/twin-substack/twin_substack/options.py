"""What a person may set for the reader of Substack.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `SubstackOptions`.
"""

from __future__ import annotations

from pydantic import Field, field_validator

import twin


class SubstackOptions(twin.Options):
    """Options of the reader `substack`."""

    author: str = Field(
        default="",
        description="Author of every post of an export, which states none, and of what states none "
        "on the web.",
    )
    url: str = Field(
        default="",
        description="The newsletter's address; by default what the posts of the export say.",
    )
    drafts: bool = Field(
        default=False, description="Whether drafts are read too. They are private."
    )
    paid: twin.Audience = Field(
        default=twin.Audience.FRIENDS,
        description="The audience of what only subscribers may read.",
    )
    limit: int = Field(
        default=1000, ge=1, le=100_000, description="The most posts that are read from the web."
    )
    max_entries: int = Field(
        default=10_000, ge=1, description="Files and folders that an export may hold."
    )

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            return value
        given = value if "://" in value else f"https://{value}"
        try:
            return twin.canonical_url(given)
        except twin.ReadError as error:
            raise ValueError(error.message) from error
