"""One piece in several places: recognised by its content, indexed once, cited with all its links."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience, Document, Kind
from twin.home import Home
from twin.ingest.copies import SHORTEST, Copies, same, sequences_of
from twin.ingest.sync import sync
from twin.warehouse.sqlite import SQLiteWarehouse

WORDS = [
    "tide",
    "harbour",
    "moon",
    "letter",
    "boat",
    "heron",
    "weir",
    "ford",
    "rain",
    "lamp",
    "bell",
    "rope",
    "sail",
    "gull",
    "stone",
]


def prose(seed: int, words: int = 200) -> str:
    drawn = random.Random(seed)
    return " ".join(drawn.choice(WORDS) + str(drawn.randrange(40)) for _ in range(words)) + "."


ESSAY = prose(1)
BLOG = "https://ada.example/tides"
MEDIUM = "https://medium.com/@ada/tides-1"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as warehouse:
        yield warehouse


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    copies = Copies(tmp_path / "copies.sqlite3")
    yield copies
    copies.close()


def put(warehouse: Any, source: str, text: str = ESSAY, **fields: Any) -> str:
    values = {"author": "Ada", "url": source, "platform": "web"} | fields
    document = Document(source=source, text=text, **values)
    identity: str = warehouse.put(document, collection="web:ada").document_id
    return identity


def test_a_cross_post_is_a_copy_of_the_piece_on_ones_own_site(
    warehouse: SQLiteWarehouse, copies: Copies
) -> None:
    medium = put(warehouse, MEDIUM, f"Originally on my blog.\n\n{ESSAY}", platform="medium")
    blog = put(warehouse, BLOG, f"# Tides\n\n{ESSAY}")
    put(warehouse, "https://ada.example/moon", prose(2))
    assert copies.refresh(warehouse) == {medium: blog}
    assert copies.also_at(blog, Audience.PUBLIC) == (MEDIUM,)
    assert copies.also_at(medium, Audience.PUBLIC) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"published_at": "2023-05-01"}, {"published_at": "2022-05-01", "wins": True}),
        ({"audience": Audience.FRIENDS}, {"platform": "medium", "wins": True}),
        ({"extra": {"original": f"{MEDIUM}?x=1"}}, {"platform": "medium", "wins": True}),
        ({"published_at": "2023-05-01"}, {"published_at": None}),
        ({"extra": {"original": "https://[draft]/"}}, {"published_at": "2022-05-01", "wins": True}),
        ({"extra": {"original": MEDIUM}}, {"url": "https://[draft]/"}),
    ],
)
def test_which_one_is_the_original(
    warehouse: SQLiteWarehouse, copies: Copies, first: dict[str, Any], second: dict[str, Any]
) -> None:
    wins = second.pop("wins", False)
    one, two = put(warehouse, BLOG, **first), put(warehouse, MEDIUM, **second)
    assert copies.refresh(warehouse) == ({one: two} if wins else {two: one})


def test_formatting_case_and_links_do_not_count() -> None:
    dressed = ESSAY.replace(" ", "  ").upper().replace("TIDE1 ", "**TIDE1** ")
    linked = ESSAY.replace("tide1 ", "[tide1](https://example.org/a?b=c) ")
    for other in (dressed, linked):
        assert same(sequences_of(ESSAY), sequences_of(other))


def test_another_text_a_quotation_and_a_short_note_are_no_copies(
    warehouse: SQLiteWarehouse, copies: Copies
) -> None:
    put(warehouse, BLOG)
    put(warehouse, "https://ada.example/other", prose(2))
    put(warehouse, "https://ada.example/quoting", f"{prose(3, 600)} {ESSAY}")
    short = " ".join(ESSAY.split()[: SHORTEST - 1])
    put(warehouse, "https://ada.example/a", short)
    put(warehouse, "https://ada.example/b", short)
    assert copies.refresh(warehouse) == {}


def test_the_same_words_of_two_people_or_in_code_are_no_copies(
    warehouse: SQLiteWarehouse, copies: Copies
) -> None:
    put(warehouse, BLOG)
    put(warehouse, "https://grace.example/tides", author="Grace")
    put(warehouse, "file:a/x.py", kind=Kind.CODE, url=None)
    put(warehouse, "file:b/x.py", kind=Kind.CODE, url=None)
    assert copies.refresh(warehouse) == {}


def test_what_changes_or_goes_is_looked_at_again(
    warehouse: SQLiteWarehouse, copies: Copies
) -> None:
    blog, medium = put(warehouse, BLOG), put(warehouse, MEDIUM, platform="medium")
    assert copies.refresh(warehouse) == {medium: blog}
    put(warehouse, MEDIUM, prose(4), platform="medium")
    assert copies.refresh(warehouse) == {}
    put(warehouse, MEDIUM, platform="medium")
    assert copies.refresh(warehouse) == {medium: blog}
    warehouse.delete([blog])
    assert copies.refresh(warehouse) == {}


def test_an_audience_is_told_only_of_what_it_may_see(
    warehouse: SQLiteWarehouse, copies: Copies
) -> None:
    blog = put(warehouse, BLOG)
    put(warehouse, MEDIUM, audience=Audience.FRIENDS)
    copies.refresh(warehouse)
    assert copies.also_at(blog, Audience.PUBLIC) == ()
    assert copies.also_at(blog, Audience.FRIENDS) == (MEDIUM,)
    assert copies.also_at(blog, Audience.PRIVATE) == (MEDIUM,)


def test_three_places_are_one_piece(warehouse: SQLiteWarehouse, copies: Copies) -> None:
    blog = put(warehouse, BLOG, published_at="2020-01-01")
    others = [put(warehouse, f"https://ada{n}.example/t", published_at="2021-01-01") for n in "ab"]
    assert copies.refresh(warehouse) == dict.fromkeys(others, blog)
    assert len(copies.also_at(blog, Audience.PUBLIC)) == 2


def test_another_process_and_another_warehouse(
    warehouse: SQLiteWarehouse, copies: Copies, tmp_path: Path
) -> None:
    blog, medium = put(warehouse, BLOG), put(warehouse, MEDIUM, platform="medium")
    other = Copies(tmp_path / "copies.sqlite3")
    assert copies.refresh(warehouse) == {medium: blog}
    assert other.also_at(blog, Audience.PUBLIC) == (MEDIUM,)
    other.close()
    with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
        assert copies.refresh(second) == {}
        assert copies.also_at(blog, Audience.PUBLIC) == ()


def test_a_damaged_file_is_made_again(warehouse: SQLiteWarehouse, tmp_path: Path) -> None:
    blog, medium = put(warehouse, BLOG), put(warehouse, MEDIUM, platform="medium")
    path = tmp_path / "damaged.sqlite3"
    path.write_bytes(b"no database at all" * 99)
    copies = Copies(path)
    assert copies.refresh(warehouse) == {medium: blog}
    copies.close()
    assert sqlite3.connect(path).execute("SELECT count(*) FROM pairs").fetchone() == (1,)


# In the index


def indexed(bench: Any) -> set[str]:
    return {payload.source for _, payload in bench.index.store.scroll()}


@pytest.fixture
def shared(bench: Any, tmp_path: Path) -> Iterator[Any]:
    copies = Copies(tmp_path / "copies.sqlite3")
    bench.index.find_copies = copies.refresh
    yield bench
    copies.close()


def test_of_copies_the_index_holds_the_original_alone(shared: Any) -> None:
    put(shared.warehouse, BLOG)
    put(shared.warehouse, MEDIUM, platform="medium")
    assert sync(shared.warehouse, shared.index, "index:test").applied.indexed == 2
    assert indexed(shared) == {BLOG}
    again = sync(shared.warehouse, shared.index, "index:test").applied
    assert (again.indexed, again.stored, again.deleted) == (0, 0, 0)


def test_a_piece_that_turns_out_to_be_a_copy_leaves_the_index_and_returns(shared: Any) -> None:
    put(shared.warehouse, MEDIUM, platform="medium")
    sync(shared.warehouse, shared.index, "index:test")
    assert indexed(shared) == {MEDIUM}
    blog = put(shared.warehouse, BLOG)
    sync(shared.warehouse, shared.index, "index:test")
    assert indexed(shared) == {BLOG}
    shared.warehouse.delete([blog])
    sync(shared.warehouse, shared.index, "index:test")
    assert indexed(shared) == {MEDIUM}


def test_a_citation_names_the_other_places(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text("[retrieve]\nrerankers = []\n")
    with Home(tmp_path) as home:
        put(home.warehouse, BLOG, title="Tides")
        put(home.warehouse, MEDIUM, platform="medium")
        home.sync()
        found = home.retriever.retrieve(ESSAY[:80], audience=Audience.PUBLIC).passages
    assert {(passage.source, passage.also_at) for passage in found} == {(BLOG, (MEDIUM,))}


def test_whoever_wants_all_of_them_says_so(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text("[ingest]\ncopies = false\n[retrieve]\nrerankers = []\n")
    with Home(tmp_path) as home:
        put(home.warehouse, BLOG)
        put(home.warehouse, MEDIUM, platform="medium")
        home.sync()
        assert {payload.source for _, payload in home.index.store.scroll()} == {BLOG, MEDIUM}
