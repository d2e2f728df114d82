"""Prompts that Langfuse manages: fetched in the background, kept on the disk, the file the fallback.

In: keys and a label. Out: templates in the places of the files, for the rest of the process. What was
fetched last is put in place at once when a process begins, so the newest words are used by the second
command at the latest; no answer ever waits for them.

Langfuse writes a blank as ``{{person}}`` where the files write ``$person``. A template whose blanks
are not those of its file is refused: it could not be filled.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from twin.errors import TraceError
from twin.observe.api import Langfuse, PromptVersion
from twin.prompts import Origin, Prompt, from_file, names, put_in_place

_log = logging.getLogger("twin.observe")

_BLANK = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: int
    template: str


class Managed:
    """The prompts of one project, kept up to date by a thread.

    Args:
        client: of the project; it is closed at the end.
        folder: where the last ones are kept.
        label: of the versions that are wanted.
        refresh: seconds between two looks.
    """

    def __init__(self, client: Langfuse, folder: Path, *, label: str, refresh: float) -> None:
        self._client = client
        self._folder = folder
        self._label = label
        self._refresh = refresh
        self._stopped = threading.Event()
        self._told: dict[str, str] = {}
        self._known = self._remembered()
        put_in_place(self._known)
        self._thread = threading.Thread(target=self._run, name="twin-prompts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking, and use the files again; it waits for nothing."""
        self._stopped.set()
        put_in_place({})

    def look(self) -> None:
        """Fetch every prompt once.

        Raises:
            TraceError: if the server does not answer; what was known before stays.
        """
        found: dict[str, Prompt] = {}
        for name in names():
            version = self._client.prompt(name, self._label)
            if version is None:
                self._path(name).unlink(missing_ok=True)
                continue
            try:
                found[name] = fitting(version)
            except ValueError as error:
                self._tell(name, str(error))
                if name in self._known:
                    found[name] = self._known[name]
        if self._stopped.is_set():
            return
        for name, made in found.items():
            if made != self._known.get(name):
                self._keep(made)
        self._known = found
        put_in_place(found)

    def _run(self) -> None:
        with self._client:
            while not self._stopped.is_set():
                try:
                    self.look()
                except (TraceError, OSError) as error:
                    self._tell("", str(error))
                except Exception:  # noqa: BLE001 - the boundary of the thread; the files are there
                    _log.exception("the prompts of Langfuse could not be read")
                self._stopped.wait(self._refresh)

    def _tell(self, name: str, what: str) -> None:
        """Warn of a thing once."""
        if self._told.get(name) != what:
            self._told[name] = what
            _log.warning("%s; what was there before is used", what)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _keep(self, made: Prompt) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = _Kept(name=made.name, version=made.version, template=made.template)
        fresh = self._folder / f".{made.name}.{uuid.uuid4().hex[:8]}"
        fresh.write_text(kept.model_dump_json(), encoding="utf-8")
        fresh.replace(self._path(made.name))

    def _remembered(self) -> dict[str, Prompt]:
        found = {}
        for name in names():
            try:
                kept = _Kept.model_validate_json(self._path(name).read_bytes())
                made = Prompt(name, kept.version, kept.template, Origin.LANGFUSE)
                _check(made)
            except FileNotFoundError:
                continue
            except (OSError, ValidationError, ValueError) as error:
                _log.warning("the prompt kept in %s is left out: %s", self._path(name), error)
                continue
            found[name] = made
        return found


def fitting(version: PromptVersion) -> Prompt:
    """Return a version of Langfuse's as a prompt of ours.

    Raises:
        ValueError: if it cannot take the place of the file; says why.
    """
    text = version.prompt
    if not isinstance(text, str):
        parts = [m.get("content") for m in text if m.get("role") == "system"]
        if len(text) != 1 or len(parts) != 1 or not isinstance(parts[0], str):
            message = f"Langfuse's prompt {version.name} is a chat of more than a system message"
            raise ValueError(message)
        text = parts[0]
    template, done = "", 0
    for match in _BLANK.finditer(text):
        template += text[done : match.start()].replace("$", "$$") + f"${{{match[1]}}}"
        done = match.end()
    template += text[done:].replace("$", "$$")
    made = Prompt(version.name, version.version, template.strip(), Origin.LANGFUSE)
    _check(made)
    return made


def as_langfuse(prompt: Prompt) -> str:
    """Return a template as Langfuse writes it."""
    text = re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda m: "{{" + (m[1] or m[2]) + "}}", prompt.template)
    return text.replace("$$", "$")


def _check(made: Prompt) -> None:
    if not made.template:
        message = f"Langfuse's prompt {made.label} is empty"
        raise ValueError(message)
    wanted = from_file(made.name).blanks
    if made.blanks != wanted:
        has = ", ".join(sorted(made.blanks)) or "none"
        must = ", ".join(sorted(wanted)) or "none"
        message = f"Langfuse's prompt {made.label} has the blanks {has}; it must have {must}"
        raise ValueError(message)
