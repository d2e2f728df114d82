"""Personal data that has a form: mail, telephone, cards, accounts, addresses of machines.

In: a text. Out: the spans of it, each with its kind; or the text with them masked. What has no form
(names, places, dates, jobs) is not found here: that takes a model of the language.

Numbers with a check digit are checked (cards by Luhn, IBANs by ISO 7064 mod 97-10), so that a part
number is none; a telephone number needs the punctuation or the words that people give it.
"""

import ipaddress
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from twin.components import Finder
from twin.documents import Span

KINDS: Final = ("email", "iban", "ssn", "ip", "card", "phone")
"""What can be found: mail addresses, IBANs, US social security numbers, IP addresses, payment cards and
telephone numbers."""


def personal(text: str, kinds: Sequence[str]) -> list[tuple[Span, str]]:
    """Return the personal data of some kinds in a text, each with its kind, in order.

    Args:
        text: any text.
        kinds: names of `KINDS`. Where two meet, the one that stands first there counts: what has a
            check digit or a form of its own before what is only likely.
    """
    found = [
        (Span(*match.span()), kind)
        for kind in sorted(kinds, key=KINDS.index)
        for match in _RECOGNISERS[kind][0].finditer(text)
        if _RECOGNISERS[kind][1](match)
    ]
    return _apart(found)


class Masking:
    """Hides personal data in texts: each piece becomes its kind in brackets, as in ``[email]``.

    Args:
        finders: builds what finds it; called once, when the first text comes.
    """

    def __init__(self, finders: Callable[[], Sequence[Finder]]) -> None:
        self._build = finders
        self._finders: Sequence[Finder] | None = None
        self._lock = threading.Lock()

    def __call__(self, text: str) -> str:
        """Return a text with its personal data masked."""
        with self._lock:
            if self._finders is None:
                self._finders = self._build()
        found = _apart([one for find in self._finders for one in find(text)])
        parts, done = [], 0
        for span, kind in found:
            parts += [text[done : span.start], f"[{kind}]"]
            done = span.end
        return "".join([*parts, text[done:]])


def _apart(found: Sequence[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """Return what was found in order of place, without what overlaps something before it."""
    kept: list[tuple[Span, str]] = []
    for span, kind in found:
        if all(span.end <= k.start or k.end <= span.start for k, _ in kept):
            kept.append((span, kind))
    return sorted(kept)


def _always(_match: re.Match[str]) -> bool:
    return True


def _card(match: re.Match[str]) -> bool:
    digits = [int(c) for c in match[0] if c.isdigit()]
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:  # noqa: PLR2004 - ISO/IEC 7812
        return False
    doubled = (
        d if n % 2 == 0 else d * 2 - 9 * (d > 4)  # noqa: PLR2004
        for n, d in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0


def _iban(match: re.Match[str]) -> bool:
    plain = re.sub(r"\s", "", match[0]).upper()
    if not 15 <= len(plain) <= 34:  # noqa: PLR2004 - ISO 13616
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _ip(match: re.Match[str]) -> bool:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return False
    # Loopback, 0.0.0.0 and the documentation's own networks are nobody's.
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)


def _phone(match: re.Match[str]) -> bool:
    text = match[0]
    digits = sum(c.isdigit() for c in text)
    if not 7 <= digits <= 15 or _DATE.search(text):  # noqa: PLR2004 - E.164
        return False
    groups = re.findall(r"\d+", text)
    if "." in text and min(map(len, groups)) < 2:  # noqa: PLR2004 - a version, a chapter
        return False
    told = _CALLED.search(match.string[max(0, match.start() - 40) : match.start()])
    return text.startswith(("+", "00", "(")) or len(groups) > 2 or bool(told)  # noqa: PLR2004


def _ssn(match: re.Match[str]) -> bool:
    area, group, serial = re.findall(r"\d+", match[0])
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


_DATE: Final = re.compile(
    r"^(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?|^\d\d?[-./]\d\d?[-./](?:19|20)\d\d$"
)
_CALLED: Final = re.compile(
    r"\b(?:phone|telephone|tel|mobile|cell|call|fax|number|dial|reach|text|whatsapp|sms|contact)\b",
    re.IGNORECASE,
)

_RECOGNISERS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[re.Match[str]], bool]]]] = {
    "email": (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?<![.-])"), _always),
    "phone": (
        re.compile(
            r"(?<![\w./-])(?:\+|00)?\(?\d{1,6}\)?(?:[ .\-/]{1,2}\(?\d{1,6}\)?|(?<=\))\d{1,6}){1,6}"
            r"(?: ?(?:x|ext\.?) ?\d{1,6})?(?![\w%-]|[.,/:]\d)"
            r"|(?<![\w./-])\+?\d{7,15}(?: ?(?:x|ext\.?) ?\d{1,6})?(?![\w%-]|[.,/:]\d)"
        ),
        _phone,
    ),
    "card": (re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)"), _card),
    "iban": (
        re.compile(
            r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?(?!\w)"
        ),
        _iban,
    ),
    "ip": (
        re.compile(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f:]+)(?![\w.:]*\d)"
        ),
        _ip,
    ),
    "ssn": (re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), _ssn),
}
