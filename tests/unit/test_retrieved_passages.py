"""Which passages repeat others, what is printed of one, and how keys become passages."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twin.documents import Audience, Document, Kind
from twin.retrieve.passages import Passage, resolve, without_repeats
from twin.warehouse.sqlite import SQLiteWarehouse


def passage(start: int, end: int, document: str = "d", **fields: Any) -> Passage:
    values = {
        "document_id": document,
        "version": 1,
        "start": start,
        "end": end,
        "text": f"{document}{start}:{end}",
        "title": "",
        "source": "file:notes/a",
        "url": None,
        "author": "",
        "author_slug": "",
        "kind": Kind.ARTICLE,
        "platform": "file",
        "published_at": None,
        "score": 0.5,
        "similarity": 0.25,
    }
    return Passage(**values | fields)


def kept(*passages: Passage, per_document: int = 9) -> list[int]:
    found = without_repeats(passages, per_document)
    return [passages.index(one) for one in found]


def test_an_overlap_of_more_than_half_is_a_repeat() -> None:
    assert kept(passage(0, 10), passage(5, 15), passage(10, 20)) == [0, 1, 2]
    assert kept(passage(0, 10), passage(4, 14)) == [0]
    assert kept(passage(0, 100), passage(20, 30)) == [0]
    assert kept(passage(0, 10), passage(4, 14, "e")) == [0, 1]
    assert kept(passage(0, 10), passage(4, 14, version=2)) == [0, 1]


def test_the_same_text_is_a_repeat_wherever_it_stands() -> None:
    one, other = passage(0, 10, text="a  b\n"), passage(50, 60, "e", text=" a b")
    assert kept(one, other) == [0]
    assert kept(one, passage(50, 60, "e", text="a B")) == [0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from("de")), max_size=12),
    st.integers(1, 3),
)
def test_what_is_left_is_in_order_and_within_the_limit(
    spans: list[tuple[int, int, str]], most: int
) -> None:
    passages = [passage(start, start + length, name) for start, length, name in spans]
    found = without_repeats(passages, most)
    assert found[:1] == passages[:1]
    assert [passages.index(one) for one in found] == sorted(passages.index(one) for one in found)
    assert all(sum(p.document_id == name for p in found) <= most for name in "de")


def test_what_is_printed_of_a_passage() -> None:
    printed = passage(1, 3, score=1 / 3, published_at="2020-01-02").as_json(4)
    assert json.loads(json.dumps(printed)) == {
        "n": 4,
        "title": "",
        "url": "file:notes/a",
        "also_at": [],
        "author": "",
        "kind": "article",
        "published_at": "2020-01-02",
        "language": "",
        "topics": [],
        "entities": [],
        "document_id": "d",
        "version": 1,
        "start": 1,
        "end": 3,
        "text": "d1:3",
        "score": 0.333333,
    }
    assert passage(1, 3, url="https://e.org/a").as_json(1)["url"] == "https://e.org/a"


def test_keys_become_passages_in_their_order(tmp_path: Path) -> None:
    with SQLiteWarehouse(tmp_path / "w.sqlite3") as warehouse:
        put = warehouse.put(Document(source="file:a", text="Ünïcode 🌊 text"), collection="c")
        secret = Document(source="file:b", text="secret", audience=Audience.FRIENDS)
        hidden = warehouse.put(secret, collection="c").document_id
        identity = put.document_id
        keys = [
            ((identity, 1, 8, 9), 0.9),
            ((hidden, 1, 0, 6), 0.8),
            (("unknown", 1, 0, 1), 0.7),
            ((identity, 2, 0, 1), 0.6),
            ((identity, 1, 0, 7), 0.5),
        ]
        found = resolve(keys, {keys[0][0]: 0.75}, warehouse, Audience.PUBLIC)
        assert [(p.text, p.score, p.similarity) for p in found] == [
            ("🌊", 0.9, 0.75),
            ("Ünïcode", 0.5, 0.0),
        ]
        friends = resolve(keys, {}, warehouse, Audience.FRIENDS)
        assert [p.text for p in friends] == ["🌊", "secret", "Ünïcode"]
