"""The readers of the web: pages, feeds, sitemaps, whole sites, and pages that were saved.

In: the hook. Out: the reader components `web`, `feed`, `sitemap`, `site` and `saved`. What is heavy is
imported by `build`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import twin
from twin_web.example import example
from twin_web.options import AnyOptions, FeedOptions, ListOptions, SavedOptions, WebOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twin_web.reader import Mode, WebReader
    from twin_web.saved import SavedReader

__version__ = "0.1.0"


def build(mode: Mode, options: WebOptions, ctx: twin.BuildContext) -> WebReader:
    """Return a reader, which fetches nothing before it is given an address."""
    from twin_web.reader import WebReader  # noqa: PLC0415 - heavy

    given = options.model_dump(exclude_unset=True)
    return WebReader(mode, AnyOptions(**given), ctx.get_client(), ctx.data, ctx.report)


def build_saved(options: SavedOptions, ctx: twin.BuildContext) -> SavedReader:
    """Return the reader of saved pages, which opens nothing before it is given a path."""
    from twin_web.saved import SavedReader  # noqa: PLC0415 - heavy

    return SavedReader(options, ctx.report)


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[Any]]:
    """Yield the readers; only `web` claims addresses, and any other claim wins over it."""
    yield twin.ReaderComponent(
        name="web",
        summary="An address: an article, a feed or a sitemap, as it proves to be",
        options=AnyOptions,
        build=partial(build, "web"),
        hosts=("*",),
        example=example,
    )
    yield twin.ReaderComponent(
        name="feed",
        summary="An RSS or Atom feed, with the pages of items that are cut short",
        options=FeedOptions,
        build=partial(build, "feed"),
    )
    yield twin.ReaderComponent(
        name="sitemap",
        summary="The pages that a sitemap names",
        options=ListOptions,
        build=partial(build, "sitemap"),
    )
    yield twin.ReaderComponent(
        name="site",
        summary="A whole site: every page below an address that its pages lead to",
        options=ListOptions,
        build=partial(build, "site"),
    )
    yield twin.ReaderComponent(
        name="saved",
        summary="Saved web pages: an HTML file, or a folder of them",
        options=SavedOptions,
        build=build_saved,
    )
