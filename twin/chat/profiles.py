"""The chat profiles: what can be done on the page.

In: the adapters of twin.toml. Out: the profiles, and which of them a session is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Doing(StrEnum):
    """What a profile does."""

    ANSWER = "answer"
    WRITE = "write"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class Profile:
    """One chat profile.

    Attributes:
        model: the adapter that answers, by its name in twin.toml; empty is `models.chat`.
    """

    name: str
    doing: Doing
    model: str = ""


ANSWERS = Profile("Answer with sources", Doing.ANSWER)
WRITING = Profile("Write as me", Doing.WRITE)
COMPARING = Profile("Side by side", Doing.COMPARE)


def profiles_of(models: Sequence[str]) -> list[Profile]:
    """Return the profiles, the first one the default.

    Args:
        models: the adapters of twin.toml.
    """
    found = [ANSWERS, WRITING]
    taken = {one.name for one in (ANSWERS, WRITING, COMPARING)}
    for model in models:
        name = f"Answer by {model}"
        found.append(
            Profile(name if name not in taken else f"{name} (adapter)", Doing.ANSWER, model)
        )
    if models:
        found.append(COMPARING)
    return found


def chosen(name: str | None, profiles: Sequence[Profile]) -> Profile:
    """Return the profile of a name; one that is no longer there is the first."""
    return next((one for one in profiles if one.name == name), profiles[0])
