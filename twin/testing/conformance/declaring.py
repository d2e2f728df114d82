"""Checks of the components as they are declared, whatever their hook.

In: a `Subject`. Out: nothing, or `Unmet`.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pydantic import ValidationError

from twin.components import AnyComponent
from twin.errors import TwinError
from twin.plugins import discover
from twin.testing.conformance.subject import Reported, Subject, Unmet, context

LONGEST = 90
"""Characters of a summary: it stands in one line of `twin plugins`."""

_SECRET = re.compile(r"(^|_)(key|token|secret|password|passwd|credential)s?$")
_COUNTS = {"max_tokens", "min_tokens", "tokens", "first_token"}
"""What only sounds like a secret: tokens of a language model."""


def _label(component: AnyComponent) -> str:
    return f"the {component.noun} {component.name!r}"


def steady(subject: Subject) -> None:
    """Discovery finds the same components every time."""
    again = next(p for p in discover().plugins if p.name == subject.plugin.name)
    names = [
        [(p.component.hook, p.component.name) for p in x.provides] for x in (again, subject.plugin)
    ]
    if names[0] != names[1]:
        message = "its hooks yield other components the second time"
        raise Unmet(message, "yield what does not depend on when or how often one is asked")


def summarised(subject: Subject) -> None:
    """Every component says in one line what it is."""
    for component in subject.components:
        summary = component.summary
        if not summary.strip() or "\n" in summary or len(summary) > LONGEST:
            message = f"{_label(component)} has no summary of one line ({LONGEST} characters)"
            raise Unmet(message, 'as in summary="Notes of the Example app"')


def named_apart(subject: Subject) -> None:
    """No other plugin provides components of the same names, or claims the same sources."""
    own = {component.name for component in subject.components}
    for conflict in subject.others.conflicts():
        if any(f"{name!r}" in str(conflict) for name in own):
            message = str(conflict)
            raise Unmet(message, "choose another name, or a narrower claim")


def refuses_unknown_options(subject: Subject) -> None:
    """An option that does not exist is refused, so that a slip is told."""
    for component in subject.components:
        try:
            component.options.model_validate({"no_such_option_as_this": 1})
        except ValidationError:
            continue
        message = f"{_label(component)} takes any option, also a misspelt one"
        raise Unmet(message, "derive its options from twin.Options and leave `extra` alone")


def options_cannot_change(subject: Subject) -> None:
    """Options are frozen."""
    for component in subject.components:
        if not component.options.model_config.get("frozen"):
            message = f"the options of {_label(component)} can be changed after they were checked"
            raise Unmet(message, "derive them from twin.Options and leave `frozen` alone")


def options_round_trip(subject: Subject) -> None:
    """Options come back from JSON as they were."""
    for component in subject.components:
        if any(f.is_required() for f in component.options.model_fields.values()):
            continue
        options = component.options()
        try:
            again = component.options.model_validate_json(options.model_dump_json())
        except ValueError as error:
            message = f"the options of {_label(component)} do not come back from JSON: {error}"
            raise Unmet(message, "use types that pydantic can write and read") from error
        if again != options:
            message = f"the options of {_label(component)} come back from JSON as others"
            raise Unmet(message, "use types that pydantic can write and read")


def options_described(subject: Subject) -> None:
    """Every option says what it does."""
    for component in subject.components:
        for name, field in component.options.model_fields.items():
            if not (field.description or "").strip():
                message = f"the option {name!r} of {_label(component)} has no description"
                raise Unmet(message, "pydantic.Field(default=..., description=...)")


def no_secrets_in_options(subject: Subject) -> None:
    """No option holds a secret: those come from the environment."""
    for component in subject.components:
        for name in component.options.model_fields:
            if _SECRET.search(name) and name not in _COUNTS:
                message = f"the option {name!r} of {_label(component)} would hold a secret"
                hint = f"call it {name}_env, the name of a variable, and read ctx.secret(...)"
                raise Unmet(message, hint)


def builds_quietly(subject: Subject) -> None:
    """Building a component with its defaults writes nothing, or says what is missing."""
    for component in subject.components:
        if any(f.is_required() for f in component.options.model_fields.values()):
            continue
        if component.hook not in ("twin_readers", "twin_cleaners", "twin_vector_stores"):
            continue  # the others may load a model, which is kept in the cache
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "home"
            try:
                component.build(component.options(), context(place, Reported()))
            except TwinError as error:
                if not error.hint:
                    message = f"{_label(component)} cannot be built, and does not say what to do"
                    raise Unmet(message, "raise a twin.TwinError with a hint") from error
            except ImportError:
                continue  # twin says what is missing
            except Exception as error:
                message = f"{_label(component)} cannot be built: {type(error).__name__}: {error}"
                raise Unmet(message, "raise a twin.TwinError with a hint") from error
            if place.exists() and any(path.is_file() for path in place.rglob("*")):
                message = f"building {_label(component)} writes files"
                raise Unmet(message, "write them when it is first used")
