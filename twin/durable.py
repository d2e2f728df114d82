"""Small files that hold a decision: replaced in one step, and on the disk when it is done.

In: a path and a value for JSON. Out: the file, whole; what was there before stays where it cannot
be written.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def replace_json(path: Path, value: Any, *, sort_keys: bool = False) -> None:
    """Replace a file by a value as JSON.

    All processes share one draft, ``<name>.new`` beside it: what a crash leaves of it is the next
    one's to write over. So whoever calls this holds a lock of the file.

    Raises:
        OSError: if it cannot be written; no draft is left then.
    """
    draft = path.with_suffix(".new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, sort_keys=sort_keys)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
