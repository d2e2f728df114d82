"""Figures at rest.

In: what a report prints as JSON. Out: a file, whole or not at all.
"""

import json
import os
from pathlib import Path
from typing import Any


def write_figures(path: Path, values: Any) -> Path:
    """Write figures as JSON and return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path
