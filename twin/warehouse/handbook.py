"""The raw data of the LLM Engineer's Handbook project, as its own tools dump it.

In: a folder with ``ArticleDocument.json`` (and ``PostDocument.json``, ``RepositoryDocument.json``,
``UserDocument.json`` where they are), or one of the first three. Out: a `Document` an article, post
or file of a repository; the text is what the dump has, to the letter.

That project's GitHub crawler removes every space before it stores a file: code from such a dump is
better fetched again.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.components import Report
from twin.documents import Document, Kind, canonical_url, host_of
from twin.errors import ReadError

FILES: Final = ("ArticleDocument.json", "PostDocument.json", "RepositoryDocument.json")
USERS: Final = "UserDocument.json"

PROSE: Final = {"", ".md", ".markdown", ".rst", ".txt"}
"""Suffixes of a repository's files that are writing and not code."""

DATE: Final = re.compile(r"(?<!\d)(\d{4})([-/])(\d{2})\2(\d{2})(?!\d)")
"""A date in a link: ``2024-07-29`` or ``/2024/07/29/``."""


class _Item(BaseModel):
    """What all three collections share; what else an item has is kept in `model_extra`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(alias="_id", min_length=1)
    content: dict[str, Any]
    platform: str = ""
    link: str | None = None
    author_id: str = ""
    author_full_name: str = ""


def read_handbook(path: Path, report: Report) -> Iterator[Document]:
    """Yield the documents of a dump.

    The source of a document is the canonical form of its link, its URL the link itself. The date of
    publication is taken from the link where that carries one, and from nowhere else: a date within
    the text may be anyone's.

    Args:
        path: the folder of a dump, or one of its JSON files.
        report: told of every item that is left out: without text, there twice, or wrong.

    Raises:
        ReadError: if there is no dump at `path`, or a file of it is not JSON. It is raised by the
            call, before the first document.
    """
    files = [path / name for name in FILES] if path.is_dir() else [path]
    files = [file for file in files if file.is_file()]
    if not files:
        message = f"{path}: there is no dump of the Handbook project"
        raise ReadError(message, f"it has at least one of {', '.join(FILES)}")
    names = _names(files[0].parent / USERS, report)
    dumps = [(file, _listed(file)) for file in files]
    return _documents(dumps, names, report)


def _documents(
    dumps: list[tuple[Path, list[object]]], names: Mapping[str, str], report: Report
) -> Iterator[Document]:
    seen: set[str] = set()
    for file, entries in dumps:
        for number, entry in enumerate(entries):
            label = f"{file.name}[{number}]"
            try:
                item = _Item.model_validate(entry)
                found = list(_of_item(file.name, item, names))
            except ValidationError as error:
                what = error.errors(include_url=False)[0]
                where = ".".join(map(str, what["loc"]))
                report.failed(label, f"{where}: {what['msg']}" if where else what["msg"])
                continue
            except ReadError as error:
                report.failed(label, error.message)
                continue
            if not found:
                report.skipped(label, "it has no content")
            for document in found:
                if not document.text.strip():
                    report.skipped(f"{label} {document.source}", "it has no text")
                elif document.source in seen:
                    report.skipped(f"{label} {document.source}", "the dump has it already")
                else:
                    seen.add(document.source)
                    yield document


def _of_item(file_name: str, item: _Item, names: Mapping[str, str]) -> Iterator[Document]:
    url = item.link.strip() if item.link and item.link.strip() else None
    base = Document(
        source=canonical_url(url) if url else f"handbook:{item.id}",
        text="",
        author=_whole(item.author_full_name.strip() or names.get(item.author_id, "")),
        platform=_platform(url, item.platform),
        published_at=_date(url),
        url=url,
        extra={"handbook_id": item.id, "author_id": item.author_id},
    )
    if file_name.startswith("Repository"):
        yield from _files(base, item.content)
    elif "Content" in item.content:
        kind = Kind.POST if file_name.startswith("Post") else Kind.ARTICLE
        yield _article(replace(base, kind=kind), item.content)
    else:
        # The LinkedIn crawler stores several posts in one item, under keys of its own making.
        for name, value in item.content.items():
            source = base.source if len(item.content) == 1 else f"{base.source}#{name}"
            yield replace(base, source=source, text=_text(value, name), kind=Kind.POST)


def _article(base: Document, content: Mapping[str, Any]) -> Document:
    subtitle = _text(content.get("Subtitle"), "Subtitle")
    return replace(
        base,
        text=_text(content["Content"], "Content"),
        title=_text(content.get("Title"), "Title"),
        language=_text(content.get("language"), "language") or None,
        extra={**base.extra, "subtitle": subtitle} if subtitle else base.extra,
    )


def _files(base: Document, content: Mapping[str, Any]) -> Iterator[Document]:
    """Yield the files of a repository; HEAD stands for whatever branch is the main one."""
    for name, value in content.items():
        at = f"{base.source}/blob/HEAD/{quote(name)}" if base.url else f"{base.source}/{name}"
        suffix = PurePosixPath(name).suffix.lower()
        yield replace(
            base,
            source=at,
            text=_text(value, name),
            title=name,
            kind=Kind.ARTICLE if suffix in PROSE else Kind.CODE,
            url=at if base.url else None,
        )


def _text(value: object, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        message = f"content.{where}: {type(value).__name__}, not text"
        raise ReadError(message)
    return _whole(value)


def _whole(text: str) -> str:
    """Return `text` with half characters, which JSON can hold and no database can, as ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _platform(url: str | None, stated: str) -> str:
    """Return ``substack``, ``medium`` or the host; what the dump states if there is no link."""
    host = host_of(url) if url else stated.strip().lower()
    for site in ("substack", "medium"):
        if host == f"{site}.com" or host.endswith(f".{site}.com"):
            return site
    return re.sub(r"[^a-z0-9.-]+", "-", host).strip(".-") or "handbook"


def _date(url: str | None) -> str | None:
    """Return the first real date in the path of a link."""
    for year, _, month, day in DATE.findall(urlsplit(url).path) if url else ():
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return None


def _names(path: Path, report: Report) -> dict[str, str]:
    """Return the full name of every user of the dump, by id."""
    names = {}
    for number, entry in enumerate(_listed(path) if path.is_file() else ()):
        match entry:
            case {"_id": str(key), "first_name": str(first), "last_name": str(last)}:
                names[key] = f"{first} {last}".strip()
            case _:
                report.failed(f"{path.name}[{number}]", "not a user with an id and a name")
    return names


def _listed(path: Path) -> list[object]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise ReadError(message) from error
    except ValueError as error:
        message = f"{path}: not JSON ({error})"
        raise ReadError(message) from error
    if not isinstance(value, list):
        message = f"{path}: a list of documents was expected, not {type(value).__name__}"
        raise ReadError(message)
    return value
