"""The settings panel and the profiles, as Chainlit shows them.

In: what there is to choose from. Out: Chainlit's widgets, beginning with what was chosen last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import chainlit as cl
from chainlit.input_widget import InputWidget, MultiSelect, Select, Slider, Switch, TextInput

from twin.chat.page import escaped
from twin.chat.panel import ANYONE, Defaults
from twin.chat.profiles import ANSWERS, Doing, Profile
from twin.chat.welcome import Welcome
from twin.documents import Kind

ICON = "/public/favicon.svg"
KINDS = {
    "Articles": Kind.ARTICLE.value,
    "Posts": Kind.POST.value,
    "Code": Kind.CODE.value,
    "Messages": Kind.MESSAGE.value,
}
MODEL = "models.chat"
"""How the default model is called beside the adapters."""


def described(profile: Profile, welcome: Welcome) -> cl.ChatProfile:
    """Return a profile as Chainlit shows it."""
    starters = [cl.Starter(label=s.label, message=s.question) for s in welcome.starters]
    text = welcome.text
    if profile.doing is Doing.WRITE:
        text = (
            f"{text}\n\nSay what to write about\\. The settings say whether a post or an article\\."
        )
        starters = []
    elif profile.doing is Doing.COMPARE:
        text = f"{text}\n\nTwo models answer next to each other, unnamed until you have chosen\\."
    elif profile.model:
        text = f"{text}\n\nThe adapter {escaped(profile.model)} answers\\."
    return cl.ChatProfile(
        name=profile.name,
        markdown_description=text,
        icon=ICON,
        starters=starters,
        default=profile == ANSWERS,
    )


def for_answers(
    authors: Mapping[str, str], defaults: Defaults, chosen: Mapping[str, Any]
) -> list[InputWidget]:
    """Return the widgets that decide how a question is answered.

    Args:
        authors: slug by name.
        defaults: what twin.toml says.
        chosen: what was chosen before, by the widget's id.
    """
    kinds = [kind for kind in chosen.get("kinds") or () if kind in KINDS.values()]
    author = chosen.get("author")
    return [
        Select(
            id="author",
            label="Written by",
            items={"Anyone": ANYONE, **authors},
            initial_value=author if author in authors.values() else ANYONE,
        ),
        TextInput(
            id="since",
            label="Written since",
            initial=chosen.get("since") or "",
            placeholder="2021, 2021-05 or 2021-05-17",
        ),
        TextInput(
            id="until",
            label="Written until",
            initial=chosen.get("until") or "",
            placeholder="2023, 2023-05 or 2023-05-17, that day included",
        ),
        MultiSelect(id="kinds", label="Only these kinds of writing", items=KINDS, initial=kinds),
        Slider(
            id="passages",
            label="Passages that the model reads",
            initial=_number(chosen, "passages", defaults.passages),
            min=1,
            max=max(20, defaults.passages),
            step=1,
        ),
        Slider(
            id="temperature",
            label="Temperature",
            initial=_number(chosen, "temperature", defaults.temperature),
            min=0,
            max=1.5,
            step=0.1,
            description="Higher is freer. The model that only quotes has none.",
        ),
        Switch(
            id="expand",
            label="Search for variants of the question",
            initial=bool(chosen.get("expand", True)),
            description="Where twin.toml names what writes them.",
        ),
        Switch(
            id="rerank",
            label="Have a reranker order the passages",
            initial=bool(chosen.get("rerank", True)),
            description="Where its weights are there.",
        ),
    ]


def for_comparing(models: Sequence[str], chosen: Mapping[str, Any]) -> list[InputWidget]:
    """Return the widgets that choose the two models that are compared."""
    items = {"The default model": MODEL, **{name: name for name in models}}
    names = list(items.values())

    def initial(key: str, default: str) -> str:
        value = chosen.get(key)
        return value if value in names else default

    return [
        Select(id="one", label="One model", items=items, initial_value=initial("one", names[0])),
        Select(
            id="other", label="The other", items=items, initial_value=initial("other", names[1])
        ),
    ]


def compared(chosen: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two models that were chosen, as twin.toml names them."""
    one, other = (str(chosen.get(key) or MODEL) for key in ("one", "other"))
    return ("" if one == MODEL else one), ("" if other == MODEL else other)


def for_drafts(chosen: Mapping[str, Any]) -> list[InputWidget]:
    """Return the widgets that say what is to be written."""
    form = chosen.get("form")
    return [
        Select(
            id="form",
            label="What to write",
            items={"A post": Kind.POST.value, "An article": Kind.ARTICLE.value},
            initial_value=form if form in {"post", "article"} else Kind.POST.value,
        ),
        Slider(
            id="words",
            label="Words",
            initial=_number(chosen, "words", 120),
            min=40,
            max=1200,
            step=20,
        ),
    ]


def _number(chosen: Mapping[str, Any], key: str, default: float) -> float:
    value = chosen.get(key)
    return float(value) if isinstance(value, int | float) else default
