"""What a person may set for the reader of LinkedIn's archive.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `LinkedInOptions`.
"""

from __future__ import annotations

from pydantic import Field

import twin


class LinkedInOptions(twin.Options):
    """Options of the reader `linkedin`."""

    author: str = Field(
        default="", description="Your name as LinkedIn has it; by default that of Profile.csv."
    )
    comments: bool = Field(default=True, description="Whether comments on others' posts are read.")
    drafts: bool = Field(
        default=False,
        description="Whether articles that were never published are read. They are private.",
    )
    messages: bool = Field(
        default=False,
        description="Whether conversations are read, one document each. They are private.",
    )
    max_entries: int = Field(
        default=10_000, ge=1, description="Files and folders that an archive may hold."
    )
