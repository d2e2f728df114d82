"""Where spans, scores and prompts go and come from: Langfuse, or any server that takes OTLP.

In: settings and the environment. Out: an `Observer`, which the entrances hold open. The keys alone
turn it on; without them nothing is imported, no thread begun, and no span records.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from twin.observe.masked import masking
from twin.observe.pseudonyms import pseudonyms
from twin.observe.targets import Keys, Target, collector, langfuse
from twin.settings import Settings, home_folder

if TYPE_CHECKING:
    from twin.observe.outbox import Outbox

_log = logging.getLogger("twin.observe")

FOLDER = "traces"
PATIENCE = 1.0
"""Seconds that closing waits for a server; what it has not taken by then is sent the next time."""

_MEGABYTE = 1_000_000


class Observer:
    """Watches one process. Without a server every method does nothing, at no cost.

    Args:
        link: Langfuse's address in the browser; empty if it does not watch.
        scores: keeps what Langfuse has not taken yet.
        closing: what ends the watching, in order; each is told how long it may take.
        content: whether texts may be told.
        mask: hides personal data in them; None hides none.
    """

    def __init__(
        self,
        link: str = "",
        scores: Outbox | None = None,
        closing: tuple[Callable[[float], object], ...] = (),
        *,
        content: bool = True,
        mask: Callable[[str], str] | None = None,
    ) -> None:
        self.project = ""
        """Langfuse's project, once it is known."""
        self._link = link
        self._scores = scores
        self._closing = closing
        self._content = content
        self._mask = mask or str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def watching(self) -> bool:
        """Whether anything is told to anybody."""
        return bool(self._closing)

    def score(
        self, trace_id: str, name: str, value: float | str, comment: str = "", *, score_id: str = ""
    ) -> None:
        """Say how good an answer was; it returns at once, and is sent when the server takes it.

        Args:
            trace_id: of the turn; empty (nobody watched it) tells nothing.
            name: what is judged, as in ``thumb``.
            value: a number, or a word for a category.
            comment: the person's own words, if any; they stay here if texts may not be told.
            score_id: the same one replaces; by default a turn has one score of a name.
        """
        if self._scores is None or not trace_id:
            return
        from twin.observe.outbox import Body  # noqa: PLC0415 - only where somebody watches

        given = {
            "id": score_id or str(uuid.uuid5(uuid.NAMESPACE_OID, f"twin:{trace_id}:{name}")),
            "traceId": trace_id,
            "name": name,
            "value": value,
            "dataType": "CATEGORICAL" if isinstance(value, str) else "NUMERIC",
        }
        if comment and self._content:
            try:
                given["comment"] = self._mask(comment)
            except Exception as error:  # noqa: BLE001 - the boundary of plugins' guards
                _log.warning("a comment was not told, since it could not be masked: %s", error)
        try:
            self._scores.put(json.dumps(given, ensure_ascii=False).encode(), Body.SCORES)
        except OSError as error:  # a full disk must not take the feedback itself with it
            _log.warning("the score of a turn could not be kept: %s", error)

    def trace_url(self, trace_id: str) -> str | None:
        """Return where a turn is shown; None if nobody watched it, or only a plain OTLP server."""
        if not self._link or not trace_id:
            return None
        if self.project:
            return f"{self._link}/project/{self.project}/traces/{trace_id}"
        # Langfuse leads from here to the project's page.
        return f"{self._link}/trace/{trace_id}"

    def close(self) -> None:
        """Send what can be sent in a second, keep the rest, and watch no more."""
        closing, self._closing = self._closing, ()
        deadline = time.monotonic() + PATIENCE
        for close in closing:
            close(max(0.0, deadline - time.monotonic()))
        self._scores = None


def start(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    mask: Callable[[str], str] | None = None,
) -> Observer:
    """Begin to watch, if the environment names a server.

    Args:
        settings: what may be told.
        environ: names the servers and holds the keys; None takes the process's.
        folder: the home, which keeps what could not be sent; None takes the usual one.
        mask: hides personal data in what is told; None hides none.
    """
    environ = os.environ if environ is None else environ
    keys, plain = langfuse(environ), collector(environ)
    if keys is None and plain is None:
        if settings.prompts.source == "langfuse":
            _log.warning("prompts.source is langfuse, but its keys are not set: files are used")
        return Observer()
    home = folder or home_folder()
    outboxes = _outboxes([t for t in (keys and keys.target, plain) if t], home, settings)
    closing: list[Callable[[float], object]] = []
    content = settings.observe.content
    closing += _spans(list(outboxes.values()), environ, home, content=content, mask=mask)
    closing += [outbox.close for outbox in outboxes.values()]
    if keys is None:
        return Observer("", None, tuple(closing))
    link = settings.observe.link.rstrip("/") or keys.base_url
    closing += _prompts(keys, home, settings)
    observer = Observer(link, outboxes["langfuse"], tuple(closing), content=content, mask=mask)
    _begin(lambda: _find_project(keys, observer))
    return observer


def _outboxes(targets: list[Target], home: Path, settings: Settings) -> dict[str, Outbox]:
    from twin.observe.outbox import Outbox  # noqa: PLC0415 - only where somebody watches

    most = settings.observe.keep_mb * _MEGABYTE
    return {t.name: Outbox(home / FOLDER / t.name, t, most) for t in targets}


def _spans(
    outboxes: list[Outbox],
    environ: Mapping[str, str],
    home: Path,
    *,
    content: bool,
    mask: Callable[[str], str] | None,
) -> list[Callable[[float], object]]:
    try:
        from twin.observe.spans import EVERYTHING, Telling, unwatch, watch  # noqa: PLC0415 - the SDK is an extra
    except ImportError as error:
        _log.warning("not traced: %s; pip install 'twin[trace]'", error)
        return []
    telling = EVERYTHING
    if not content or mask is not None:
        telling = Telling(
            content=content,
            mask=masking(mask) if mask else None,
            pseudonym=pseudonyms(home / FOLDER),
        )
    processor = watch(outboxes, environ, telling)
    return [lambda _patience: unwatch(processor)]


def _prompts(keys: Keys, home: Path, settings: Settings) -> list[Callable[[float], object]]:
    wanted = settings.prompts
    if wanted.source != "langfuse":
        return []
    from twin.observe.api import Langfuse  # noqa: PLC0415 - only where it is asked
    from twin.observe.prompts import Managed  # noqa: PLC0415

    folder = home / "cache" / "prompts"
    managed = Managed(Langfuse(keys), folder, label=wanted.label, refresh=wanted.refresh)
    return [lambda _patience: managed.close()]


def _find_project(keys: Keys, observer: Observer) -> None:
    from twin.errors import TraceError  # noqa: PLC0415
    from twin.observe.api import Langfuse  # noqa: PLC0415

    with Langfuse(keys) as client:
        try:
            observer.project = client.project()
        except TraceError as error:
            _log.info("%s", error.message)


def _begin(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="twin-observe-project", daemon=True).start()
