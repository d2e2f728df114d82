"""The generations of an index: collections side by side, of which one answers.

In: which one is to answer, which one is being filled. Out: a small file that says so, replaced in
one step, so that every process sees the old state or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin.durable import replace_json
from twin.errors import ConfigurationError, StoreInUse


@dataclass(frozen=True, slots=True)
class Generation:
    """One collection and what it is made with.

    Attributes:
        name: empty for the first; then a number, which stands in the names of its files.
        embedding: the embedder with its options, as in twin.toml.
        fingerprint: what identifies the embedder's vectors.
        begun_at: when it was begun, ISO 8601 in UTC.
    """

    name: str
    embedding: Mapping[str, Any] = field(compare=False)
    fingerprint: str
    begun_at: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """How a person is told of it."""
        return f"generation {self.name or '1'}"


@dataclass(frozen=True, slots=True)
class Known:
    """Which generations there are.

    Attributes:
        active: the one that answers.
        previous: the one that answered before, kept so that one can go back.
        building: one that is being filled, or was when that broke off.
        leaving: those that are to be deleted. They are named until that is done, so that one which
            broke off leaves no collection that nobody knows of, with what is later forgotten in it.
    """

    active: Generation | None = None
    previous: Generation | None = None
    building: Generation | None = None
    leaving: tuple[Generation, ...] = ()

    def standing_by(self) -> list[Generation]:
        """Return those that do not answer and are kept."""
        return [one for one in (self.previous, self.building) if one is not None]

    def next_name(self) -> str:
        """Return a name that none of them has."""
        known = (self.active, *self.standing_by(), *self.leaving)
        numbers = [int(one.name or 1) for one in known if one]
        return str(max(numbers, default=1) + 1)


def begun_now() -> str:
    """Return the time as a generation notes when it was begun."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Generations:
    """The file that says which generations there are.

    Args:
        path: where it lies; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Known:
        """Return what the file says; nothing is known where there is none.

        Raises:
            ConfigurationError: if it cannot be read.
        """
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            leaving = tuple(Generation(**one) for one in found.pop("leaving", ()))
            known = {role: one and Generation(**one) for role, one in found.items()}
            return Known(**known, leaving=leaving)
        except FileNotFoundError:
            return Known()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            message = f"{self._path} cannot be read: {error}"
            hint = "delete it: then the first collection answers, with the embedder of twin.toml"
            raise ConfigurationError(message, hint) from error

    def write(self, known: Known) -> None:
        """Replace the file in one step, durably."""
        with self._locked():
            replace_json(self._path, asdict(known))

    def note_first(self, active: Generation) -> None:
        """Note which generation answers, if nobody did by now."""
        with self._locked():
            known = self.read()
            if known.active is None:
                replace_json(self._path, asdict(replace(known, active=active)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock  # noqa: PLC0415 - only where something is written

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Change over, or delete collections, while no other process does.

        Raises:
            StoreInUse: if one is at it.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only where something is written

        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / "changeover.lock", timeout=0):
                yield
        except Timeout as error:
            message = f"another process is changing the index of {folder.parent} over"
            hint = "wait for it; `twin index list` shows how far it is"
            raise StoreInUse(message, hint) from error
