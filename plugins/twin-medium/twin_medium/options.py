"""What a person may set for the reader of Medium.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `MediumOptions`.
"""

from __future__ import annotations

from pydantic import Field

import twin


class MediumOptions(twin.Options):
    """Options of the reader `medium`."""

    author: str = Field(
        default="",
        description="Author of what states none; by default the name in the export's profile.",
    )
    drafts: bool = Field(
        default=False, description="Whether drafts are read too. They are private."
    )
    responses: bool = Field(
        default=True, description="Whether responses to others' stories are read."
    )
    max_entries: int = Field(
        default=10_000, ge=1, description="Files and folders that an export may hold."
    )
