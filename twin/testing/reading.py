"""What reading with a reader gives, for the tests of its plugin.

In: a reader's component, a folder to work in, and what is to be read. Out: a `Reading`: the
documents, checked as the warehouse would, and what the reader said of everything else. A plugin's
``conftest.py`` makes its fixture of it::

    @pytest.fixture
    def read(tmp_path):
        [component] = twin_journal.twin_readers()
        return partial(reading, component, tmp_path)
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.components import BuildContext, ReaderComponent
from twin.documents import Document
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.reading import checked_document
from twin.testing.conformance.subject import Reported

LOCAL = FetchSettings(allow_private=("127.0.0.1",), rate=100, retries=0)
"""Of a client that may ask this machine, at once and only once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a source: its documents, and what gave none."""

    documents: dict[str, Document]
    ledger: Reported

    @property
    def only(self) -> Document:
        """The document, where there is one."""
        (document,) = self.documents.values()
        return document


def whole_source(document: Document) -> str:
    """Return what a document is known by: its source."""
    return document.source


def reading(
    component: ReaderComponent[Any],
    place: Path,
    source: Path | str,
    *,
    known_by: Callable[[Document], str] = whole_source,
    web: FetchSettings = LOCAL,
    **options: Any,
) -> Reading:
    """Read a source to its end as a new process would.

    Args:
        component: the reader's.
        place: a folder of the test, below which it has its own.
        source: what is read.
        known_by: how the documents are found again in the result.
        web: how the client is set that a reader may ask for.
        options: of the reader.
    """
    reported = Reported()
    own: list[Client] = []

    def asked() -> Client:
        own[:] = own or [Client(web, place / "web")]
        return own[0]

    context = BuildContext(
        cache=place / "cache",
        data=place / "readers" / component.name,
        report=reported,
        get_client=asked,
    )
    try:
        built = component.build(component.options(**options), context)
        found = [checked_document(one) for one in built.lazy_load_data(source)]
    finally:
        for one in own:
            one.close()
    sources = [document.source for document in found]
    if len({*sources}) != len(sources):
        message = f"a source came twice: {sources}"
        raise AssertionError(message)
    return Reading({known_by(document): document for document in found}, reported)


def zipped(root: Path, path: Path) -> Path:
    """Pack a folder, or a file, into a ZIP at `path`, under its own name; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = [root] if root.is_file() else sorted(one for one in root.rglob("*") if one.is_file())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(root.parent))
    return path
