"""`twin feedback`: what was said is listed, written as JSON lines, and forgotten."""

import json
from pathlib import Path

import pytest

from twin.cli import run
from twin.home import Home
from twin.testing.warehouse_feedback import CHOICE, EDIT, said
from twin.warehouse.feedback import read_feedback


@pytest.fixture
def kept() -> None:
    with Home() as home:
        home.warehouse.put_feedback(said(value=0.0, comment="too long"))
        home.warehouse.put_feedback(EDIT)
        home.warehouse.put_feedback(CHOICE)


def out(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.mark.usefixtures("kept")
def test_it_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback", "list"]) == 0
    rows = [line.split("\t") for line in out(capsys).splitlines()]
    assert rows[0] == ["id", "at", "kind", "what", "question", "model"]
    assert [row[3] for row in rows[1:]] == [
        "down: too long",
        'preferred to dpo: less "wise"',
        "rewritten",
    ]
    assert run(["feedback", "list", "--kind", "edit", "--json"]) == 0
    [edit] = json.loads(out(capsys))
    assert edit["edited"] == EDIT.edited
    assert run(["feedback", "list", "--since", "2030-01-01"]) == 0
    assert "Nobody" in out(capsys)


@pytest.mark.usefixtures("kept")
def test_it_exports_lines_that_can_be_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "said.jsonl"
    assert run(["feedback", "export", str(file), "--json"]) == 0
    assert json.loads(out(capsys)) == {"feedback": 3, "file": str(file)}
    lines = file.read_bytes().split(b"\n")
    assert lines[-1] == b""
    assert {read_feedback(line).id for line in lines[:-1]} == {"a", "edit", "choice"}
    assert run(["feedback", "export", str(tmp_path / "no" / "folder.jsonl")]) == 1
    assert run(["feedback", "export", "--json"]) == 2
    assert run(["feedback", "export", "--since", "soon"]) == 2


@pytest.mark.usefixtures("kept")
def test_it_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback", "forget", "a", "choice"]) == 0
    assert "2 of feedback are forgotten" in out(capsys)
    assert run(["feedback", "forget", "a"]) == 1
    assert "there is no feedback 'a'" in capsys.readouterr().err
    assert run(["feedback", "forget", "a", "edit", "--json"]) == 1
    assert json.loads(out(capsys)) == {"forgotten": ["edit"], "missing": ["a"]}
