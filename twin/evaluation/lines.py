"""Files of JSON lines that a person or an earlier run wrote.

In: a path, and what makes a value of a line. Out: the values, or the first line that is none, by its number.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twin.errors import UsageError

Made = TypeVar("Made")


def read_lines(
    path: Path, make: Callable[[dict[str, Any]], Made], what: str, hint: str
) -> list[Made]:
    """Return what the lines of a file make; empty lines are passed over.

    Args:
        path: of the file.
        make: makes a value of one line; what it raises of `ValueError`, `KeyError`, `TypeError` and
            `AttributeError` says that the line is none.
        what: a line should be, with its article, as in "a golden".
        hint: what to do where one is not.

    Raises:
        UsageError: if the file cannot be read, or a line is none; it is named.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        message = f"there is no file {path}"
        raise UsageError(message, hint) from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise UsageError(message, hint) from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(make(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path}, line {number} is not {what}: {error}"
            raise UsageError(message, hint) from error
    return found
