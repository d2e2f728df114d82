import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from twin.errors import PluginError
from twin.index.cache import VectorCache


class Model:
    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: list[str]) -> Sequence[Sequence[float]]:
        self.calls.append(texts)
        return [[float(len(text)), 0.5] for text in texts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "vectors.sqlite3"


@pytest.fixture
def cache(path: Path) -> Iterator[VectorCache]:
    cache = VectorCache(path)
    yield cache
    cache.close()


def vectors(found: Sequence[Sequence[float]]) -> list[list[float]]:
    return [list(vector) for vector in found]


def test_equal_texts_are_computed_once_longest_first(cache: VectorCache) -> None:
    model = Model()
    found, computed = cache.embed("m", ["b", "ccc", "b", "aa"], model)
    assert vectors(found) == [[1, 0.5], [3, 0.5], [1, 0.5], [2, 0.5]]
    assert (computed, model.calls) == (3, [["ccc", "aa", "b"]])


def test_what_was_computed_is_kept_for_the_next_process(cache: VectorCache, path: Path) -> None:
    first, _ = cache.embed("m", ["a", "é😀\0"], Model())
    cache.close()
    model = Model()
    again = VectorCache(path)
    found, computed = again.embed("m", ["é😀\0", "a", "new"], model)
    again.close()
    assert vectors(found)[:2] == vectors(first)[::-1]
    assert (computed, model.calls) == (1, [["new"]])


def test_another_embedder_has_vectors_of_its_own(cache: VectorCache) -> None:
    model = Model()
    cache.embed("m", ["a"], model)
    assert cache.embed("n", ["a"], model)[1] == 1
    assert len(model.calls) == 2


def test_more_texts_than_a_statement_takes(cache: VectorCache) -> None:
    texts = [f"text {n}" for n in range(1501)]
    cache.embed("m", texts, Model())
    assert cache.embed("m", texts, Model())[1] == 0


def test_nothing_is_asked_for_nothing(cache: VectorCache) -> None:
    model = Model()
    assert cache.embed("m", [], model) == ([], 0)
    assert model.calls == []


@pytest.mark.parametrize("wrong", [[], [[1.0], [2.0]], [[]], [[math.nan, 1.0]], [[math.inf]]])
def test_what_is_no_vector_is_refused_and_not_kept(
    cache: VectorCache, wrong: list[list[float]]
) -> None:
    with pytest.raises(PluginError, match="the embedder gave"):
        cache.embed("m", ["a"], lambda _: wrong)
    assert vectors(cache.embed("m", ["a"], Model())[0]) == [[1, 0.5]]


def test_a_model_that_fails_leaves_what_was_there(cache: VectorCache) -> None:
    cache.embed("m", ["a"], Model())

    def fail(texts: list[str]) -> Sequence[Sequence[float]]:
        raise RuntimeError(texts)

    with pytest.raises(RuntimeError):
        cache.embed("m", ["a", "b"], fail)
    assert cache.embed("m", ["a"], fail)[1] == 0


@pytest.mark.parametrize(
    "content", [b"this is no database" * 99, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_broken_file_is_made_again(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    cache = VectorCache(path)
    assert vectors(cache.embed("m", ["a"], Model())[0]) == [[1, 0.5]]
    assert cache.embed("m", ["a"], Model())[1] == 0
    cache.close()


def test_a_file_that_is_locked_is_not_thrown_away(
    cache: VectorCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.embed("m", ["a"], Model())
    cache.close()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda p, **k: connect(p, **{**k, "timeout": 0}))
    other = connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError):
        cache.embed("m", ["b"], Model())
    other.rollback()
    other.close()
    assert cache.embed("m", ["a"], Model())[1] == 0


def test_threads_may_share_it(cache: VectorCache) -> None:
    wrong: list[object] = []

    def work(seed: int) -> None:
        texts = [str(n % 40) * (n % 40 + 1) for n in range(seed, seed + 200)]
        found, _ = cache.embed("m", texts, Model())
        wrong.extend(
            text for text, vector in zip(texts, found, strict=True) if vector[0] != len(text)
        )

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closing_twice_is_no_error_and_use_opens_it_again(cache: VectorCache) -> None:
    cache.embed("m", ["a"], Model())
    cache.close()
    cache.close()
    assert cache.embed("m", ["a"], Model())[1] == 0
