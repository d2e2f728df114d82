"""`twin sync` as a script meets it: exit codes, and nothing but JSON where JSON was asked for."""

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from twin import cli
from twin.errors import IndexBusy, StoreInUse
from twin.home import Home
from twin.index.replace import Applied
from twin.ingest.sync import Synced

NOTHING = Synced(applied=Applied(), embedded=0, seconds=0.1)


@pytest.fixture
def signals() -> Iterator[None]:
    """Keep what the command does with signals from the tests after it."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, before in kept.items():
        signal.signal(number, before)


@pytest.mark.parametrize(("error", "code"), [(IndexBusy, 0), (StoreInUse, 1)])
def test_the_work_is_left_to_who_does_it_and_to_nobody_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[StoreInUse],
    code: int,
) -> None:
    def refused(*_: object) -> Synced:
        message = "the index is in use by `twin chat` (process 7)"
        raise error(message, "it does not answer")

    monkeypatch.setattr(Home, "sync", refused)
    assert cli.run(["--home", str(tmp_path), "sync"]) == code
    told = capsys.readouterr()
    assert ("the work is left to it" in told.err) is (code == 0)
    assert ("hint: it does not answer" in told.err) is (code == 1)


@pytest.mark.usefixtures("signals")
def test_what_a_watching_sync_does_is_json_where_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def follow(_home: Home, _stopped: object, told: object) -> None:
        assert callable(told)
        told(NOTHING)
        told(replace(NOTHING, applied=Applied(indexed=3)))

    monkeypatch.setattr(Home, "sync", lambda *_: NOTHING)
    monkeypatch.setattr(Home, "follow", follow)
    assert cli.run(["--home", str(tmp_path), "sync", "--watch", "--json"]) == 0
    first, second = capsys.readouterr().out.split("\n}\n")[:2]
    assert json.loads(first + "}")["indexed"] == 0
    assert json.loads(second + "}")["indexed"] == 3


def test_what_a_component_prints_is_no_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noisy(*_: object) -> Synced:
        click.echo("Loading a model...")
        return NOTHING

    monkeypatch.setattr(Home, "sync", noisy)
    assert cli.run(["--home", str(tmp_path), "sync", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["indexed"] == 0
    assert "Loading a model" in told.err
    # What the next command prints goes where it should.
    assert cli.run(["--home", str(tmp_path), "sync"]) == 0
    assert "Loading a model" in capsys.readouterr().out
