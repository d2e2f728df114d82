"""What stylometry looks at: function words, masked n-grams, punctuation, the shape of sentences.

In: plain prose (`twin.evaluation.prose`). Out: one matrix a family, rows are texts. No family sees
a content word: n-grams are taken from a text in which each of them is an asterisk (the single-
asterisk text distortion of Stamatatos, Authorship Attribution Using Text Distortion, EACL 2017), so
that a verifier cannot tell authors by their topics, their names or their tools. Only its ending
stays, which is grammar and a rough part of speech: affixes and punctuation are what n-grams tell
authors by (Sapkota et al., Not All Character N-grams Are Created Equal, NAACL 2015).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.evaluation.function_words import FUNCTION_WORDS
from twin.evaluation.prose import WORD
from twin.index.boundaries import sentences

Matrix = npt.NDArray[np.float64]

FUNCTION, PUNCTUATION, SHAPE, CHARACTERS, WORDS = (
    "function words",
    "punctuation",
    "sentence shape",
    "masked character n-grams",
    "masked word n-grams",
)
FAMILIES = (FUNCTION, PUNCTUATION, SHAPE, CHARACTERS, WORDS)
"""All families, as reports name them."""

MARKS = (",", ".", ";", ":", "!", "?", "(", ")", '"', "'", "—", "-", "/", "...", "%", "&")
"""Punctuation that is counted. Curly and straight, long and short forms were made one before."""

SHAPES = (
    "sentence length, mean",
    "sentence length, standard deviation",
    "sentences of at most 8 words",
    "sentences of at least 30 words",
    "commas a sentence",
    "sentences that ask",
    "sentences that exclaim",
    "sentences that begin with a conjunction",
    "sentences that begin with I or we",
    "sentences that begin with a pronoun or determiner",
    "sentences a paragraph",
    "word length, mean",
    "words of at most 3 letters",
    "words of at least 8 letters",
    "capitals inside sentences",
    "words all in capitals",
    "share of function words",
    "different function words",
    "words with an apostrophe",
    "numbers",
)

ENDINGS = ("ing", "ed", "ly", "s", "er", "est", "tion", "al", "ive", "able", "ment", "ity")
"""Endings of content words that masking keeps: inflections, and suffixes that make a class."""

LONG_ENOUGH = 5
"""Letters from which on an ending is one: "used" ends so, "red" does not."""

_ENDING = re.compile(f"(?:{'|'.join(ENDINGS)})$")
_KNOWN = frozenset(FUNCTION_WORDS)
_INDEX = {word: column for column, word in enumerate(FUNCTION_WORDS)}
_CONJUNCTIONS = frozenset(("and", "but", "or", "so", "yet", "because", "also", "then", "however"))
_FIRST_PERSON = frozenset(("i", "we", "i'm", "i've", "i'll", "i'd", "we're", "we've", "we'll"))
_OPENERS = frozenset(("this", "that", "these", "those", "it", "it's", "the", "a", "an", "there"))
_TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,]\d+)*|\.\.\.|[^\w\s]")
_MARK = re.compile(r"\.\.\.|[^\w\s]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def masked(text: str) -> str:
    """Return a text with every content word as ``*`` and its ending, every number as ``#``.

    "However, the quantized models" becomes "However, the *ed *s". The case of function words and
    everything between the words stay.
    """
    return WORD.sub(lambda match: _masked_word(match[0]), _NUMBER.sub("#", text))


def _masked_word(word: str) -> str:
    lower = word.casefold()
    if lower in _KNOWN:
        return word
    ending = _ENDING.search(lower) if len(lower) >= LONG_ENOUGH else None
    return f"*{ending[0]}" if ending else "*"


def masked_tokens(text: str) -> list[str]:
    """Return the tokens of a masked text, function words in lower case."""
    found = []
    for token in _TOKEN.findall(text):
        if token[0].isalpha():
            found.append(_masked_word(token.casefold()))
        else:
            found.append("#" if token[0].isdigit() else token)
    return found


def function_word_rates(texts: Sequence[str]) -> Matrix:
    """Return how often each function word comes, of a thousand words."""
    rates = np.zeros((len(texts), len(FUNCTION_WORDS)))
    for row, text in enumerate(texts):
        words = [word.casefold() for word in WORD.findall(text)]
        for word, count in Counter(words).items():
            if (column := _INDEX.get(word)) is not None:
                rates[row, column] = 1000 * count / len(words)
    return rates


def punctuation_rates(texts: Sequence[str]) -> Matrix:
    """Return how often each mark comes, of a thousand words."""
    rates = np.zeros((len(texts), len(MARKS)))
    for row, text in enumerate(texts):
        words = max(1, len(WORD.findall(text)))
        counts = Counter(_MARK.findall(WORD.sub("w", text)))
        rates[row] = [1000 * counts[mark] / words for mark in MARKS]
    return rates


def sentence_shapes(texts: Sequence[str]) -> Matrix:
    """Return the numbers that `SHAPES` names; shares are of all sentences or all words."""
    return np.asarray([_shape(text) for text in texts], dtype=np.float64).reshape(-1, len(SHAPES))


def _shape(text: str) -> list[float]:
    found = [span.of(text) for span in sentences(text)] or [""]
    split = [WORD.findall(sentence) or ["w"] for sentence in found]
    lengths = np.asarray([len(words) for words in split], dtype=np.float64)
    words = [word for sentence in split for word in sentence]
    letters = np.asarray([len(word) for word in words], dtype=np.float64)
    lower = [word.casefold() for word in words]
    known = [word for word in lower if word in _KNOWN]
    firsts = [sentence[0].casefold() for sentence in split]
    inner = [word for sentence in split for word in sentence[1:]]
    count, total = len(found), len(words)
    return [
        float(lengths.mean()),
        float(lengths.std()),
        float((lengths <= 8).mean()),  # noqa: PLR2004 - as SHAPES says
        float((lengths >= 30).mean()),  # noqa: PLR2004 - likewise
        text.count(",") / count,
        sum(one.endswith("?") for one in found) / count,
        sum(one.endswith("!") for one in found) / count,
        sum(word in _CONJUNCTIONS for word in firsts) / count,
        sum(word in _FIRST_PERSON for word in firsts) / count,
        sum(word in _OPENERS for word in firsts) / count,
        count / (text.count("\n") + 1),
        float(letters.mean()),
        float((letters <= 3).mean()),  # noqa: PLR2004 - likewise
        float((letters >= 8).mean()),  # noqa: PLR2004 - likewise
        sum(word[0].isupper() and word != "I" for word in inner) / max(1, len(inner)),
        sum(len(word) > 1 and word.isupper() for word in words) / total,
        len(known) / total,
        len(set(known)) / max(1, len(known)),
        sum("'" in word for word in words) / total,
        len(_NUMBER.findall(text)) / total,
    ]


class Counted:
    """A family that counts a fixed list of features: nothing about it is learned."""

    def __init__(self, count: Callable[[Sequence[str]], Matrix]) -> None:
        self._count = count

    def fit(self, _texts: Sequence[str]) -> Counted:
        """Return itself."""
        return self

    def transform(self, texts: Sequence[str]) -> Matrix:
        """Return the counts of texts."""
        return self._count(texts)


def extractor(name: str) -> Any:
    """Return what turns texts into the raw matrix of a family, not fitted.

    Of n-grams the vocabulary is chosen when it is fitted, by how often they come, without labels.
    """
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 - heavy

    if name == CHARACTERS:
        return CountVectorizer(
            analyzer="char",
            lowercase=False,
            preprocessor=masked,
            ngram_range=(2, 5),
            min_df=5,
            max_features=20_000,
        )
    if name == WORDS:
        return CountVectorizer(
            tokenizer=masked_tokens,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 3),
            min_df=5,
            max_features=20_000,
        )
    counts = {FUNCTION: function_word_rates, PUNCTUATION: punctuation_rates, SHAPE: sentence_shapes}
    return Counted(counts[name])


def weighting(name: str) -> Any:
    """Return what weighs the raw matrix of a family, not fitted; rows then have a length of about one.

    N-grams by tf-idf with logarithmic counts; the others by z-scores within plus and minus five, so
    that one odd text does not decide alone.
    """
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415 - heavy
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: PLC0415

    if name in {CHARACTERS, WORDS}:
        return TfidfTransformer(sublinear_tf=True)
    return make_pipeline(StandardScaler(), FunctionTransformer(shortened))


def shortened(matrix: Matrix) -> Matrix:
    """Return z-scores within plus and minus five, divided by the root of their number."""
    found: Matrix = np.clip(matrix, -5, 5) / np.sqrt(matrix.shape[1])
    return found


def feature_names(name: str, fitted: Any) -> list[str]:
    """Return the names of a fitted family's columns."""
    fixed: dict[str, Sequence[str]] = {FUNCTION: FUNCTION_WORDS, PUNCTUATION: MARKS, SHAPE: SHAPES}
    return list(fixed[name]) if name in fixed else list(fitted.get_feature_names_out())
