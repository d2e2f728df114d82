"""The embedder as the index uses it: each text once, its window, and the keyword encoder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ConfigurationError, PluginError
from twin.index import embedder as module
from twin.index.cache import VectorCache
from twin.index.embedder import Embedder
from twin.index.sparse import AVERAGE_LENGTH, SparseEncoder
from twin.testing.fakes import DIMENSION, hash_embedding, hashed


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    opened = VectorCache(tmp_path / "deep" / "vectors.sqlite3")
    yield opened
    opened.close()


def made(cache: VectorCache, model: Any, fingerprint: str = "hash") -> Embedder:
    return Embedder(fingerprint, lambda: model, cache, SparseEncoder())


def test_each_text_is_embedded_once_ever(cache: VectorCache) -> None:
    model: Any = hash_embedding()
    embedder = made(cache, model)
    first = embedder.texts(["tide", "boats", "tide"])
    assert list(first[0]) == list(first[2])
    assert list(first[0]) == pytest.approx(hashed("tide"))
    assert list(embedder.texts(["boats", "frost"])[0]) == pytest.approx(list(first[1]))
    assert sorted(model.calls) == ["boats", "frost", "tide"]
    assert embedder.computed == 3
    again: Any = hash_embedding()
    assert list(made(cache, again).texts(["tide", "frost"])[0]) == pytest.approx(list(first[0]))
    assert again.calls == []


def test_another_fingerprint_has_vectors_of_its_own(cache: VectorCache) -> None:
    model: Any = hash_embedding()
    made(cache, model).texts(["tide"])
    made(cache, model, "other").texts(["tide"])
    assert model.calls == ["tide", "tide"]


def test_what_is_cached_needs_no_model(cache: VectorCache) -> None:
    model = hash_embedding()
    known = made(cache, model)
    known.info()
    known.texts(["tide"])

    def load() -> Any:
        pytest.fail("the model was loaded")

    embedder = Embedder("hash", load, cache, SparseEncoder())
    assert embedder.info().dimension == DIMENSION
    assert len(embedder.texts(["tide"])) == 1
    assert embedder.texts([]) == []
    assert embedder.computed == 0


def test_a_failure_leaves_nothing_half_done(cache: VectorCache) -> None:
    with pytest.raises(RuntimeError, match="refuses"):
        made(cache, hash_embedding(refuses=lambda text: text == "frost")).texts(["tide", "frost"])
    model: Any = hash_embedding()
    assert len(made(cache, model).texts(["tide", "frost"])) == 2
    assert sorted(model.calls) == ["frost", "tide"]


def test_a_model_that_loses_texts_is_found_out(cache: VectorCache) -> None:
    class Losing:
        def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
            return [hashed(text) for text in texts[1:]]

    with pytest.raises(PluginError, match="1 vectors for 2 texts"):
        made(cache, Losing()).texts(["tide", "frost"])


def test_questions_are_kept_but_not_for_ever(
    cache: VectorCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting:
        asked: tuple[str, ...] = ()

        def get_query_embedding(self, text: str) -> list[float]:
            self.asked += (text,)
            return hashed(text)

    monkeypatch.setattr(module, "_QUESTIONS_KEPT", 2)
    model = Counting()
    embedder = made(cache, model)
    for text in "aabbaca":
        assert embedder.question(text) == hashed(text)
    assert model.asked == ("a", "b", "c", "a")


def test_the_window(cache: VectorCache) -> None:
    window = made(cache, hash_embedding(window=9)).window()
    assert window is not None
    assert window.tokens == 9
    assert window.token_spans("a, b") == [(0, 1), (1, 2), (3, 4)]

    class Silent:
        pass

    assert made(cache, Silent()).window() is None


def test_the_collection_is_told_what_it_holds(cache: VectorCache) -> None:
    info = made(cache, hash_embedding()).info()
    assert (info.embedder, info.dimension, info.sparse) == (
        "hash",
        DIMENSION,
        f"bm25:english:{AVERAGE_LENGTH}",
    )


def test_keywords_are_stemmed_and_stop_words_go() -> None:
    encoder = SparseEncoder()
    assert set(encoder.query("The tides waited").indices) == set(encoder.query("tide wait").indices)
    assert list(encoder.query("the of and").indices) == []
    document = encoder.document("tide tide wait")
    assert set(document.indices) == set(encoder.query("wait tide").indices)
    assert max(document.values) > min(document.values) > 0
    assert set(encoder.query("tide wait").values) == {1.0}


def test_a_language_of_its_own() -> None:
    german = SparseEncoder("german")
    assert set(german.query("Häuser").indices) == set(german.query("Haus").indices)
    assert german.fingerprint != SparseEncoder().fingerprint
    with pytest.raises(ConfigurationError, match="klingon") as caught:
        SparseEncoder("klingon")
    assert caught.value.hint


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_has_keywords_or_none(text: str) -> None:
    encoder = SparseEncoder()
    for vector in (encoder.document(text), encoder.query(text)):
        assert len(vector.indices) == len(vector.values) == len(set(vector.indices))
        assert all(0 <= index < 2**32 for index in vector.indices)
        assert all(value > 0 for value in vector.values)


def test_sentences_are_compared_by_their_cosine_and_lately_known_ones_are_not_embedded_again(
    cache: VectorCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMPARED_KEPT", 3)
    model: Any = hash_embedding()
    embedder = made(cache, model)
    assert embedder.similar("tide", []) == []
    same, other = embedder.similar("the tide comes", ["the tide comes", "frost"])
    assert same == pytest.approx(1)
    here, there = (np.asarray(hashed(text)) for text in ("the tide comes", "frost"))
    cosine = here @ there / np.linalg.norm(here) / np.linalg.norm(there)
    assert other == pytest.approx(cosine, abs=1e-6)
    assert sorted(model.calls) == ["frost", "the tide comes"]
    assert embedder.similar("boats", ["frost", "the tide comes"])[0] < 1
    assert sorted(model.calls) == ["boats", "frost", "the tide comes"]
    embedder.similar("herons", ["boats"])
    embedder.similar("boats", ["the tide comes", "frost"])
    assert model.calls.count("boats") == 1
    assert model.calls.count("the tide comes") == 1
    assert model.calls.count("frost") == 2, "the one that was used longest ago is forgotten"
