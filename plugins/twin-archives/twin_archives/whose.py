"""Who the person is, among all who speak in an archive.

In: what the person says of themselves, and who is there. Out: the ids that are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import twin

SHOWN: Final = 12
"""Names that a message lists; a workspace may have thousands."""


def wanted(me: str) -> frozenset[str]:
    """Return the names of the option `me`, for comparison."""
    return frozenset(_plain(name) for name in me.split(";") if name.strip())


def is_me(me: str, names: Iterable[str]) -> bool:
    """Return whether one of `names` is among those of the option `me`."""
    return bool(wanted(me) & {_plain(name) for name in names})


def mine(
    me: str,
    people: Mapping[str, Iterable[str]],
    known: Iterable[str] = (),
    place: str = "",
    *,
    apart: bool = False,
) -> frozenset[str]:
    """Return the ids of the person.

    Args:
        me: the option; it wins.
        people: every id, with the names that it goes by; the first one is shown.
        known: ids that the archive itself says are the person's.
        place: what the archive is called.
        apart: whether each id is a person, so that a name that several have is nobody's.

    Raises:
        ReadError: if neither the option nor the archive tells, with the names that are there.
    """
    shown = [next(iter(names), one) or one for one, names in people.items()]
    listed = ", ".join(dict.fromkeys(shown[:SHOWN])) + (", …" if len(shown) > SHOWN else "")
    there = f"there are {listed or 'none'}"
    hint = "name yourself, as in --option me=NAME"
    if me.strip():
        found = frozenset(one for one, names in people.items() if is_me(me, [one, *names]))
        if found:
            for name in wanted(me) if apart else ():
                _refuse_two(name, people, place)
            return found
        message = f"{place}: nobody is called {me!r}; {there}"
        raise twin.ReadError(message, hint)
    if found := frozenset(known):
        return found
    message = f"{place}: it does not say who of those that speak is you; {there}"
    raise twin.ReadError(message, hint)


def _refuse_two(name: str, people: Mapping[str, Iterable[str]], place: str) -> None:
    called = {one: names for one, names in people.items() if is_me(name, [one, *names])}
    if len(called) > 1 and name not in map(_plain, called):
        shown = ", ".join(f"{next(iter(names), one)} ({one})" for one, names in called.items())
        message = f"{place}: {len(called)} people are called {name!r}: {shown}"
        raise twin.ReadError(message, "name yourself by the id in brackets, as in --option me=ID")


def _plain(name: str) -> str:
    return " ".join(name.split()).lstrip("@~").strip().casefold()
