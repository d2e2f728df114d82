"""What a server refuses of a request although it could answer it, and how it is asked instead.

In: what a server says of a request that it refused, and the body of a request. Out: what it will not
have, and the body without that. Chat templates of Gemma 2 and the first Mistral models know no system
message; OpenAI's models that think know no temperature; and some servers know a limit by its new name.
"""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, Final


class Refused(StrEnum):
    """What a server will not have."""

    SYSTEM = "system"
    TEMPERATURE = "temperature"
    MAX_TOKENS = "max_tokens"


_REFUSALS: Final = {
    Refused.SYSTEM: re.compile(
        r"\bsystem (?:role|message|prompt)s? (?:is |are )?(?:not|un)\W?(?:supported|allowed)"
        r"|only user(?:,| and) (?:assistant|model)\b.{0,20}\broles|roles must alternate",
        re.IGNORECASE,
    ),
    Refused.TEMPERATURE: re.compile(
        r"unsupported (?:value|parameter)\W+temperature\b|temperature\b.{0,80}\bnot support(?:ed)?\b",
        re.IGNORECASE,
    ),
    Refused.MAX_TOKENS: re.compile(
        r"\bmax_tokens\b.{0,80}\bmax_completion_tokens\b", re.IGNORECASE
    ),
}


def refused(said: str) -> Refused | None:
    """Return what a server will not have, None if it refuses a request for another reason."""
    return next((what for what, words in _REFUSALS.items() if words.search(said)), None)


def without(body: dict[str, Any], refusals: Collection[Refused]) -> dict[str, Any]:
    """Return the body of a request without what was refused, and with the same meaning as far as can be.

    What a system message says is said at the beginning of the first user's one.
    """
    asked = dict(body)
    if Refused.SYSTEM in refusals:
        asked["messages"] = joined(asked["messages"])
    if Refused.TEMPERATURE in refusals:
        asked.pop("temperature", None)
    if Refused.MAX_TOKENS in refusals and "max_tokens" in asked:
        asked["max_completion_tokens"] = asked.pop("max_tokens")
    return asked


def joined(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return messages of which the first user's one begins with what the system's ones say."""
    system = [one["content"] for one in messages if one["role"] == "system"]
    others = [dict(one) for one in messages if one["role"] != "system"]
    if system and others and others[0]["role"] == "user":
        others[0]["content"] = "\n\n".join([*system, others[0]["content"]])
    elif system:
        others = [{"role": "user", "content": "\n\n".join(system)}, *others]
    return others
