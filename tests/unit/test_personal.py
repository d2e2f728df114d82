"""Personal data that has a form: found, masked, and not mistaken for other numbers."""

import threading
from pathlib import Path
from typing import Any

import pytest

from twin.basics.guards import COMPONENTS, PatternOptions
from twin.chat.guarding import guarded_by
from twin.components import BuildContext
from twin.documents import Span
from twin.guard.personal import KINDS, Masking, personal
from twin.safety import GuardSettings
from twin.tables import Choice

MASKED = [
    ("mail ada.l+x@mail.example.co.uk, now", "mail [email], now"),
    ("call +44 20 7946 0958 or (555) 010-9999", "call [phone] or [phone]"),
    ("tel 555-0199 ext. 12", "tel [phone]"),
    ("4111 1111 1111 1111 and 4111-1111-1111-1111", "[card] and [card]"),
    ("DE89 3704 0044 0532 0130 00", "[iban]"),
    ("from 93.184.216.34 and 2606:2800:220:1:248:1893:25c8:1946", "from [ip] and [ip]"),
    ("my number is 856-45-6789", "my number is [ssn]"),
]

PLAIN = [
    "In 2019, on 2022-01-18 and 18.01.2022, at 9:30, £1,310, 96.8 per cent of 1,052,640.",
    "Version 1.22.3 of build 4111111111111112, commit 9f86d081884c7d65.",
    "127.0.0.1:8000 and 0.0.0.0, chapter 1.2.3.4000",
    "@ada on the network, a@b, lines 100-200 and 3 - 4",
    "the room 078-05, and berth 4 at 12 o’clock",
]


@pytest.mark.parametrize(("text", "shown"), MASKED)
def test_what_has_a_form_is_masked(text: str, shown: str) -> None:
    assert Masking(lambda: [lambda t: personal(t, KINDS)])(text) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_other_numbers_are_left(text: str) -> None:
    assert [(span.of(text), kind) for span, kind in personal(text, KINDS)] == []


def test_only_the_kinds_that_are_wanted(tmp_path: Path) -> None:
    [component] = COMPONENTS
    context = BuildContext(cache=tmp_path, data=tmp_path)
    find: Any = component.build(PatternOptions(kinds=("email",)), context)
    text = "ada@example.com, +44 20 7946 0958"
    assert [(span.of(text), kind) for span, kind in find(text)] == [("ada@example.com", "email")]


def test_finders_are_built_once_and_the_first_of_two_that_meet_counts() -> None:
    built: list[int] = []

    def finders() -> Any:
        built.append(1)
        return [lambda _: [(Span(0, 4), "one")], lambda _: [(Span(2, 6), "two"), (Span(5, 6), "z")]]

    mask = Masking(finders)
    threads = [threading.Thread(target=mask, args=("abcdef",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mask("abcdef") == "[one]e[z]"
    assert built == [1]


def test_nothing_is_built_where_nothing_is_masked() -> None:
    assert guarded_by(GuardSettings()).mask is None
    wanted = GuardSettings(masks=(Choice(use="patterns"),))
    guard = guarded_by(wanted, lambda: [lambda t: personal(t, KINDS)])
    assert guard.text("mail ada@example.com") == "mail [email]"
    assert guard.question("ada@example.com?") == "[email]?"
