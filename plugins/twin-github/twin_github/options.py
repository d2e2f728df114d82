"""What a person may set for the reader of repositories.

In: keywords of the command line or of twin.toml. Out: a checked, frozen `GithubOptions`.
"""

from __future__ import annotations

from pydantic import Field, field_validator

import twin
from twin_files.listed import Globs, Words, collection_name


class GithubOptions(twin.Options):
    """Options of the reader `github`."""

    name: str | None = Field(
        default=None,
        description="The name of a repository that is on no host; by default that of its folder.",
    )
    author: str = Field(default="", description="The author of files whose history is not known.")
    own: bool = Field(
        default=False, description="Read only files that the person's own commits touched."
    )
    me: Words = Field(
        default=(),
        description="Names and e-mail addresses of the person's own commits; by default those "
        "that git itself would put into a commit on this machine.",
    )
    ref: str | None = Field(
        default=None,
        pattern=r"^[\w][\w./+@-]*$",
        description="A branch or tag, of a local clone also a commit; by default the repository's choice.",
    )
    include: Globs = Field(
        default=(), description="Globs; where there are any, only what one of them names is read."
    )
    exclude: Globs = Field(default=(), description="Globs of files and folders that are left out.")
    vendored: bool = Field(
        default=False,
        description="Read what was taken over from others or made by a program, too.",
    )
    code: bool = Field(default=True, description="Whether source files are read.")
    max_bytes: int = Field(
        default=1_000_000, ge=1, description="A larger file is reported and not read, in bytes."
    )
    max_lines: int = Field(
        default=200_000, ge=1, description="A file of more lines is reported and not read."
    )
    max_files: int = Field(
        default=20_000, ge=1, description="A repository of more files is refused."
    )
    max_total_bytes: int = Field(
        default=2_000_000_000,
        ge=1,
        description="Bytes on disk at which fetching a repository is broken off.",
    )
    depth: int = Field(
        default=1000,
        ge=0,
        description="Commits of history that are fetched, to know when and by whom a file was "
        "changed; 0 for all.",
    )
    timeout: float = Field(
        default=240.0, gt=0, description="Seconds after which a single step of git is broken off."
    )

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        # An address names itself, slashes and all.
        return None if value is None else "/".join(map(collection_name, value.split("/")))
