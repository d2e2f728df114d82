"""`twin traces` and `twin prompts`, against a stand-in that holds Langfuse's contract."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.langfuse import WHEN, Kept, langfuse
from twin.cli import run
from twin.documents import Audience
from twin.home import Home
from twin.prompts import from_file, names
from twin.warehouse.feedback import Feedback, FeedbackKind

Call = Callable[..., tuple[int, str, str]]
ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    path = SHARED.parent / "contracts" / "langfuse-openapi.yml"
    with langfuse(path if path.exists() else None) as kept:
        for name, value in kept.environment().items():
            monkeypatch.setenv(name, value)
        kept.observations = [turn(ONE, "Why?"), turn(TWO, "How?"), turn(THREE, None)]
        yield kept
    assert kept.wrong == []


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    def called(*arguments: str) -> tuple[int, str, str]:
        code = run(["--home", str(tmp_path / "home"), *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return called


def turn(trace_id: str, question: str | None) -> dict[str, Any]:
    nothing = dict.fromkeys(("modelId", "inputPrice", "outputPrice", "totalPrice"))
    return {
        "id": trace_id[:16], "traceId": trace_id, "startTime": WHEN, "endTime": WHEN,
        "projectId": "p1", "parentObservationId": None, "type": "CHAIN", "name": "answer",
        "userId": "ines", "sessionId": "s1", "input": question, "output": question and "So.",
        "metadata": {"documents": '["d1@2:3-4"]'}, **nothing,
    }  # fmt: skip


def test_the_list(server: Kept, call: Call) -> None:
    assert server.url
    code, out, _ = call("traces", "list", "--since", "7d")
    assert code == 0
    assert out.splitlines()[1].split("\t") == [ONE, "2026-01-01 00:00", "ines", "Why?"]
    code, out, _ = call("traces", "list", "--json")
    assert [one["trace_id"] for one in json.loads(out)] == [ONE, TWO, THREE]


def test_a_dataset_of_named_traces(server: Kept, call: Call, tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        edit = Feedback(
            id="f1", kind=FeedbackKind.EDIT, at=WHEN, thread_id="t", message_id="m",
            question="How?", prompt=(), prompt_version="answer@1", answer="So.",
            edited="Thus.", trace_id=TWO, audience=Audience.PRIVATE,
        )  # fmt: skip
        home.warehouse.put_feedback(edit)
    for _ in range(2):
        code, out, err = call("traces", "to-dataset", "hard", ONE, TWO, THREE)
        assert code == 0, err
        assert "2 of these answers, 1 as a person edited them" in out
        assert "1 were traced without their texts" in err
    one, two = server.datasets["hard"].values()
    assert one["input"] == {"question": "Why?"}
    assert one["expectedOutput"] == {"answer": "So."}
    assert one["metadata"]["documents"] == ["d1@2:3-4"]
    assert (one["sourceTraceId"], one["sourceObservationId"]) == (ONE, ONE[:16])
    assert two["expectedOutput"] == {"answer": "Thus."}
    assert two["metadata"]["edited"] is True


def test_a_dataset_of_what_was_judged(server: Kept, call: Call) -> None:
    score = {"name": "thumb", "dataType": "NUMERIC"}
    server.scores = [
        {**score, "id": "a", "traceId": ONE, "value": 1.0},
        {**score, "id": "b", "traceId": TWO, "value": 0.0},
    ]
    code, out, err = call("traces", "to-dataset", "bad", "--score", "thumb=0", "--json")
    assert code == 0, err
    assert [item["sourceTraceId"] for item in json.loads(out)] == [TWO]
    assert len(server.datasets["bad"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("to-dataset", "d"), 2, "no trace is named"),
        (("to-dataset", "d", "--score", "thumb"), 2, "is not NAME=NUMBER"),
        (("to-dataset", "d", "9" * 32), 1, "knows no answer of the trace"),
        (("list", "--since", "yesterday"), 2, "is no date"),
    ],
)
def test_what_cannot_be_done(
    server: Kept, call: Call, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert server.url
    done, _, err = call("traces", *arguments)
    assert done == code
    assert said in err


def test_without_keys_it_says_which(call: Call) -> None:
    for command in (("traces", "list"), ("prompts", "push")):
        code, _, err = call(*command)
        assert code == 2
        assert "LANGFUSE_PUBLIC_KEY" in err


def test_keys_that_are_refused(server: Kept, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.url
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-another")
    code, _, err = call("traces", "list")
    assert code == 1
    assert "refuses the keys (401)" in err
    assert "sk-lf-another" not in err


def test_prompts_go_there_and_come_back(
    server: Kept, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = call("prompts", "--json")
    assert code == 0
    assert {one["label"] for one in json.loads(out)} == {from_file(name).label for name in names()}
    code, _, err = call("prompts", "push")
    assert code == 0, err
    assert server.prompts.keys() == set(names())
    monkeypatch.setenv("TWIN_PROMPTS__SOURCE", "langfuse")
    code, out, _ = call("prompts", "--json")
    assert code == 0
    assert {one["origin"] for one in json.loads(out)} == {"langfuse"}
    code, _, err = call("prompts", "push", "nobody")
    assert code == 2
    assert "no such prompt: nobody" in err
