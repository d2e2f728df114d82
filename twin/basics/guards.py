"""The guard that knows personal data by its form.

In: the kinds that are wanted. Out: a callable from a text to the spans of them. It needs no model.
"""

from typing import Literal, get_args

from pydantic import Field

from twin.components import AnyComponent, BuildContext, Finder, GuardComponent, Options

Kind = Literal["email", "iban", "ssn", "ip", "card", "phone"]


class PatternOptions(Options):
    """What may be set for `patterns`."""

    kinds: tuple[Kind, ...] = Field(
        default=get_args(Kind), description="What is found: all that has a form, by default."
    )


def _patterns(options: PatternOptions, ctx: BuildContext) -> Finder:
    from twin.guard.personal import personal  # noqa: PLC0415 - only where something is masked

    del ctx
    return lambda text: personal(text, options.kinds)


COMPONENTS: tuple[AnyComponent, ...] = (
    GuardComponent(
        name="patterns",
        summary="Personal data by its form: mail, telephone, cards, IBANs, IP addresses, US SSNs",
        options=PatternOptions,
        build=_patterns,
    ),
)
