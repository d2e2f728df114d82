"""A disk with too little room is told before anything is written, and blamed on no document."""

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from twin.errors import DiskFull
from twin.index.room import NEEDED, need_room

if TYPE_CHECKING:
    from tests.unit.conftest import Bench


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_what_is_left_is_told(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    need_room(bench.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(NEEDED * 2, NEEDED, NEEDED - 1))
    with pytest.raises(DiskFull, match="has 127 MB left; to write the index takes 128 MB") as told:
        need_room(bench.folder)
    assert "make room" in told.value.hint


def test_a_full_disk_is_no_documents_fault(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("first", "The tide waits for nobody. " * 20)
    bench.sync()
    bench.put("second", "The moon counts the hours. " * 20)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: Usage(NEEDED * 2, NEEDED * 2, 0))
        with pytest.raises(DiskFull):
            bench.sync()
        assert bench.index.ledger.failures() == []
        assert bench.index.ledger.counts()[0] == 1
    assert bench.sync().applied.indexed == 1
