"""The reader: a source in, whatever the wrapped reader loads from it out, checked.

In: a recipe, an address or a path. Out: LlamaIndex documents as `twin.make_document` makes them.
Every document that is loaded gives one, or is told to the report with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llama_index.core.readers.base import BaseReader

import twin
from twin.fetch.addresses import checked_url, public_numbers
from twin.reading import MAXIMUM_TEXT
from twin_llamahub.items import Item, item_of
from twin_llamahub.options import SUFFIX, HubOptions, of_recipe
from twin_llamahub.wrapped import loaded, reader_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llama_index.core.schema import Document as LlamaDocument


class HubReader(BaseReader):
    """Reads with a reader of LlamaIndex.

    Args:
        options: see `HubOptions`.
        ctx: where it reports, and takes secrets and the limits of the web from.
    """

    def __init__(self, options: HubOptions, ctx: twin.BuildContext) -> None:
        self._options = options
        self._ctx = ctx

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of a source, or of the recipe that is named.

        Raises:
            ReadError: if the recipe or the source cannot be read.
            ConfigurationError: if no reader is named, or an argument is none of its.
            ComponentUnavailable: if the reader's package is not installed.
        """
        given, options, root = str(source), self._options, None
        web = given.lower().startswith(("http://", "https://"))
        if not web and Path(source).name.endswith(SUFFIX):
            path = Path(source).expanduser()
            if not path.is_file():
                message = f"there is no file {given!r}"
                raise twin.ReadError(message, "check the path")
            options, root, given = of_recipe(path, options), path.resolve().parent, ""
        elif given and not web and Path(source).expanduser().exists():
            path = Path(source).expanduser().resolve()
            root, given = (path if path.is_dir() else path.parent), str(path)
        if not options.reader:
            message = "no reader of LlamaIndex is named"
            raise twin.ConfigurationError(message, "as in --option reader=TrafilaturaWebReader")
        found = reader_class(options.reader)
        for address in [given, *_addresses(options.init), *_addresses(options.load)]:
            self._refuse_private(address)
        called = found.__name__
        items = self._items(loaded(found, options, given, self._ctx.secret), options, root, called)
        yield from self._documents(items, options)

    def _items(
        self, found: Iterator[Any], options: HubOptions, root: Path | None, called: str
    ) -> Iterator[Item]:
        for number, one in enumerate(found, 1):
            if number > options.max_documents:
                message = f"{called} gives more than {options.max_documents:,} documents"
                raise twin.ReadError(message, "raise max_documents, or ask it for less")
            try:
                item = item_of(one, options, root, called)
            except twin.ReadError as error:
                self._ctx.report.failed(_label(one, number, root), error.message)
                continue
            except Exception as error:  # noqa: BLE001 - the boundary of one document
                reason = f"{type(error).__name__}: {error}"
                self._ctx.report.failed(_label(one, number, root), reason)
                continue
            if not item.text.strip():
                self._ctx.report.skipped(item.source, "it has no text")
                continue
            yield item

    def _documents(self, items: Iterator[Item], options: HubOptions) -> Iterator[LlamaDocument]:
        """Yield a document a source: readers give long files in parts, one after the other."""
        taken: set[str] = set()
        held: Item | None = None
        for item in items:
            if held is not None and item.source == held.source:
                if len(held.text) + len(item.text) <= MAXIMUM_TEXT:
                    held = replace(held, text=f"{held.text.rstrip()}\n\n{item.text}", raw=None)
                else:
                    self._ctx.report.failed(item.source, "its parts are too long together")
                continue
            if held is not None:
                yield self._document(held, options)
                taken.add(held.source)
            held = item
            if item.source in taken:
                self._ctx.report.failed(item.source, "it is given twice; the first one counts")
                held = None
        if held is not None:
            yield self._document(held, options)

    def _document(self, item: Item, options: HubOptions) -> LlamaDocument:
        return twin.make_document(
            source=item.source,
            text=item.text,
            title=item.title,
            author=item.author,
            kind=options.kind,
            platform=item.platform,
            audience=(
                twin.Audience.PRIVATE if options.kind is twin.Kind.MESSAGE else twin.Audience.PUBLIC
            ),
            published_at=item.published.isoformat() if item.published else None,
            url=item.url,
            language=item.language,
            tags=item.tags,
            media_type="text/html" if item.raw is not None else "text/markdown",
            raw=item.raw,
            **item.extra,
        )

    def _refuse_private(self, address: str) -> None:
        """Refuse an address of this machine or its network, as all of twin's readers do."""
        if not address.lower().startswith(("http://", "https://")):
            return
        parts = urlsplit(checked_url(address))
        port = parts.port or (80 if parts.scheme == "http" else 443)
        allowed = self._ctx.get_client().settings.allow_private
        public_numbers(parts.hostname or "", port, allowed)


def _addresses(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses among some arguments, and among the lists in them."""
    for value in values.values():
        several = value if isinstance(value, list | tuple) else [value]
        for one in several:
            if isinstance(one, str) and one.lower().startswith(("http://", "https://")):
                yield one


def _label(found: Any, number: int, root: Path | None) -> str:
    """Return how a document is called that could not be taken."""
    metadata = getattr(found, "metadata", None) or {}
    for key in ("file_path", "url", "URL", "link", "source", "title"):
        if value := str(metadata.get(key) or "").strip():
            inside = root is not None and Path(value).is_relative_to(root)
            return str(Path(value).relative_to(root)) if inside and root is not None else value
    return f"item {number}"
