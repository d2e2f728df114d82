"""What a person may set for the folder reader.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `FilesOptions`.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from pydantic import Field, field_validator

import twin
from twin_files.patterns import pattern_regex


class FilesOptions(twin.Options):
    """Options of the reader `files`."""

    name: str | None = Field(
        default=None,
        description="The collection that sources are named by; by default the root folder's name.",
    )
    author: str = Field(default="", description="The author of whatever states none.")
    audience: twin.Audience | None = Field(
        default=None, description="The audience of whatever states none. A draft stays private."
    )
    kind: twin.Kind | None = Field(
        default=None, description="The kind of everything, whatever the files say."
    )
    platform: str = Field(
        default="file",
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="Where it was published, unless a file says so itself.",
    )
    include: tuple[str, ...] = Field(
        default=(), description="Globs; where there are any, only what one of them names is read."
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Globs of files and folders that are left out."
    )
    follow_symlinks: bool = Field(
        default=False, description="Whether links to places inside the root are followed."
    )
    max_bytes: int = Field(
        default=5_000_000, ge=1, description="A larger file is reported and not read, in bytes."
    )
    max_lines: int = Field(
        default=200_000,
        ge=1,
        description="A file of more lines, or a page of more tags, is reported and not read: each "
        "takes up to 1.5 kB of memory while it is parsed.",
    )
    code: bool = Field(default=True, description="Whether source files are read.")

    @field_validator("include", "exclude", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept ``"*.md, drafts"`` from a command line, where a list cannot be written."""
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


def collection_name(value: str) -> str:
    """Return `value` as the name of a collection, NFC-normalised.

    Raises:
        ValueError: if it is empty, holds a slash, or holds what cannot be printed.
    """
    name = unicodedata.normalize("NFC", value).strip()
    if not name or "/" in name or not name.isprintable():
        message = f"a collection is named by printable text without a slash, not {value!r}"
        raise ValueError(message)
    return name
