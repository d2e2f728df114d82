"""Mail, as mbox: Gmail's Takeout, Thunderbird, Apple Mail and many more.

In: one file, or several in a folder or ZIP. Out: a document a conversation in which the person wrote.
A file is read twice and one message at a time is held: first the heads, then what is needed.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

import twin
from twin.components import Report
from twin_archives.files import Files, told
from twin_archives.mail import Head, head_of, text_of
from twin_archives.options import MailOptions
from twin_archives.talk import Message, conversation
from twin_archives.whose import mine

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_FROM: Final = re.compile(
    rb"From (?:-|\S*@\S*|MAILER-DAEMON)\s.*\d\d:\d\d"
    rb"|From .*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*\d\d:\d\d.*\b\d{4}\b"
)
_ESCAPED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_BOXES: Final = (".mbox", ".mbx", "/mbox")
"""How a mailbox's name ends; Apple's program makes a folder with a file ``mbox``."""
_SENT: Final = re.compile(r"(?:.*/)?(?:sent|gesendet|envoy)[^/]*", re.IGNORECASE)
_UNSENT: Final = re.compile(
    r"drafts?|entwürfe|brouillons?|borradores|bozze|concepten|rascunhos", re.IGNORECASE
)
_JUNK: Final = re.compile(
    r"spam|junk|bulk mail|unerwünscht|indésirables|correo no deseado", re.IGNORECASE
)
_LABELS: Final = frozenset({"sent", "gesendet", "enviados", "messages envoyés", "posta inviata"})

HEAD: Final = 200_000
"""Bytes in which the head of a message ends."""

LINE: Final = 1_000_000
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A message's head, and where it lies."""

    head: Head
    file: str
    start: int
    size: int


