"""The warehouse's contract: threads, other processes, and the plug being pulled.

In: an engine. Out: tests that every write is there in full once its method has returned, and not
there at all before.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import SupportsIndex, overload

import pytest

from twin.documents import Document
from twin.errors import WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, Opener, WarehouseFixtures, note
from twin.warehouse.protocol import Outcome, Warehouse

WAIT = 60.0
"""Seconds after which a child process counts as hung."""

BATCH = 25


class DurabilityContract(WarehouseFixtures):
    """Atomic, durable, and shared."""

    def test_a_batch_is_stored_in_order(self, warehouse: Warehouse) -> None:
        warehouse.put(note("b"), collection=COLLECTION)
        batch = [note("c"), note("b"), note("a"), note("a", text="again")]
        puts = warehouse.put_many(batch, collection=COLLECTION)
        assert [put.document_id for put in puts] == [document.id for document in batch]
        assert [put.version for put in puts] == [1, 1, 1, 2]
        assert [put.outcome for put in puts] == [
            Outcome.NEW,
            Outcome.UNCHANGED,
            Outcome.NEW,
            Outcome.CHANGED,
        ]
        assert warehouse.put_many([], collection=COLLECTION) == []

    def test_a_batch_that_fails_leaves_nothing(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a"), collection=COLLECTION)
        before = (warehouse.counts(), warehouse.latest_cursor(), warehouse.authors())
        batch = [note("a", text="other", author="Ada"), note("b"), note("c", text="\ud800")]
        with pytest.raises(WarehouseError):
            warehouse.put_many(batch, collection=COLLECTION)
        assert (warehouse.counts(), warehouse.latest_cursor(), warehouse.authors()) == before
        assert warehouse.put(note("b"), collection=COLLECTION).outcome is Outcome.NEW

    def test_it_is_there_when_it_is_opened_again(self, opener: Opener) -> None:
        with opener() as warehouse:
            warehouse.put(note(author="Ada"), collection=COLLECTION)
            warehouse.add_alias("ada", "AL")
            before = list(warehouse.export()), warehouse.authors(), warehouse.changes(None)
        with opener() as again:
            assert (list(again.export()), again.authors(), again.changes(None)) == before

    def test_closing_is_final_and_may_be_repeated(self, opener: Opener) -> None:
        warehouse = opener()
        warehouse.close()
        warehouse.close()
        with pytest.raises(WarehouseError, match="closed"):
            warehouse.counts()

    def test_two_openings_see_each_other(self, opener: Opener) -> None:
        with opener() as one, opener() as other:
            one.put(note("a"), collection=COLLECTION)
            assert other.get(note("a").id).version == 1
            other.delete([note("a").id])
            assert one.counts().tombstones == 1

    def test_threads_lose_nothing(self, warehouse: Warehouse) -> None:
        def write(writer: int) -> None:
            for number in range(20):
                mine = note(f"{writer}-{number}", author=f"Author {writer}")
                warehouse.put(mine, collection=COLLECTION)
                warehouse.put(note("shared", text=f"{writer} {number}"), collection=COLLECTION)
                assert warehouse.get(mine.id).document == mine
                assert len(list(warehouse.summaries(author=f"author-{writer}"))) == number + 1

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert warehouse.counts().documents == 161
        assert len(warehouse.versions(note("shared").id)) == 160
        assert {author.documents for author in warehouse.authors()} == {20}

    def test_processes_lose_nothing(self, opener: Opener) -> None:
        """Both open a warehouse that is not there yet, and write the same and different things."""
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(2)
        children = [
            context.Process(target=_write, args=(opener, name, barrier)) for name in ("x", "y")
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(WAIT)
        assert [child.exitcode for child in children] == [0, 0]
        with opener() as warehouse:
            assert warehouse.counts().documents == 81
            assert [number for number, _ in warehouse.versions(note("shared").id)] == list(
                range(1, 81)
            )
            assert len(warehouse.changes(None)) == 81
            assert [author.documents for author in warehouse.authors()] == [40, 40]

    def test_a_kill_between_writes_loses_only_what_was_not_done(self, opener: Opener) -> None:
        context = multiprocessing.get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        child = context.Process(target=_write_until_killed, args=(opener, sending))
        child.start()
        sending.close()
        done = 0
        while done < 5:
            assert receiving.poll(WAIT)
            done = receiving.recv()
        child.kill()
        child.join(WAIT)
        while receiving.poll():
            try:
                done = receiving.recv()
            except EOFError:
                break
        assert child.exitcode == -signal.SIGKILL
        with opener() as warehouse:
            there = warehouse.counts().documents
            assert there % BATCH == 0
            assert done * BATCH <= there <= (done + 1) * BATCH
            assert len(warehouse.changes(None, limit=there + 1)) == there
            assert warehouse.put(note("after"), collection=COLLECTION).outcome is Outcome.NEW

    def test_a_kill_in_the_middle_of_a_batch_leaves_the_state_before(self, opener: Opener) -> None:
        with opener() as warehouse:
            warehouse.put(note("0", text="before"), collection=COLLECTION)
            before = list(warehouse.export()), warehouse.changes(None), warehouse.authors()
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=_write_and_die, args=(opener,))
        child.start()
        child.join(WAIT)
        assert child.exitcode == -signal.SIGKILL
        with opener() as warehouse:
            after = list(warehouse.export()), warehouse.changes(None), warehouse.authors()
            assert after == before
            assert warehouse.put(note("1"), collection=COLLECTION).outcome is Outcome.NEW


class Deadly(Sequence[Document]):
    """Documents of which the last one kills the process that reads it."""

    def __len__(self) -> int:
        return 201

    @overload
    def __getitem__(self, index: SupportsIndex) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Document]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Document | Sequence[Document]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = int(index)
        if number >= len(self) - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return note(str(number), text="x" * 50_000, author="Ada")

    def __iter__(self) -> Iterator[Document]:
        for number in range(len(self)):
            yield self[number]


def _write(opener: Opener, name: str, barrier: "multiprocessing.synchronize.Barrier") -> None:
    barrier.wait(WAIT)
    with opener() as warehouse:
        for number in range(40):
            mine = note(f"{name}{number}", author=name)
            shared = note("shared", text=f"{name}{number}")
            warehouse.put_many([mine, shared], collection=COLLECTION)


def _write_until_killed(opener: Opener, done: Connection) -> None:
    with opener() as warehouse:
        for batch in range(100_000):
            documents = [note(f"{batch}-{number}") for number in range(BATCH)]
            warehouse.put_many(documents, collection=COLLECTION)
            done.send(batch + 1)


def _write_and_die(opener: Opener) -> None:
    with opener() as warehouse:
        warehouse.put_many(Deadly(), collection=COLLECTION)
