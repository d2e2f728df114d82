"""What a home remembers of each collection: where it came from, and who may see it.

In: the home folder and what a person said. Out: ``collections.json``, and the audience that holds
until the person says another. Two folders of one name never become one collection unnoticed, and
what was made private stays private though the next command does not say so again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from twin.documents import Audience
from twin.durable import replace_json
from twin.errors import ConfigurationError, UsageError

FILE: Final = "collections.json"


class Origin(BaseModel):
    """Where a collection came from, and what the person decided for it.

    Attributes:
        root: the absolute path, or the address.
        audience: of the whole collection; None leaves it to the reader.
        files: of files that were taken in alone, by their path relative to the root; they win.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: str
    audience: Audience | None = None
    files: Mapping[str, Audience] = {}


def origins(home: Path) -> dict[str, Origin]:
    """Return what is remembered, by the name of the collection.

    Raises:
        ConfigurationError: if the file cannot be read.
    """
    path = home / FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        # The first version kept nothing but the root.
        return {
            str(name): Origin.model_validate({"root": told} if isinstance(told, str) else told)
            for name, told in known.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        what = str(error).splitlines()[0]
        message = f"{path} cannot be read: {what}"
        hint = (
            "mend it; or delete it: then every folder is taken as the first of its name, and "
            "--audience must be said again"
        )
        raise ConfigurationError(message, hint) from error


def remember(
    home: Path,
    collection: str,
    root: str,
    *,
    sure: bool,
    audience: Audience | None = None,
    file: str = "",
) -> Origin:
    """Remember where a collection comes from, and who may see it; return all that is known.

    An audience holds until another is said. One for the whole collection also settles the files
    that had one of their own.

    Args:
        home: the home folder; it is made if need be.
        collection: its name.
        root: the absolute path, or the address.
        sure: whether the person named the collection on purpose.
        audience: what the person says now; None keeps what was said before.
        file: the file that is taken in alone, relative to the root; empty for the whole.

    Raises:
        UsageError: if it came from elsewhere before, and was not named on purpose.
        ConfigurationError: if what was remembered cannot be read.
    """
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{FILE}.lock"):
        known = origins(home)
        before = known.get(collection)
        if before is not None and before.root != root and not sure:
            name = collection.partition(":")[2]
            message = f"the collection {name!r} came from {before.root} before, not from {root}"
            hint = (
                f"another folder needs a name of its own (--name); if it moved, say --name {name}"
            )
            raise UsageError(message, hint)
        now = (before or Origin(root=root)).model_copy(update={"root": root})
        if audience is not None and file:
            now = now.model_copy(update={"files": {**now.files, file: audience}})
        elif audience is not None:
            now = now.model_copy(update={"audience": audience, "files": {}})
        if now != before:
            known[collection] = now
            _write(home / FILE, known)
        return now


def _write(path: Path, known: Mapping[str, Origin]) -> None:
    told = {
        name: origin.model_dump(mode="json", exclude_defaults=True)
        for name, origin in known.items()
    }
    replace_json(path, told, sort_keys=True)