def read(files: Files, options: MailOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of a mailbox, or of several.

    Raises:
        ReadError: if there is none, or nobody says who the person is.
    """
    names = [name for name in files.names if f"/{name}".lower().endswith(_BOXES)]
    names = names or (list(files.names) if files.export is None else [])
    if not names:
        message = f"{files.path}: it holds no .mbox"
        raise twin.ReadError(message, "takeout.google.com, or your mail program, exports one")
    files.rest(names, report, "no mailbox")
    found: dict[str, _Place] = {}
    reason = ""
    boxes = _Boxes(files)
    for name in names:
        try:
            with boxes.open(name) as file:
                for place in _places(file, name, report):
                    if reason := _unwanted(place, found, options):
                        report.skipped(f"{name} at {place.start}", reason)
                    else:
                        found[place.head.id] = place
        except twin.ReadError as error:
            if files.export is None:
                raise
            told(report, ".", name, error)
    if not found:
        message = f"{files.path}: it holds no message{f' but what is left out: {reason}' if reason else ''}"
        raise twin.ReadError(message, "an mbox begins with a line 'From ...'")
    heads = [place.head for place in found.values()]
    me = mine(options.me, _people(heads), _senders(found), str(files.path))
    for key, places in _conversations(found).items():
        if document := _conversation(boxes, key, places, me, options, report):
            yield document


class _Boxes:
    """The mailboxes of an archive, each opened anew or, out of a ZIP or folder, unpacked once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._unpacked: dict[str, bytes] = {}

    def open(self, name: str) -> IO[bytes]:
        """Open a mailbox; close it.

        Raises:
            ReadError: if it cannot be opened, or is too large to be unpacked.
        """
        if self._files.export is not None:
            if name not in self._unpacked:
                self._unpacked[name] = self._files.read(name)
            return io.BytesIO(self._unpacked[name])
        try:
            return self._files.path.open("rb")
        except OSError as error:
            message = f"{name}: it cannot be opened: {error.strerror or error}"
            raise twin.ReadError(message, "look at its permissions") from error

    def message(self, place: _Place, most: int) -> bytes:
        """Return the bytes of a message.

        Raises:
            ReadError: if it has more than `most`.
        """
        if place.size > most:
            message = f"its {place.size:,} bytes are more than max_message, {most:,}"
            raise twin.ReadError(message)
        with self.open(place.file) as file:
            file.seek(place.start)
            return _ESCAPED.sub(rb"\1", file.read(place.size))


def _places(file: IO[bytes], name: str, report: Report) -> Iterator[_Place]:
    """Yield the messages of a mailbox: each begins with a line ``From `` after a blank one.

    A sender, or a weekday and a year, are part of that line: not every program marks a sentence
    that begins with ``From``.
    """
    start, at, blank, head = -1, 0, True, b""
    while True:
        line = file.readline(LINE)
        if not line or (blank and line.startswith(b"From ") and _FROM.match(line)):
            if start >= 0:
                try:
                    yield _Place(head_of(head), name, start, at - start)
                except Exception as error:  # noqa: BLE001 - the boundary: one message never stops the rest
                    told(report, ".", f"{name} at {start}", error)
            if not line:
                return
            start, head = at + len(line), b""
        elif start >= 0 and len(head) < HEAD:
            head += line[: HEAD - len(head)]
        blank = line in {b"\n", b"\r\n"}
        at += len(line)


def _unwanted(place: _Place, found: dict[str, _Place], options: MailOptions) -> str:
    """Return why a message is left out, empty if it is not.

    Whoever sends junk likes to do so in the name of the person.
    """
    box = re.sub(r"\.mb(?:ox|x)\Z", "", place.file.removesuffix("/mbox"), flags=re.IGNORECASE)
    called = [box.rpartition("/")[2], *place.head.labels]
    if any(map(_JUNK.fullmatch, called)):
        return "junk, whoever it says that it is from"
    if any(map(_UNSENT.fullmatch, called)) and not options.drafts:
        return "never sent; the option drafts=true reads it"
    return "the same message as before" if place.head.id in found else ""


def _people(heads: list[Head]) -> dict[str, list[str]]:
    """Return who wrote, by address, the most frequent first."""
    times = Counter(head.address for head in heads if head.address)
    names: dict[str, list[str]] = {address: [address] for address, _ in times.most_common()}
    for head in heads:
        if head.address and head.who not in names[head.address]:
            names[head.address].append(head.who)
    return names


def _senders(found: dict[str, _Place]) -> set[str]:
    """Return the addresses that the person is known to write from."""
    sent = {
        place.head.address
        for place in found.values()
        if any(label.casefold() in _LABELS for label in place.head.labels)
    }
    folders = {place.head.address for place in found.values() if _SENT.fullmatch(place.file)}
    return (sent or folders) - {""}


def _conversations(found: dict[str, _Place]) -> dict[str, list[_Place]]:
    """Return the messages of each conversation, by the id of the message that began it."""
    known: dict[str, list[_Place]] = {}
    for place in found.values():
        key, seen = place.head.id, {place.head.id}
        first = place.head.before[:1]
        # Some programs name the message before alone; its own head leads further.
        while first and first[0] not in seen:
            key = first[0]
            seen.add(key)
            first = found[key].head.before[:1] if key in found else ()
        known.setdefault(key, []).append(place)
    return known


def _conversation(
    boxes: _Boxes,
    key: str,
    places: list[_Place],
    me: frozenset[str],
    options: MailOptions,
    report: Report,
) -> LlamaDocument | None:
    source = f"mbox:{key}"
    if not any(place.head.address in me for place in places):
        report.skipped(source, f"{len(places)} messages, of which none is yours")
        return None
    messages: list[Message] = []
    subject = ""
    for place in sorted(places, key=lambda one: one.head.when.timestamp() if one.head.when else 0):
        head, label = place.head, f"{place.file} at {place.start}"
        try:
            if head.when is None:
                message = "it has no date"
                raise twin.ReadError(message)  # noqa: TRY301 - told below, as all else
            text = text_of(boxes.message(place, options.max_message))
        except Exception as error:  # noqa: BLE001 - the boundary: one message never stops the rest
            told(report, source, label, error)
            continue
        subject = subject or re.sub(
            r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+", "", head.subject, flags=re.IGNORECASE
        )
        if not text.strip():
            report.skipped(label, "it has no words")
            continue
        own = head.address in me
        messages.append(Message(who=head.who or "?", when=head.when, text=text, mine=own))
    if not messages:
        return None
    return conversation(report, messages, source=source, title=subject, platform="mail")
