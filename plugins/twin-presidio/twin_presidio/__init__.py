"""The guard, and the step of curation, that know personal data by Presidio's recognisers.

In: the hooks. Out: the guard component `presidio`, which masks, and the curator of the same name, which
leaves rows out of a dataset. What is heavy is imported when they are built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twin.components import Finder
    from twin.samples import Curator

__version__ = "0.1.0"

ENTITIES = (
    "CREDIT_CARD",
    "CRYPTO",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "MEDICAL_LICENSE",
    "PHONE_NUMBER",
    "US_BANK_NUMBER",
    "US_ITIN",
    "US_PASSPORT",
    "US_SSN",
)
"""What is masked by default: Presidio's recognisers by pattern, check digit and the words around."""


class PresidioOptions(twin.Options):
    """What may be set for the guard."""

    entities: tuple[str, ...] = Field(
        default=ENTITIES, min_length=1, description="Presidio's names of what is masked."
    )
    language: str = Field(default="en", description="Of the texts: the words around a number tell.")
    regions: tuple[str, ...] = Field(
        default=("US", "GB", "DE", "FR", "ES", "IT"),
        description="Countries whose telephone numbers are known without a country code.",
    )
    threshold: float = Field(
        default=0.4, ge=0, le=1, description="Presidio's score below which nothing is masked."
    )
    model: str = Field(
        default="",
        description="A spaCy model that is installed, as in `en_core_web_lg`, for names and places; "
        "without one there are patterns alone.",
    )


def build(options: PresidioOptions, ctx: twin.BuildContext) -> Finder:
    """Return the guard.

    Raises:
        ComponentUnavailable: if the spaCy model is not installed.
        ConfigurationError: if an entity has no recogniser.
    """
    from twin_presidio.finding import finder  # noqa: PLC0415 - heavy

    del ctx
    return finder(options)


@twin.hookimpl
def twin_guards() -> Iterator[twin.GuardComponent[PresidioOptions]]:
    """Yield the guard."""
    yield twin.GuardComponent(
        name="presidio",
        summary="Personal data by Microsoft Presidio: patterns, check digits, words around them",
        options=PresidioOptions,
        build=build,
    )


def build_curator(options: PresidioOptions, ctx: twin.BuildContext) -> Curator:
    """Return the curator: rows with personal data in the prompt or the target are left out, none masked.

    Raises:
        ComponentUnavailable: if the spaCy model is not installed.
        ConfigurationError: if an entity has no recogniser.
    """
    find = build(options, ctx)

    def curate(samples: Sequence[twin.Sample], curation: twin.Curation) -> Iterator[twin.Removal]:
        del curation
        for sample in samples:
            texts = (sample.target, *(content for _, content in sample.prompt))
            found = next((what for text in texts for _, what in find(text)), "")
            if found:
                yield twin.Removal(sample.id, f"Presidio: {found}")

    return curate


@twin.hookimpl
def twin_curators() -> Iterator[twin.CuratorComponent[PresidioOptions]]:
    """Yield the step of curation."""
    yield twin.CuratorComponent(
        name="presidio",
        summary="Rows with personal data by Microsoft Presidio, names too with a spaCy model",
        options=PresidioOptions,
        build=build_curator,
    )
