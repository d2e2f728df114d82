"""How near to the polite limit many pages of several hosts come in, and what a refresh costs.

Run: ``python -m benchmarks.fetching``

200 pages on four hosts of this machine, each answered after 20 ms, at 10 requests a second to each
host: the limit is 40 pages a second.
"""

import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.report import Row, report
from twin.errors import FetchError
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.testing.web_server import Asked, Reply, WebServer

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 5))
PAGES = 200
RATE = 10.0
LATENCY = 0.02
"""Seconds that a server takes to answer."""

BODY = "<!doctype html><title>A page</title>" + "<p>The tide is late, and so are we.</p>" * 500


def main() -> None:
    """Measure and report."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        servers = [stack.enter_context(WebServer(host)) for host in HOSTS]
        for server in servers:
            for number in range(PAGES // len(HOSTS)):
                server.answer(f"/{number}", _slowly)
        urls = [f"{server.url}/{n}" for n in range(PAGES // len(HOSTS)) for server in servers]
        random.Random(1).shuffle(urls)  # noqa: S311 - the same order each time
        settings = FetchSettings(allow_private=HOSTS, rate=RATE)
        first, _ = _read(settings, Path(folder), urls)
        again, unchanged = _read(settings, Path(folder), urls)
    limit = RATE * len(HOSTS)
    report(
        "fetching",
        [
            Row("pages", len(urls), f"on {len(HOSTS)} hosts"),
            Row("the polite limit", limit, "pages/s"),
            Row("pages a second", len(urls) / first, "pages/s", f"near {limit:g}"),
            Row("of the limit", 100 * len(urls) / first / limit, "%"),
            Row("a refresh, pages a second", len(urls) / again, "pages/s"),
            Row("pages that a refresh did not send again", unchanged, f"of {len(urls)}", "all"),
        ],
    )


def _slowly(asked: Asked) -> Reply:
    sleep(LATENCY)
    if asked.headers.get("if-none-match") == '"1"':
        return Reply(status=304, headers={"ETag": '"1"'})
    return Reply(BODY, headers={"ETag": '"1"'})


def _read(settings: FetchSettings, folder: Path, urls: list[str]) -> tuple[float, int]:
    """Return the seconds that all pages take, and how many of them were not sent again."""
    client = Client(settings, folder)
    begun = perf_counter()
    unchanged = 0
    for _, found in client.many(urls):
        if isinstance(found, FetchError):
            raise found
        unchanged += not found.changed
    seconds = perf_counter() - begun
    client.close()
    return seconds, unchanged


if __name__ == "__main__":
    main()
