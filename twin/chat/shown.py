"""An answer as the page may show it, while it is being written.

In: an answer's Markdown, piece by piece. Out: the same, in which no word can be lost and no picture
is fetched: Chainlit's Markdown takes ``note:this`` for a directive and drops half of it, takes a
zero-width space for its cursor, and would ask a foreign server for a picture that the text names.
Code is left as it is.
"""

import re

_TOKEN = re.compile(
    r"(?P<fence>(?<=\n) {0,3}(?:`{3,}|~{3,}))"
    r"|(?P<ticks>`+)|(?P<paragraph>\n[ \t]*(?=\n))|(?P<colons>:+)|(?P<bang>!)"
)
_UNFINISHED = re.compile(r"(?:(?:(?<=\n)|\A) {0,3}[`~]*|`+|:+|!|\n[ \t]*|\\)\Z")
_ADDRESS = re.compile(r"https?://\S*\Z")
_REMEMBERED = 400
"""Characters before a colon in which an address can have begun."""


class Shown:
    """Makes a stream of Markdown fit to be shown."""

    def __init__(self) -> None:
        self._held = ""
        self._before = "\n"
        self._fence = ""
        self._ticks = ""

    def feed(self, part: str) -> str:
        """Return what can be shown of the text so far, after what was returned before."""
        text = self._held + part
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return self._shown(text[:cut], self._held)

    def end(self) -> str:
        """Return the rest."""
        rest, self._held = self._held, ""
        return self._shown(rest, "")

    def _shown(self, text: str, following: str) -> str:
        # The text before is read again, because what a sign means depends on it.
        whole = self._before + text + following
        offset, end = len(self._before), len(self._before) + len(text)
        shown, done = "", offset
        for match in _TOKEN.finditer(whole, offset):
            if match.start() >= end:
                break
            shown += whole[done : match.start()]
            shown += self._sign(match, whole)
            done = match.end()
        shown += whole[done:end]
        self._before = whole[max(0, end - _REMEMBERED) : end]
        return shown.replace("\u200b", "")

    def _sign(self, match: re.Match[str], whole: str) -> str:
        if match["fence"]:
            self._fenced(match[0].lstrip())
        elif match["ticks"] and not self._fence:
            self._ticks = {"": match[0], match[0]: ""}.get(self._ticks, self._ticks)
        elif match["paragraph"]:
            # Code inside a line does not go beyond its paragraph.
            self._ticks = ""
        elif not self._fence and not self._ticks:
            return _harmless(match, whole)
        return match[0]

    def _fenced(self, fence: str) -> None:
        if not self._fence:
            self._fence, self._ticks = fence, ""
        elif fence.startswith(self._fence):
            self._fence = ""


def _harmless(match: re.Match[str], whole: str) -> str:
    """Return colons and exclamation marks so that they mean nothing but themselves."""
    before, after = whole[: match.start()], whole[match.end() : match.end() + 1]
    escaped = (len(before) - len(before.rstrip("\\"))) % 2 == 1
    if escaped:
        return match[0]
    if match["bang"] and after == "[":
        return "\\!"
    if match["colons"] and after.isalpha() and not _ADDRESS.search(before):
        return "\\:" * len(match[0])
    return match[0]


def shown(text: str) -> str:
    """Return a whole answer as it may be shown."""
    stream = Shown()
    return stream.feed(text) + stream.end()
