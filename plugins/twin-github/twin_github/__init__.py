"""The reader of Git repositories: documentation as articles, code byte for byte.

In: the hook. Out: the reader component `github`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_github.options import GithubOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_github.reader import RepositoryReader

__version__ = "0.1.0"


def build(options: GithubOptions, ctx: twin.BuildContext) -> RepositoryReader:
    """Return the reader, which starts no git before it is given a source."""
    from twin_github.reader import RepositoryReader  # noqa: PLC0415 - heavy

    return RepositoryReader(options, ctx.cache, ctx.report)


def example(folder: Path, edition: int) -> str:
    """Make a small repository, its commits dated, and return its path."""
    from twin_github.sample import make_sample  # noqa: PLC0415 - only checks need it

    return str(make_sample(folder / "heron", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[GithubOptions]]:
    """Yield the reader. A clone is claimed by its `.git`, more strongly than any folder is."""
    yield twin.ReaderComponent(
        name="github",
        summary="Git repositories, by address or local clone: documentation and code",
        options=GithubOptions,
        build=build,
        hosts=("github.com",),
        filenames=(".git/HEAD", ".git"),
        directories=True,
        example=example,
    )
