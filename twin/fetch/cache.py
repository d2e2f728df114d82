"""What was fetched before, so that a server need only say that nothing changed.

In: a folder and what was fetched. Out: the same, with what a conditional request needs. One file an
address, replaced as a whole; one that is damaged counts as absent. May be deleted at any time.
"""

import hashlib
import json
import os
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is kept of an address.

    Attributes:
        url: the address.
        moved: where it leads, empty if it does not; then nothing but this is kept.
        etag: of the last answer, empty if it had none.
        modified: the header ``Last-Modified``, likewise.
    """

    url: str
    moved: str = ""
    etag: str = ""
    modified: str = ""
    content_type: str = ""
    fetched_at: float = 0.0
    body: bytes = b""


class Cache:
    """Entries by their address.

    Args:
        folder: where they lie; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, url: str) -> Entry | None:
        """Return what is kept of an address, None if nothing is."""
        try:
            head, _, packed = self._path(url).read_bytes().partition(b"\n")
            values = json.loads(head)
            if values["url"] != url:
                return None
            return Entry(**values, body=zlib.decompress(packed))
        except (OSError, ValueError, TypeError, KeyError, zlib.error):
            return None

    def put(self, entry: Entry) -> None:
        """Keep an entry in place of what was kept of its address."""
        path = self._path(entry.url)
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {
            name: getattr(entry, name)
            for name in ("url", "moved", "etag", "modified", "content_type", "fetched_at")
        }
        new = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
        new.write_bytes(json.dumps(head).encode() + b"\n" + zlib.compress(entry.body, 6))
        new.replace(path)

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "backslashreplace")).hexdigest()
        return self._folder / name[:2] / name[2:]
