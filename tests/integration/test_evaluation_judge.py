"""Answers and texts judged by a teacher behind a server on loopback, which really reads the prompts."""

import json
import math
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from twin.basics.llms import COMPONENTS, TeacherOptions
from twin.components import BuildContext, Teacher
from twin.documents import Document
from twin.evaluation.answers import (
    TWIN,
    Asking,
    Given,
    measure_answers,
    ragas_rows,
)
from twin.evaluation.cases import Case, read_cases
from twin.evaluation.goldens import Form, ask_teacher
from twin.evaluation.judge import Shown, judged, rate
from twin.warehouse.protocol import StoredDocument

TRUE = "The tide waits for nobody."
FALSE = "The moon is made of cheese."


class Judge(BaseHTTPRequestHandler):
    """Supports a statement that stands in a passage, and gives the author's sentences three."""

    server: "JudgeServer"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        schema = body["response_format"]["json_schema"]["schema"]["title"]
        user = body["messages"][-1]["content"]
        if schema in self.server.broken:
            self.say(500, {"error": {"message": "out of order"}})
            return
        answer = getattr(self, schema.lower())(user)
        message = {"role": "assistant", "content": json.dumps(answer)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        self.say(
            200,
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            },
        )

    def statements(self, user: str) -> Any:
        text = user.split("Text:\n")[1]
        return {"statements": re.findall(r"[A-Z][^.]*\.", text)}

    def verdicts(self, user: str) -> Any:
        passages, listed = user.split("Statements:\n")
        lines = [line.split(". ", 1) for line in listed.splitlines()]
        return {
            "verdicts": [{"statement": int(n), "supported": text in passages} for n, text in lines]
        }

    def questions(self, user: str) -> Any:
        return {"questions": ["Does the tide wait?"], "noncommittal": "not written" in user}

    def useful(self, user: str) -> Any:
        answer, passage = user.split("Answer:\n")[1].split("\n\nPassage:\n")
        return {"useful": answer[:10] in passage}

    def asked(self, user: str) -> Any:
        return {"question": f"What about {user.split(maxsplit=1)[0]}?"}

    def marks(self, user: str) -> Any:
        first, second = user.split("First text:\n")[1].split("\n\nSecond text:\n")
        one, other = (3 if TRUE in text else 1 for text in (first, second))
        # This judge likes what stands first, where it can.
        return {
            "reason": "because",
            "first_accuracy": one,
            "first_style": min(3, one + 1),
            "second_accuracy": other,
            "second_style": other,
        }

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def say(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class JudgeServer(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[Any]
    broken: set[str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    opened = JudgeServer(("127.0.0.1", 0), Judge)
    opened.asked, opened.broken = [], set()
    thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield opened
    opened.shutdown()
    thread.join(30)
    opened.server_close()


@pytest.fixture
def teacher(server: JudgeServer) -> Teacher:
    [component] = [one for one in COMPONENTS if one.name == "openai-teacher"]
    url = f"http://127.0.0.1:{server.server_port}/v1"
    context = BuildContext(cache=Path("none"), data=Path("none"))
    built: Any = component.build(TeacherOptions(base_url=url, retries=0), context)
    return built  # type: ignore[no-any-return]


ANSWERS = {
    "Does it wait?": Given(text=f"{TRUE} {FALSE}", contexts=("Elsewhere.", f"So: {TRUE}")),
    "Never?": Given(text="That is not written.", contexts=("Elsewhere.",), answered=False),
}


def asking(teacher: Teacher | None, **more: Any) -> Asking:
    return Asking(
        ask=ANSWERS.__getitem__,
        teacher=teacher,
        embed=lambda texts: [[1.0, float(n > 0)] for n, _ in enumerate(texts)],
        writing=WRITING,
        at_once=1,
        attempts=1,
        **more,
    )


WRITING = (
    f"So: {TRUE} It comes at four and it goes at ten, and I said so.",
    "I keep the ledger in the shed, and the shed is dry in most winters.",
    "A bad chair costs what it costs, and I sat in mine for three years.",
)
CASES = [
    Case(id="1", question="Does it wait?", reference=TRUE),
    Case(id="2", question="Never?"),
]


def test_answers_are_measured_as_ragas_defines_it(
    server: JudgeServer, teacher: Teacher, tmp_path: Path
) -> None:
    report, scored = measure_answers(CASES, asking(teacher), tmp_path / "record.jsonl")
    first, second = scored
    # One of two statements stands in the passages; the useful passage is the second of two.
    assert first.scores["faithfulness"] == 0.5
    assert first.scores["relevancy"] == pytest.approx(1 / math.sqrt(2))
    assert first.scores["context_precision"] == 0.5
    assert first.scores["context_recall"] == 1
    assert second.scores["relevancy"] == 0
    assert "faithfulness" not in second.scores
    assert report.refused == 1
    assert report.means["faithfulness"].value == 0.5
    assert 0 < report.means["rouge_l"].value < 1
    mine = report.judged[0]
    assert mine.text == TWIN
    assert mine.means["accuracy"].value == 3
    assert {body["temperature"] for body in server.asked} == {0}
    [row, _] = ragas_rows(scored)
    assert set(row) == {"user_input", "response", "retrieved_contexts", "reference"}


def test_what_is_done_is_not_asked_again(
    server: JudgeServer, teacher: Teacher, tmp_path: Path
) -> None:
    record = tmp_path / "record.jsonl"
    server.broken = {"Statements"}
    report, _ = measure_answers(CASES, asking(teacher), record)
    assert (report.questions, len(report.failed)) == (1, 1)
    assert report.failed[0].startswith("Does it wait?")
    server.broken, before = set(), len(server.asked)
    with record.open("a", encoding="utf-8") as lines:
        lines.write('{"torn')
    again, _ = measure_answers(CASES, asking(teacher), record)
    assert (again.questions, again.failed) == (2, ())
    assert not any("Never?" in str(body) for body in server.asked[before:])
    asked = len(server.asked)
    whole, _ = measure_answers(CASES, asking(teacher), record)
    assert replace(whole, usage=again.usage) == again
    assert (again.usage.read > 0, whole.usage.read) == (True, 0)
    assert len(server.asked) == asked, "what came after a torn line was kept"


def test_without_a_teacher_what_can_be_counted_is(tmp_path: Path) -> None:
    report, _ = measure_answers(CASES, asking(None), tmp_path / "record.jsonl")
    assert set(report.means) == {"rouge1", "rouge_l", "bleu"}
    assert report.judged == ()


def test_both_texts_are_shown_in_both_orders(server: JudgeServer, teacher: Teacher) -> None:
    shown = Shown(case="1", question="q", reference=TRUE, sample="s")
    ratings = rate(shown, ("a", TRUE), ("b", FALSE), teacher, samples=2)
    assert len(server.asked) == 4
    assert [(r.text, r.place) for r in ratings[:4]] == [("a", 1), ("b", 2), ("b", 1), ("a", 2)]
    found = judged(ratings, "b")
    assert found.means["accuracy"].value == 1
    # The judge gave two in the first place and one in the second: that is told, and evened out.
    assert found.means["style"].value == 1.5
    assert found.place_bias["style"] == 1
    assert judged(ratings, "a").place_bias["accuracy"] == 0


def test_the_teacher_writes_goldens(server: JudgeServer, teacher: Teacher) -> None:
    text = f"# Tides\n\n{TRUE} " + "It comes and it goes, and nobody is asked. " * 8
    document = Document(source="https://example.org/t", text=text, title="Tides")
    stored = StoredDocument(
        document=document,
        id=document.id,
        version=1,
        author_slug="ada",
        collection="x",
        fetched_at="",
        latest=True,
        metadata_hash="",
    )
    [golden], failed = ask_teacher([stored], teacher, most=5)
    assert (golden.form, golden.prompt, failed) == (Form.TEACHER, "golden@1", [])
    assert text[golden.start : golden.end].strip().startswith(TRUE)
    server.broken = {"Asked"}
    goldens, failed = ask_teacher([stored], teacher, most=5)
    assert goldens == []
    assert failed[0].startswith("https://example.org/t: ")


def test_questions_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "Why?", "answer": "So."}\n\n{"q": 1}\n', encoding="utf-8")
    with pytest.raises(Exception, match="line 3"):
        read_cases(path)
    path.write_text('{"question": "Why?", "answer": "So."}\n', encoding="utf-8")
    [case] = read_cases(path)
    assert (case.question, case.reference) == ("Why?", "So.")
