"""What feeds had before, for a feed only shows its latest items.

In: a folder, and the documents that a feed gave this time. Out: those of earlier times that have
only moved out of its window, and those that were taken back: they are gone although older ones are
still there.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import twin

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from llama_index.core.schema import Document as LlamaDocument

_NOT_KEPT = frozenset({"raw"})


class Archive:
    """The documents of one feed, newest first, as it stated them when it last had them.

    Args:
        folder: where archives lie; it need not exist yet.
        feed: the address of the feed.
    """

    def __init__(self, folder: Path, feed: str) -> None:
        self._path = folder / f"{hashlib.sha256(feed.encode()).hexdigest()[:32]}.json"
        self._entries = self._read()

    def sources(self) -> list[str]:
        """Return the sources of all that is kept."""
        return list(self._entries)

    def withdrawn(self, present: Collection[str]) -> set[str]:
        """Return the sources that the feed has dropped while it still has older ones.

        Where there are dates they say what is older, else the order of the feed.
        """
        dates = {source: str(e["metadata"].get("published_at") or "") for source, e in self._all()}
        oldest = min((dates[s] for s in present if dates.get(s)), default="")
        gone: set[str] = set()
        older_there = False
        for source in reversed(self._entries):
            if source in present:
                older_there = True
            elif (dates[source] > oldest) if dates[source] and oldest else older_there:
                gone.add(source)
        return gone

    def document(self, source: str) -> LlamaDocument:
        """Return the document of a source as it was."""
        entry = self._entries[source]
        return twin.make_document(text=entry["text"], **entry["metadata"])

    def keep(self, documents: Collection[LlamaDocument], others: Collection[str]) -> None:
        """Write what the feed has now, and after it which of the others are to stay."""
        now = {d.metadata["source"]: _entry(d) for d in documents}
        rest = {s: self._entries[s] for s in others if s in self._entries and s not in now}
        self._entries = now | rest
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(list(self._entries.values())), encoding="utf-8")
        new.replace(self._path)

    def _all(self) -> list[tuple[str, dict[str, Any]]]:
        return list(self._entries.items())

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            message = f"what earlier feeds had cannot be read: {self._path}: {error}"
            raise twin.ReadError(message, "delete the file to begin again") from error
        return {entry["metadata"]["source"]: entry for entry in entries}


def _entry(document: LlamaDocument) -> dict[str, Any]:
    metadata = {k: v for k, v in document.metadata.items() if k not in _NOT_KEPT and v is not None}
    return {"metadata": metadata, "text": document.get_content()}
