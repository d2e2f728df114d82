"""Saved pages: the same writing, from files instead of the web.

In: an HTML file, or a folder of them. Out: a document a page. One that states its address has it as
its source, so it is the same document as the page on the web; any other has its path.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup
from llama_index.core.readers.base import BaseReader

import twin
from twin.fetch.fetched import Fetched
from twin.fetch.walls import wall
from twin_web.extraction import extracted
from twin_web.facts import facts_of
from twin_web.pages import FEW, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_web.options import SavedOptions

_SUFFIXES: Final = frozenset({".html", ".htm", ".xhtml"})
_SAVED_FROM: Final = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->", re.IGNORECASE)
_SAVED_BY: Final = re.compile(r"<!--\s*Page saved with SingleFile\s+url:\s*(\S+)", re.IGNORECASE)
_HEAD: Final = 2000

_NOWHERE: Final = "https://saved.invalid/"
"""The address of a page that states none (RFC 6761 keeps the name free); it never leaves here."""


class SavedReader(BaseReader):
    """Reads saved pages.

    Args:
        options: see `SavedOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: SavedOptions, report: Report) -> None:
        self._options = options
        self._report = report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the document of each page, in the order of their paths.

        Raises:
            ReadError: if there is nothing at `source`.
        """
        root = Path(source).expanduser()
        if not root.exists():
            message = f"there is no file or folder {str(source)!r}"
            raise twin.ReadError(message, "check the path")
        folder = root if root.is_dir() else root.parent
        name = self._options.name or folder.resolve().name or "pages"
        seen: set[str] = set()
        for path in _pages(root):
            relative = path.relative_to(folder).as_posix()
            try:
                found = self._read(path, f"file:{name}/{relative}")
            except twin.ReadError as error:
                self._report.failed(relative, error.message)
                continue
            except Exception as error:  # noqa: BLE001 - the boundary: one page never stops the rest
                self._report.failed(relative, f"{type(error).__name__}: {error}")
                continue
            if found is None:
                self._report.skipped(relative, "it has no text of its own")
            elif found.metadata["source"] in seen:
                self._report.skipped(relative, "another file is the same page")
            else:
                seen.add(found.metadata["source"])
                yield found

    def _read(self, path: Path, source: str) -> LlamaDocument | None:
        limit = self._options.max_bytes
        try:
            size = path.stat().st_size
            body = path.read_bytes() if size <= limit else b""
        except OSError as error:
            message = f"it cannot be opened: {error.strerror or error}"
            raise twin.ReadError(message, "look at its permissions") from error
        if size > limit:
            message = f"its {size:,} bytes are more than max_bytes, {limit:,}"
            raise twin.ReadError(message, "raise max_bytes")
        found = Fetched(
            asked=source, url=_NOWHERE, body=body, content_type="text/html", fetched_at=0.0
        )
        url = stated_address(found.text) or _NOWHERE
        if what := wall(found.text, {}, url, url):
            message = f"what was saved is {what}"
            raise twin.ReadError(message, "open the page itself, and save it then")
        facts = facts_of(found.text, url)
        base = "" if url == _NOWHERE else url
        text = extracted(found.text, base, facts.titles).text
        if len(text.split()) < FEW:
            return None
        if url == _NOWHERE:
            facts = replace(facts, source=source, original="", platform="file")
        return document(facts, text, replace(found, url=url), self._options)


def stated_address(html: str) -> str:
    """Return the address that a saved page was at, as it or what saved it says; else empty."""
    head = html[:_HEAD]
    stated = [match[1] for p in (_SAVED_FROM, _SAVED_BY) if (match := p.search(head))]
    soup = BeautifulSoup(html, "lxml")
    for name, key, attribute in (("link", "rel", "canonical"), ("meta", "property", "og:url")):
        for tag in soup.find_all(name, attrs={key: attribute}):
            stated += [str(tag.get("href") or tag.get("content") or "")]
    for address in stated:
        try:
            twin.canonical_url(address)
        except twin.ReadError:
            continue
        return address.strip()
    return ""


def _pages(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for path in sorted(root.rglob("*")):
        below = path.relative_to(root)
        # Browsers keep the parts of a page beside it, in a folder of its name.
        aside = any(part.startswith(".") or part.endswith("_files") for part in below.parts[:-1])
        hidden = below.name.startswith(".")
        if path.suffix.lower() in _SUFFIXES and not aside and not hidden and path.is_file():
            yield path
