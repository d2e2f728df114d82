"""Any reader of LlamaIndex as a reader of twin, by its name.

In: the hook. Out: the reader component `llamahub`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_llamahub.options import SUFFIX, HubOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_llamahub.reader import HubReader

__version__ = "0.1.0"


def build(options: HubOptions, ctx: twin.BuildContext) -> HubReader:
    """Return the reader, which imports the one that it wraps once it is given a source."""
    from twin_llamahub.reader import HubReader  # noqa: PLC0415 - heavy

    return HubReader(options, ctx)


def example(folder: Path, edition: int) -> str:
    """Write a small folder with a recipe beside it, and return the recipe's path."""
    from twin_llamahub.sample import write_sample  # noqa: PLC0415 - only checks need it

    return str(write_sample(folder / "reading", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[HubOptions]]:
    """Yield the reader. It claims recipes alone; for anything else it is named."""
    yield twin.ReaderComponent(
        name="llamahub",
        summary="Any reader of LlamaIndex, by its name",
        options=HubOptions,
        build=build,
        suffixes=(SUFFIX,),
        example=example,
    )
