"""`twin evaluate answers` as its user calls it, with a teacher over HTTP that is busy, wrong and slow."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from twin.cli import run as twin
from twin.testing.teacher_server import TeacherServer

AUTHOR = Path(__file__).parent.parent.parent / "examples" / "sample-author"
WAIT = 300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample author's essays, indexed, and their goldens."""
    home = tmp_path_factory.mktemp("ines") / "home"
    assert twin(["--home", str(home), "init", "--person", "Ines Marlow"]) == 0
    few = tmp_path_factory.mktemp("few") / "essays"
    few.mkdir()
    for path in sorted((AUTHOR / "essays").glob("*.md"))[:6]:
        shutil.copy(path, few)
    assert twin(["--home", str(home), "ingest", str(few)]) == 0
    assert twin(["--home", str(home), "evaluate", "goldens"]) == 0
    return home


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TWIN_DATASETS__PRICES", "[1000.0, 2000.0]")
    for record in (home / "evaluation").glob("answers*"):
        record.unlink()


def use(server: TeacherServer, monkeypatch: pytest.MonkeyPatch, retries: int = 2) -> None:
    teacher = {
        "use": "openai-teacher",
        "base_url": server.url,
        "retries": retries,
        "timeout": 20,
    }
    monkeypatch.setenv("TWIN_MODELS__TEACHER", json.dumps(teacher))


def records(home: Path) -> list[dict[str, Any]]:
    [path] = (home / "evaluation").glob("answers-*.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def rated(asked: list[dict[str, Any]]) -> list[str]:
    """Return what the judge was shown, of all that was asked of the teacher."""
    return [
        str(body["messages"][-1]["content"])
        for body in asked
        if body["response_format"]["json_schema"]["schema"]["title"] == "Marks"
    ]


def test_a_teacher_that_is_busy_and_wrong_now_and_then_judges_all_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--home", str(home), "evaluate", "answers", "--limit", "4", "--samples", "1"]
    capsys.readouterr()
    with TeacherServer(bad_every=9, busy_every=7) as server:
        use(server, monkeypatch)
        assert twin([*command, "--json"]) == 0
        told = capsys.readouterr()
        asked, turned_away = len(server.asked), server.turned_away
        figures = json.loads(told.out)
        assert turned_away > 0
        assert (figures["questions"], figures["failed"]) == (4, [])
        assert 0 <= figures["faithfulness"]["value"] <= 1
        assert figures["tokens_read"] > 0 < figures["tokens_written"]
        # Known answers are not asked for again, and cost nothing.
        assert twin(command) == 0
        assert len(server.asked) == asked
        assert "the teacher's answers took 0 tokens" in capsys.readouterr().err
    mine, other = figures["judge"]
    assert (mine["text"], other["text"]) == ("the twin", "the author, on something else")
    # Author's own sentences about the matter, beside some about another one.
    assert mine["accuracy"]["value"] > other["accuracy"]["value"]
    shown = rated(server.asked)
    assert shown
    for text in shown:
        reference = text.partition("wrote about it:\n")[2].partition("\n\nOther writing")[0]
        sample, _, both = text.partition("Other writing")[2].partition("First text:")
        others = [part.strip() for part in sample.split("---")]
        first, _, second = both.partition("\n\nSecond text:\n")
        # What the author wrote to the question is a measure, and is not rated by itself.
        assert reference.strip() not in {first.strip(), second.strip()}
        assert not {first.strip(), second.strip()} & set(others)


def test_a_teacher_that_is_not_there_is_said_after_a_few_questions(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = TeacherServer()
    server.server_close()
    use(server, monkeypatch, retries=0)
    assert twin(["--home", str(home), "evaluate", "answers", "--limit", "12"]) == 1
    told = capsys.readouterr().err
    assert "the first 4 questions could not be measured" in told
    assert "hint:" in told


def test_after_ctrl_c_it_goes_on_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A shell's background jobs ignore SIGINT, and whoever they start does too.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from twin.cli import main; main(sys.argv[1:])"
    )
    words = ["--home", str(home), "evaluate", "answers", "--limit", "8", "--samples", "1"]
    with TeacherServer(delay=0.1) as server:
        use(server, monkeypatch)
        # The processes must name the same teacher as this one does.
        running = subprocess.Popen(
            [sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True, env=os.environ
        )
        until = time.monotonic() + WAIT
        while time.monotonic() < until and not [
            path for path in (home / "evaluation").glob("answers-*") if path.stat().st_size
        ]:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=WAIT)
        assert running.returncode == 130, told
        assert "it goes on where it was" in told
        known = {record["case"]["id"] for record in records(home)}
        assert 0 < len(known) < 8
        server.delay, before = 0, len(server.asked)
        assert twin(words) == 0
        again = records(home)
        assert len({record["case"]["id"] for record in again}) == len(again) == 8
        judged = {
            text.partition("Question: ")[2].partition("\n\n")[0]
            for text in rated(server.asked[before:])
        }
        assert judged == {r["case"]["question"] for r in again if r["case"]["id"] not in known}
