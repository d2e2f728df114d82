"""Presidio's analyser, without a model of the language unless one is named.

In: the options. Out: a callable from a text to the spans of personal data in it, each with its kind.

Presidio's default engine downloads a spaCy model. Here it runs on spaCy's tokenizer alone: all that
recognises by pattern, check digit and context words works; names, places and dates need a model.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from twin.documents import Span
from twin.errors import ComponentUnavailable, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twin.components import Finder
    from twin_presidio import PresidioOptions


def finder(options: PresidioOptions) -> Finder:
    """Return what finds personal data.

    Raises:
        ComponentUnavailable: if the spaCy model is not installed.
        ConfigurationError: if an entity has no recogniser.
    """
    import tldextract  # noqa: PLC0415 - heavy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer  # noqa: PLC0415

    languages = [options.language]
    # It warns of every recogniser of another language, which is none of the person's business.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    # To judge a mail address it would fetch a list of domains from the web; it brings one along.
    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()
    registry = RecognizerRegistry(supported_languages=languages)
    registry.load_predefined_recognizers(languages=languages)
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(
        PhoneRecognizer(
            supported_language=options.language, supported_regions=list(options.regions)
        )
    )
    engine = AnalyzerEngine(
        registry=registry, nlp_engine=_engine(options), supported_languages=languages
    )
    known = set(engine.get_supported_entities(options.language))
    if missing := sorted(set(options.entities) - known):
        message = f"presidio: nothing recognises {', '.join(missing)}"
        hint = f"for {options.language!r} there are: {', '.join(sorted(known))}"
        raise ConfigurationError(message, hint)
    wanted = list(options.entities)

    def find(text: str) -> Iterator[tuple[Span, str]]:
        found = engine.analyze(
            text,
            language=options.language,
            entities=wanted,
            score_threshold=options.threshold,
        )
        # The surest first: of two that overlap, the first counts.
        for one in sorted(found, key=lambda f: (-f.score, f.start, -f.end)):
            yield Span(one.start, one.end), one.entity_type.lower().replace("_", "-")

    return find


def _engine(options: PresidioOptions) -> Any:
    import spacy  # noqa: PLC0415 - heavy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: PLC0415
    from spacy.util import is_package  # noqa: PLC0415

    models = [{"lang_code": options.language, "model_name": options.model or "blank"}]
    engine: Any = SpacyNlpEngine(models=models)
    if options.model:
        # Presidio would try to download a model that is missing.
        if not is_package(options.model):
            message = f"presidio: the spaCy model {options.model} is not installed"
            raise ComponentUnavailable(message, "install its wheel, or leave the option model out")
        return engine
    # A tokenizer alone, with each word for its own lemma: the recognisers look for words around a
    # number, which Presidio's own engine without a model does not give them.
    blank = spacy.blank(options.language)
    blank.add_pipe(_words_of_themselves(), first=True)
    engine.nlp = {options.language: blank}
    return engine


def _words_of_themselves() -> str:
    from spacy.language import Language  # noqa: PLC0415 - heavy

    name = "twin_presidio_words"
    if not Language.has_factory(name):

        @Language.component(name)
        def words(doc: Any) -> Any:
            for token in doc:
                token.lemma_ = token.lower_
            return doc

    return name
