"""What a person may set for the folder reader.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `FilesOptions`.
"""

from __future__ import annotations

from pydantic import Field

import twin
from twin_files.listed import Collection, Globs


class FilesOptions(twin.Options):
    """Options of the reader `files`."""

    name: Collection | None = Field(
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
    include: Globs = Field(
        default=(), description="Globs; where there are any, only what one of them names is read."
    )
    exclude: Globs = Field(default=(), description="Globs of files and folders that are left out.")
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
