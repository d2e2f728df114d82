"""A small feed on a server of this machine, for `twin plugins test`.

In: a folder, which stays empty, and which edition. Out: a context that yields the feed's address.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIRST = {4: "It stood in the <em>weir</em>.", 3: "One wades it in May.", 2: "The mill is shut."}
_SECOND = {5: "There is a bridge now.", 3: "One wades it in May and June.", 2: _FIRST[2]}


@contextmanager
def example(folder: Path, edition: int) -> Iterator[str]:
    """Serve a feed of three items and yield its address."""
    from twin.testing.web_server import WebServer  # noqa: PLC0415 - only for tests

    del folder
    entries = "".join(
        f"<entry><id>https://harbour.example/{day}</id><title>Day {day}</title>"
        f'<link href="https://harbour.example/{day}"/><published>2024-03-0{day}T08:00:00Z</published>'
        f'<content type="html">&lt;p&gt;{text.replace("<", "&lt;").replace(">", "&gt;")}</content>'
        "</entry>"
        for day, text in (_SECOND if edition > 1 else _FIRST).items()
    )
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>The harbour</title>{entries}</feed>'
    with WebServer() as server:
        server.page("/feed", feed, "application/atom+xml")
        yield f"{server.url}/feed"
