"""The language that a text is written in.

In: a document. Out: its language as ISO 639-1, or nothing where the text is too short to tell: a
wrong language hides a text from whoever asks for the right one, and none hides it no more than that.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import Field

from twin.basics.prose import prose
from twin.components import BuildContext, Enricher, Options
from twin.documents import Document, Enrichment, Kind, primary_language
from twin.errors import ConfigurationError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_LETTER: Final = re.compile(r"[^\W\d_]")
_SIGN: Final = re.compile(r"[@#][\w.]+|[^\w\s'’.,!?-]+")

LEAST: Final = 12
"""Letters below which nothing is told."""

READ: Final = 1500
"""Characters that are looked at: more of them change nothing."""


class LanguageOptions(Options):
    """Which languages there are."""

    languages: tuple[str, ...] = Field(
        default=(),
        description="Those that the person writes in, as in `en`; fewer are told more surely. Empty "
        "is any of 140.",
    )
    least: float = Field(
        default=0.6, ge=0, le=1, description="How sure it must be, as a probability."
    )


class Language:
    """Tells the language of a document: what its source says, or else what its words do.

    Args:
        options: which languages there are.
    """

    def __init__(self, options: LanguageOptions) -> None:
        self._options = options

    def __call__(self, document: Document) -> Enrichment:
        """Return the language; none for code, and for what is too short."""
        if stated := primary_language(document.language):
            return Enrichment(language=stated)
        if document.kind is Kind.CODE:
            return Enrichment()
        # Names of accounts and tags are of no language.
        text = _SIGN.sub(" ", prose(f"{document.title}.\n\n{document.text[: 2 * READ]}"))[:READ]
        if len(_LETTER.findall(text)) < LEAST:
            return Enrichment()
        language, sureness = _identifier(self._options.languages).classify(text)
        return Enrichment(language=language if sureness >= self._options.least else "")


def build_language(options: LanguageOptions, ctx: BuildContext) -> Enricher:
    """Return the language identifier."""
    del ctx
    return Language(options)


@cache
def _identifier(languages: tuple[str, ...]) -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - reads its model

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if unknown := {*languages} - {*found.labels}:
        message = f"the enricher 'language' knows no {', '.join(sorted(unknown))}"
        raise ConfigurationError(message, "name languages as ISO 639-1 does, as in `de`")
    found.set_languages(list(languages) or None)
    return found
