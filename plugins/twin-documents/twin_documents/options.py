"""What a person may set for the reader of documents.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `DocumentsOptions`.
"""

from __future__ import annotations

from pydantic import Field

import twin
from twin_files.listed import Collection, Globs


class DocumentsOptions(twin.Options):
    """Options of the reader `documents`."""

    name: Collection | None = Field(
        default=None,
        description="The collection that sources are named by; by default the root folder's name.",
    )
    author: str = Field(default="", description="The author of whatever states none.")
    include: Globs = Field(
        default=(), description="Globs; where there are any, only what one of them names is read."
    )
    exclude: Globs = Field(default=(), description="Globs of files and folders that are left out.")
    max_bytes: int = Field(
        default=50_000_000, ge=1, description="A larger file is reported and not read, in bytes."
    )
    max_unpacked_bytes: int = Field(
        default=200_000_000,
        ge=1,
        description="A file that unpacks to more is reported and not read, in bytes.",
    )
    max_pages: int = Field(
        default=2_000, ge=1, description="A PDF of more pages is reported and not read."
    )
    seconds: float = Field(
        default=120.0, gt=0, description="Seconds that a single PDF may take, looked at every page."
    )
