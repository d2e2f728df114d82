"""Sets with a teacher and a model over HTTP: bad rows, a server that goes, Ctrl-C, and feedback."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twin.cli import run as twin
from twin.documents import Audience
from twin.home import Home
from twin.testing.teacher_server import TeacherServer
from twin.warehouse.feedback import Feedback, FeedbackKind, FeedbackSource

AUTHOR = Path(__file__).parent.parent.parent / "examples" / "sample-author"
WAIT = 120

Rows = list[dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    assert twin(["--home", str(home), "init", "--person", "Ines Marlow"]) == 0
    assert twin(["--home", str(home), "ingest", "--no-index", str(AUTHOR / "essays")]) == 0
    return home


def use(server: TeacherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = {"use": "openai-teacher", "base_url": server.url, "retries": 0, "timeout": 20}
    monkeypatch.setenv("TWIN_MODELS__TEACHER", json.dumps(teacher))
    chat = {"use": "openai", "base_url": server.url, "retries": 0, "timeout": 20}
    monkeypatch.setenv("TWIN_MODELS__CHAT", json.dumps(chat))


def rows(home: Path, name: str) -> Rows:
    files = sorted((home / "datasets" / name).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def verbatim(home: Path, found: Rows) -> bool:
    with Home(home) as opened:
        texts = {
            s.id: opened.warehouse.get(s.id).document.text for s in opened.warehouse.summaries()
        }
    answers = (row["chosen"] if "chosen" in row else row["messages"][-1] for row in found)
    return all(
        answer["content"] == texts[row["document_id"]][row["start"] : row["end"]]
        for row, answer in zip(found, answers, strict=True)
    )


def test_bad_answers_are_asked_for_again_and_cost_their_row_at_most(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_DATASETS__PRICES", "[1.0, 2.0]")
    with TeacherServer(bad_every=4, always_bad="Perpetua") as server:
        use(server, monkeypatch)
        assert twin(["--home", str(home), "dataset", "sft", "--teacher", "--json"]) == 0
        asked = len(server.asked)
        told = capsys.readouterr()
        report = json.loads(told.out)["asked"]["teacher"]
    found = rows(home, "sft")
    assert verbatim(home, found)
    by = {row["prompt_by"] for row in found if row["form"] in {"instruction", "context", "rewrite"}}
    assert by == {"teacher"}
    assert report["failed"] >= 1
    assert report["answers"] + report["failed"] < asked
    assert report["tokens_read"] > 0 < report["tokens_written"]
    assert report["cost"] == pytest.approx(
        (report["tokens_read"] + 2 * report["tokens_written"]) / 1e6, abs=1e-6
    )
    assert not any(
        "Perpetua" in row["messages"][-1]["content"]
        for row in found
        if row["prompt_by"] == "teacher"
    )
    assert f"{report['failed']} rows had no answer of use and were left out" in told.err
    assert all(len(line) < 200 for line in told.err.splitlines())
    made = home / "datasets" / "sft"
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    # What was answered is known: without a server only the rows that failed are tried, and fail again.
    assert twin(["--home", str(home), "dataset", "sft", "--teacher"]) == 0
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_a_server_that_is_not_there_is_said_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = TeacherServer()
    server.server_close()
    use(server, monkeypatch)
    assert twin(["--home", str(home), "dataset", "sft", "--teacher"]) == 1
    assert "the first 8 rows were not answered" in capsys.readouterr().err
    assert not (home / "datasets" / "sft").exists()


def test_without_a_teacher_it_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin(["--home", str(home), "dataset", "sft", "--teacher"]) == 2
    assert "set models.teacher in twin.toml" in capsys.readouterr().err
    assert twin(["--home", str(home), "dataset", "dpo", "--rejected", "nobody"]) == 2
    assert "sources: corruption, others, model, teacher" in capsys.readouterr().err


def test_after_ctrl_c_it_goes_on_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A shell's background jobs ignore SIGINT, and whoever they start does too.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from twin.cli import main; main(sys.argv[1:])"
    )
    arguments = ["--home", str(home), "dataset", "sft", "--teacher"]
    command = [sys.executable, "-c", code, *arguments]
    with TeacherServer(delay=0.1) as server:
        use(server, monkeypatch)
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + WAIT
        while len(server.asked) < 12 and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=WAIT)
        assert running.returncode == 130, told
        assert "it goes on where it was" in told
        assert not (home / "datasets" / "sft").exists()
        journal = home / "datasets" / ".answers.jsonl"
        known = len(journal.read_text().splitlines())
        assert 0 < known <= len(server.asked)
        with journal.open("a") as file:
            file.write('["torn')
        first = len(server.asked)
        server.delay = 0
        assert twin(["--home", str(home), "dataset", "sft", "--teacher"]) == 0
        manifest = json.loads((home / "datasets" / "sft" / "manifest.json").read_text())
        assert len(server.asked) - first == manifest["asked"]["teacher"]["answers"] - known


@pytest.mark.parametrize("source", ["model", "teacher"])
def test_what_a_model_wrote_is_rejected(
    home: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    with TeacherServer() as server:
        use(server, monkeypatch)
        command = [
            "--home",
            str(home),
            "dataset",
            "dpo",
            "--rejected",
            source,
            "--rejected",
            "corruption",
        ]
        assert twin([*command, "--allow", "size", "--allow", "length"]) == 0
    found = rows(home, "dpo")
    assert verbatim(home, found)
    kinds = {row["rejected_by"].partition(":")[0] for row in found}
    assert kinds == {source, "corruption"}
    written = [row for row in found if row["rejected_by"] == source]
    assert all("various aspects" in row["rejected"]["content"] for row in written)


def act(kind: FeedbackKind, number: int, **fields: Any) -> Feedback:
    values: dict[str, Any] = {
        "id": f"f{number}",
        "kind": kind,
        "at": f"2026-03-0{number}T10:00:00+00:00",
        "thread_id": f"t{number}",
        "message_id": f"m{number}",
        "question": "Why Djot?",
        "prompt": (("system", "Be Ines."), ("user", f"Why Djot, for the {number}th time?")),
        "prompt_version": "answer@1",
        "answer": f"It is a markup language of some merit. [{number}]",
        "audience": Audience.PUBLIC,
    }
    return Feedback(**{**values, **fields})


def test_feedback_gives_rows_whose_provenance_says_so(home: Path) -> None:
    with Home(home) as opened:
        one, *_, last = sorted(opened.warehouse.summaries(), key=lambda s: s.published_at or "")
        sources = tuple(
            FeedbackSource(document_id=d.id, version=1, start=0, end=9) for d in (one, last)
        )
        edit = act(
            FeedbackKind.EDIT, 1, edited="Because it parses, and I can read the grammar over tea."
        )
        for feedback in (
            edit,
            act(
                FeedbackKind.CHOICE,
                2,
                rejected="Djot is a language. There are many.",
                sources=sources[1:],
            ),
            act(FeedbackKind.THUMB, 3, value=1.0),
            act(FeedbackKind.EDIT, 4, edited="Not for everyone.", audience=Audience.PRIVATE),
            act(FeedbackKind.EDIT, 5, edited="Of two minds about it, as ever.", sources=sources),
            replace(edit, id="f0", at="2026-02-01T10:00:00+00:00", edited="An earlier thought."),
            act(FeedbackKind.EDIT, 6, edited="Somebody else would say it so.", user="bob"),
            act(FeedbackKind.CHOICE, 7, rejected="Another one's taste.", user="bob"),
        ):
            opened.warehouse.put_feedback(feedback)
    for kind in ("sft", "dpo"):
        assert twin(["--home", str(home), "dataset", kind, "--audience", "public"]) == 0
    edits = {row["feedback_id"]: row for row in rows(home, "sft") if row["feedback_id"]}
    assert set(edits) == {"f1"}
    assert edits["f1"]["messages"][-1]["content"] == edit.edited
    assert (edits["f1"]["form"], edits["f1"]["verbatim"]) == ("correction", False)
    pairs = {row["feedback_id"]: row for row in rows(home, "dpo") if row["feedback_id"]}
    assert {name: row["rejected_by"] for name, row in pairs.items()} == {
        "f1": "feedback:edit",
        "f2": "feedback:choice",
    }
    test = (home / "datasets" / "dpo" / "test.jsonl").read_text()
    assert '"feedback-f2"' in test
    manifest = json.loads((home / "datasets" / "dpo" / "manifest.json").read_text())
    assert manifest["feedback"] == {"of_others": 2}
    assert "feedback_users" not in manifest["settings"]
    assert twin(["--home", str(home), "dataset", "sft", "--no-feedback"]) == 0
    assert not any(row["feedback_id"] for row in rows(home, "sft"))
