"""What a person may set for the reader of documents.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `DocumentsOptions`.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

import twin
from twin_files.options import collection_name
from twin_files.patterns import pattern_regex


class DocumentsOptions(twin.Options):
    """Options of the reader `documents`."""

    name: str | None = Field(
        default=None,
        description="The collection that sources are named by; by default the root folder's name.",
    )
    author: str = Field(default="", description="The author of whatever states none.")
    include: tuple[str, ...] = Field(
        default=(), description="Globs; where there are any, only what one of them names is read."
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Globs of files and folders that are left out."
    )
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

    @field_validator("include", "exclude", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept ``"*.pdf, drafts"`` from a command line, where a list cannot be written."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("include", "exclude")
    @classmethod
    def _globs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for glob in value:
            pattern_regex(glob)
        return value

    @field_validator("name")
    @classmethod
    def _collection(cls, value: str | None) -> str | None:
        return None if value is None else collection_name(value)
