"""Checks of a reader over time and under attack: refreshed, damaged, oversized, walled off.

In: a `Subject` whose readers bring examples in two editions. Out: nothing, or `Unmet`.
"""

from __future__ import annotations

import http.server
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from twin.documents import Audience
from twin.errors import TwinError
from twin.ingest.intake import Intake, prune, take_in
from twin.testing.conformance.reading import Reader, changed, of_each
from twin.testing.conformance.subject import NotHere, Reported, Unmet, context, example, read
from twin.warehouse.sqlite import SQLiteWarehouse

HUGE = 64 * 2**20
"""Bytes of the file that nobody wrote by hand."""

MEMORY = 768 * 2**20
"""Bytes that reading may take, whatever lies in the source. Python's own allocations are counted: the
most that the process ever had says nothing where it had more before."""

WALL = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<h1>Checking your browser before accessing the site.</h1>
<p>Enable JavaScript and cookies to continue</p>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/jsch/v1"></script>
</body></html>"""
"""What Cloudflare answers instead of a page."""


def _ingest(reader: Reader, warehouse: SQLiteWarehouse, source: str, home: Path) -> Intake:
    intake = Intake("kit:example")
    built = reader.build(reader.options(), context(home, intake))
    take_in(warehouse, built, source, intake, audience=Audience.PRIVATE)
    if intake.broken:
        message = f"it broke off: {intake.broken}"
        raise Unmet(message, "report the item as failed, and go on with the next")
    return intake


@of_each
def a_refresh_changes_nothing(reader: Reader, folder: Path) -> None:
    """Taking the same source in again changes no document."""
    with (
        SQLiteWarehouse(folder / "warehouse.sqlite3") as warehouse,
        example(reader, folder / "source") as source,
    ):
        first = _ingest(reader, warehouse, source, folder / "home")
        second = _ingest(reader, warehouse, source, folder / "home")
        if second.new or second.changed or second.missing or second.unchanged != first.found:
            message = (
                f"the second time {second.new} are new, {second.changed} changed, "
                f"{len(second.missing)} missing"
            )
            raise Unmet(message, "give each item the same source, text and metadata every time")


@of_each
def a_change_is_seen(reader: Reader, folder: Path) -> None:
    """Of a second edition, the new item, the changed one and the missing one are seen."""
    with SQLiteWarehouse(folder / "warehouse.sqlite3") as warehouse:
        with example(reader, folder / "source", 1) as source:
            one = read(reader, source, folder / "one").by_source()
            _ingest(reader, warehouse, source, folder / "home")
        with example(reader, folder / "source", 2) as source:
            two = read(reader, source, folder / "two").by_source()
            second = _ingest(reader, warehouse, source, folder / "home")
        if not (one.keys() - two.keys() and two.keys() - one.keys() and changed(one, two)):
            message = "its example's second edition lacks a removed, a changed or a new item"
            hint = "let example(folder, 2) remove one item, change another's text and add one"
            raise Unmet(message, hint)
        if len(second.missing) != len(one.keys() - two.keys()):
            message = f"{len(one.keys() - two.keys())} items went, {len(second.missing)} are missed"
            raise Unmet(message, "report no item as failed that is simply gone")
        prune(warehouse, second)
        left = {summary.source for summary in warehouse.summaries()}
        if left != two.keys():
            message = f"after a refresh, {min(left ^ two.keys())} differs from the source"
            raise Unmet(message, "give each item a source of its own that never changes")


@of_each
def an_empty_source_is_no_crash(reader: Reader, folder: Path) -> None:
    """A source without items gives nothing, or an error that says what to do."""
    with example(reader, folder / "source") as source:
        if source.startswith(("http://", "https://")):
            message = "its example is an address"
            raise NotHere(message)
        is_folder = Path(source).is_dir()
        name = Path(source).name
    empty = folder / "empty" / name
    empty.parent.mkdir()
    if is_folder:
        empty.mkdir()
    else:
        empty.write_bytes(b"")
    try:
        found = read(reader, str(empty), folder / "home").found
    except TwinError as error:
        if not error.hint:
            message = f"an empty source: {error.message!r}, and no hint"
            raise Unmet(message, "give the twin.ReadError a hint") from error
        return
    except Exception as error:
        message = f"an empty source raises {type(error).__name__}: {error}"
        raise Unmet(message, "yield nothing, or raise twin.ReadError(message, hint)") from error
    if found:
        message = f"an empty source gives {len(found)} documents"
        raise Unmet(message, "yield nothing where there is nothing")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[: len(content) // 2],
    "garbled": lambda content: bytes(byte ^ 0xA5 for byte in content),
    "with zeros": lambda content: content.replace(b" ", b"\0"),
    "in Latin-1": lambda content: content + "\nÄrger über Öl\n".encode("latin-1"),
    "empty": lambda content: content[:0],
}


@of_each
def damage_stays_where_it_is(reader: Reader, folder: Path) -> None:
    """A damaged file never raises anything but a TwinError, and spoils no other file."""
    with example(reader, folder / "probe") as source:
        if source.startswith(("http://", "https://")):
            message = "its example is an address"
            raise NotHere(message)
        files = [
            p.relative_to(folder / "probe") for p in (folder / "probe").rglob("*") if p.is_file()
        ]
    for number, (what, damaged) in enumerate(DAMAGE.items()):
        for file in sorted(files)[:8]:
            place = folder / f"{number}-{file.name}"
            with example(reader, place) as source:
                path = place / file
                path.write_bytes(damaged(path.read_bytes()))
                try:
                    read(reader, source, place / "home")
                except TwinError:
                    continue
                except Exception as error:
                    message = f"{file} {what} raises {type(error).__name__}: {error}"
                    hint = "report the item as failed, or raise twin.ReadError(message, hint)"
                    raise Unmet(message, hint) from error


@of_each
def memory_is_bounded(reader: Reader, folder: Path) -> None:
    """A file of 64 MiB does not fill the memory."""
    with example(reader, folder / "source") as source:
        place = Path(source)
        if source.startswith(("http://", "https://")) or not (place.is_dir() or reader.suffixes):
            message = "there is no place in its example for another file"
            raise NotHere(message)
        suffix = next(iter(reader.suffixes), ".md")
        big = place / f"big{suffix}" if place.is_dir() else place
        with big.open("ab") as file:
            for _ in range(HUGE // 2**20):
                file.write(b"All work and no play. " * (2**20 // 22))
        tracemalloc.start()
        try:
            read(reader, source, folder / "home")
        except TwinError:
            return
        except MemoryError as error:
            message = "a file of 64 MiB fills the memory"
            raise Unmet(message, "look at its size first, and report it as failed") from error
        finally:
            taken = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        if taken > MEMORY:
            message = f"a file of 64 MiB takes {taken / 2**20:.0f} MiB of memory"
            raise Unmet(message, "look at its size first, and report it as failed")


@of_each
def nothing_is_asked_of_the_network(reader: Reader, folder: Path) -> None:
    """A source on this machine is read without the network."""
    with example(reader, folder / "source") as source:
        if source.startswith(("http://", "https://")):
            message = "its example is an address"
            raise NotHere(message)
        with _unplugged() as asked:
            read(reader, source, folder / "home")
    if asked:
        message = f"reading a local source asks for {asked[0]}"
        raise Unmet(message, "read what is there; whoever wants more gives an address")


@contextmanager
def _unplugged() -> Iterator[list[str]]:
    asked: list[str] = []

    def refuse(host: object, *_: object, **__: object) -> None:
        asked.append(str(host))
        message = "there is no network in this check"
        raise OSError(message)

    with (
        mock.patch.object(socket, "getaddrinfo", refuse),
        mock.patch.object(socket.socket, "connect", lambda _self, address: refuse(address)),
    ):
        yield asked


@of_each
def walls_are_no_writing(reader: Reader, folder: Path) -> None:
    """A page that a wall puts in the way (Cloudflare, a login) never becomes a document."""
    with example(reader, folder / "source") as source:
        if not source.startswith(("http://", "https://")):
            message = "it reads files"
            raise NotHere(message)
    with _walled() as address:
        try:
            found = read(reader, f"{address}/an-article", folder / "home").found
        except TwinError:
            return
    if found:
        message = "it takes Cloudflare's page for writing"
        raise Unmet(message, "fetch with ctx.get_client(), which knows such pages")


@contextmanager
def _walled() -> Iterator[str]:
    class Wall(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                self.send_error(404)
                return
            content = WALL.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wall) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@of_each
def ends_what_it_starts(reader: Reader, folder: Path) -> None:
    """A reading that came to its end leaves no thread behind."""
    before = set(threading.enumerate())
    with example(reader, folder / "source") as source:
        read(reader, source, folder / "home")
        deadline = time.monotonic() + 2
        while left := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
            # Threads of the example's own server are not the reader's.
            left = [t for t in left if "process_request" not in t.name and "serve" not in t.name]
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    if left:
        message = f"it leaves the thread {left[0].name!r} behind"
        raise Unmet(message, "end it in a `finally` of lazy_load_data")


@of_each
def it_claims_its_example(reader: Reader, folder: Path) -> None:
    """The example's source is claimed by this reader."""
    from twin.claims import claim_of  # noqa: PLC0415 - a room of its own

    with example(reader, folder / "source") as source:
        if not claim_of(reader, source):
            message = f"the reader {reader.name!r} does not claim {Path(source).name}"
            hint = "say what it reads: hosts, suffixes, filenames or directories"
            raise Unmet(message, hint)
        if not read(reader, source, folder / "home").found:
            message = f"the reader {reader.name!r} claims its example and gives nothing"
            raise Unmet(message, "narrow the claim, or mend the reader")


@of_each
def it_accounts_for_every_item(reader: Reader, folder: Path) -> None:
    """What a reader leaves out, it names with a reason."""
    with example(reader, folder / "source") as source:
        reported: Reported = read(reader, source, folder / "home").reported
    for item, reason in {**reported.skips, **reported.failures}.items():
        if not item.strip() or not reason.strip():
            message = f"it reports {item!r} with the reason {reason!r}"
            raise Unmet(message, "name the item as the source does, and say why in a few words")
