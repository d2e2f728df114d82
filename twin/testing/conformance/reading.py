"""Checks of what a reader gives, over the example that it brings along.

In: a `Subject` whose readers bring examples: a small source in two editions, of which the second
lacks an item of the first, has another text for one, and one that is new. Out: nothing, or `Unmet`.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from twin.components import ReaderComponent
from twin.documents import Document, canonical_url
from twin.errors import TwinError
from twin.testing.conformance.subject import (
    NotHere,
    Read,
    Reported,
    Subject,
    Unmet,
    context,
    example,
    read,
)

_MARKUP = re.compile(
    r"</?(?:div|span|p|br|li|ul|ol|section|article)\b[^>]*>|&(?:nbsp|amp|lt|quot);"
)
_FENCED = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]*`", re.DOTALL)
_DRIVE = re.compile(r"^(?:file:)?(?:/|[A-Za-z]:\\)")

EARLIEST = 1960
"""The year before which nobody wrote on a computer."""

LONGEST_TITLE = 500
"""Characters."""

Reader = ReaderComponent[Any]
Check = Callable[[Subject], None]


def of_each(check: Callable[[Reader, Path], None]) -> Check:
    """Make a check of one reader and a folder to work in one of all that bring an example."""

    @wraps(check)
    def all_of_them(subject: Subject) -> None:
        for reader in subject.examples:
            with tempfile.TemporaryDirectory(prefix="twin-conformance-") as folder:
                check(reader, Path(folder))

    return all_of_them


def _once(reader: Reader, folder: Path, edition: int = 1, name: str = "source") -> Read:
    with example(reader, folder / name, edition) as source:
        return read(reader, source, folder / f"home-{edition}")


@contextmanager
def _expecting(what: str, hint: str) -> Iterator[None]:
    """Turn whatever is raised, besides our own, into `Unmet`."""
    try:
        yield
    except (Unmet, NotHere):
        raise
    except Exception as error:
        message = f"{what}: {type(error).__name__}: {error}"
        raise Unmet(message, hint) from error


@of_each
def gives_documents(reader: Reader, folder: Path) -> None:
    """It yields documents that the warehouse takes."""
    with _expecting("what it yields cannot be taken", "yield what twin.make_document returns"):
        documents = _once(reader, folder).documents
    if len(documents) <= 1:
        message = f"its example gives {len(documents)} documents; two are the least that tell much"
        raise Unmet(message, "let the example have at least two items that are writing")


@of_each
def reads_lazily(reader: Reader, folder: Path) -> None:
    """`lazy_load_data` yields one after the other."""
    with example(reader, folder / "source") as source:
        built = reader.build(reader.options(), context(folder / "home", Reported()))
        found = built.lazy_load_data(source)
        if isinstance(found, (list, tuple)):
            message = "lazy_load_data returns a list, so everything is held in memory at once"
            raise Unmet(message, "yield each document when it is read")
        list(found)


@of_each
def reads_the_same_twice(reader: Reader, folder: Path) -> None:
    """Reading twice gives the same documents in the same order."""
    with example(reader, folder / "source") as source:
        first = read(reader, source, folder / "one").documents
        time.sleep(0.01)
        second = read(reader, source, folder / "two").documents
    for one, two in zip(first, second, strict=False):
        if one != two:
            field = next(f for f in one.__slots__ if getattr(one, f) != getattr(two, f))
            message = f"{one.source}: `{field}` differs from one reading to the next"
            hint = "leave out whatever depends on when or in which order it is read"
            raise Unmet(message, hint)
    if len(first) != len(second):
        message = f"it gives {len(first)} documents, and then {len(second)}"
        raise Unmet(message, "leave out whatever depends on when it is read")


@of_each
def sources_are_unique(reader: Reader, folder: Path) -> None:
    """No two documents have the same canonical source."""
    seen: set[str] = set()
    for document in _once(reader, folder).documents:
        if document.source in seen:
            message = f"two documents have the source {document.source}"
            raise Unmet(message, "add what tells the items apart, such as the item's own id")
        seen.add(document.source)


@of_each
def sources_name_no_machine(reader: Reader, folder: Path) -> None:
    """A canonical source is no path of this machine."""
    for document in _once(reader, folder).documents:
        if _DRIVE.match(document.source) or str(folder) in document.source:
            message = f"the source {document.source} is a path of this machine"
            hint = 'as in f"file:{collection}/{path_below_the_root}", or the item\'s public address'
            raise Unmet(message, hint)


@of_each
def moving_changes_nothing(reader: Reader, folder: Path) -> None:
    """A source that lies elsewhere gives the same documents under the same identities."""
    if reader.hosts and not (reader.suffixes or reader.filenames or reader.directories):
        message = "it reads addresses, which do not move"
        raise NotHere(message)
    one = _once(reader, folder / "a").by_source()
    two = _once(reader, folder / "b" / "ü 😀 deeper").by_source()
    if one.keys() != two.keys():
        odd = min(one.keys() ^ two.keys())
        message = f"in another folder its documents have other sources, as {odd}"
        raise Unmet(message, "build the source from what is below the root, and from its name only")


@of_each
def addresses_are_canonical(reader: Reader, folder: Path) -> None:
    """Addresses are canonical: no tracking, no fragment, one spelling."""
    for document in _once(reader, folder).documents:
        for url in filter(None, (document.url, document.source)):
            if url.startswith(("http://", "https://")) and canonical_url(url) != url:
                message = f"{url} should be {canonical_url(url)}"
                raise Unmet(message, "pass it through twin.canonical_url")
        if document.url and not document.url.startswith(("http://", "https://")):
            message = f"{document.url} is no address that a browser opens"
            raise Unmet(message, "leave `url` out where there is none")


@of_each
def dates_are_sound(reader: Reader, folder: Path) -> None:
    """A time has a zone, and is neither before writing on computers nor in the future."""
    latest = datetime.now(UTC) + timedelta(days=1)
    for document in _once(reader, folder).documents:
        if document.published_at is None:
            continue
        when = datetime.fromisoformat(document.published_at)
        if "T" in document.published_at and when.tzinfo is None:
            message = f"{document.source}: the time {document.published_at} has no zone"
            raise Unmet(message, "give a date, or a time with its zone")
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        if when > latest or when.year < EARLIEST:
            message = f"{document.source}: it was published on {document.published_at}"
            raise Unmet(message, "read the date as the source states it (day or month first?)")


@of_each
def zones_change_nothing(reader: Reader, folder: Path) -> None:
    """The zone of the machine that reads changes no date."""
    if not hasattr(time, "tzset"):
        message = "this system cannot change its time zone"
        raise NotHere(message)
    before = os.environ.get("TZ")
    seen = []
    try:
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
            os.environ["TZ"] = zone
            time.tzset()
            read_there = _once(reader, folder / zone.replace("/", "-")).by_source()
            seen.append({key: document.published_at for key, document in read_there.items()})
    finally:
        os.environ.pop("TZ", None)
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
    for source, date in seen[0].items():
        if seen[1].get(source) != date:
            message = f"{source}: {date} in one time zone, {seen[1].get(source)} in another"
            raise Unmet(message, "use the zone that the source states, or UTC; never local time")


@of_each
def provenance_is_stated(reader: Reader, folder: Path) -> None:
    """A document says what it is and from where: platform, kind, title on one line."""
    for document in _once(reader, folder).documents:
        if not document.platform.strip():
            message = f"{document.source} names no platform"
            raise Unmet(message, 'as in platform="medium"')
        if "\n" in document.title or len(document.title) > LONGEST_TITLE:
            message = f"{document.source}: its title is no title: {document.title[:40]!r}"
            raise Unmet(message, "give the title as the source states it, or none")
        if any(not tag.strip() or "\n" in tag or "," in tag for tag in document.tags):
            message = f"{document.source}: its tags are {document.tags!r}"
            raise Unmet(message, "give the author's own tags, one an entry")


@of_each
def text_is_markdown(reader: Reader, folder: Path) -> None:
    """The text is Markdown, not HTML, and has no characters that nothing can hold."""
    for document in _once(reader, folder).documents:
        if document.kind.value != "code" and (
            found := _MARKUP.search(_FENCED.sub("", document.text))
        ):
            message = f"{document.source}: its text has {found[0]!r}"
            raise Unmet(message, "turn HTML into Markdown (markdownify), and entities into letters")
        if "\ufffd" in document.text or "\0" in document.text:
            message = f"{document.source}: its text has characters that could not be read"
            raise Unmet(message, "read it in the encoding that it is in")


@of_each
def private_stays_private(reader: Reader, folder: Path) -> None:
    """Messages are not proposed as public."""
    for document in _once(reader, folder).documents:
        if document.kind.value == "message" and document.audience.value == "public":
            message = f"{document.source} is a message, and proposed as public"
            raise Unmet(message, "set audience='private'; the person may decide otherwise")


@of_each
def stopping_early_is_harmless(reader: Reader, folder: Path) -> None:
    """A reading that is broken off leaves nothing that spoils the next one."""
    with example(reader, folder / "source") as source:
        whole = read(reader, source, folder / "one").by_source()
        home = folder / "two"
        found = iter(
            reader.build(reader.options(), context(home, Reported())).lazy_load_data(source)
        )
        next(found)
        close = getattr(found, "close", None)
        if close is not None:
            close()
        again = read(reader, source, home).by_source()
    if again != whole:
        lost = len(whole.keys() - again.keys())
        message = f"after a reading that was broken off, the next one lacks {lost} documents"
        raise Unmet(message, "keep no state, or write it once an item was handed over")


@of_each
def leaves_the_source_alone(reader: Reader, folder: Path) -> None:
    """Reading changes nothing in the source."""
    with example(reader, folder / "source") as source:
        before = _stand(folder / "source")
        read(reader, source, folder / "home")
        if _stand(folder / "source") != before:
            message = "reading writes into the source, or changes it"
            raise Unmet(message, "write below ctx.cache only")


def _stand(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@of_each
def takes_each_path_alike(reader: Reader, folder: Path) -> None:
    """A source may be given as text or as a Path."""
    with example(reader, folder / "source") as source:
        if source.startswith(("http://", "https://")):
            message = "its example is an address"
            raise NotHere(message)
        one = read(reader, source, folder / "one").by_source()
        built = reader.build(reader.options(), context(folder / "two", Reported()))
        with _expecting("it does not take a Path", "begin with `Path(source)`"):
            two = Read(list(built.lazy_load_data(Path(source))), Reported()).by_source()
    if one.keys() != two.keys():
        message = "a Path gives other documents than the same place as text"
        raise Unmet(message, "begin with `Path(source)`")


@of_each
def what_is_missing_is_told(reader: Reader, folder: Path) -> None:
    """A source that does not exist is an error that says what to do."""
    with example(reader, folder / "source") as source:
        if source.startswith(("http://", "https://")):
            message = "its example is an address"
            raise NotHere(message)
        missing = str(Path(source).with_name(f"no-such-{Path(source).name}"))
    try:
        found = read(reader, missing, folder / "home")
    except TwinError as error:
        if not error.hint:
            message = f"a source that is not there: {error.message!r}, and no hint"
            raise Unmet(message, "give the twin.ReadError a hint") from error
        return
    except Exception as error:
        message = f"a source that is not there raises {type(error).__name__}: {error}"
        raise Unmet(message, "raise twin.ReadError(message, hint)") from error
    if not found.reported.failures:
        message = "a source that is not there gives nothing, and nothing is said"
        raise Unmet(message, "raise twin.ReadError(message, hint)")


def changed(first: dict[str, Document], second: dict[str, Document]) -> list[str]:
    """Return the sources that both have with another text."""
    return sorted(
        key for key in first.keys() & second.keys() if first[key].text != second[key].text
    )
