"""Who watches: the keys alone begin it, a server that is away delays nothing and loses nothing."""

import json
import logging
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace

from tests.langfuse import Kept, langfuse, soon
from twin import observe
from twin.guard.personal import KINDS, Masking, personal
from twin.observe.outbox import Body, Outbox
from twin.observe.targets import LANGFUSE_HERE, Target, collector
from twin.observe.targets import langfuse as keys_of
from twin.settings import Settings
from twin.tables import ObserveSettings
from twin.tracing import Kind, asked_by, describe, failed, trace_id

TRACER = trace.get_tracer("twin.tests")
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}


@pytest.fixture
def server() -> Iterator[Kept]:
    with langfuse(None) as kept:
        yield kept


def turn(text: str = "Why?") -> str:
    with TRACER.start_as_current_span("turn") as span:
        describe(span, Kind.CHAIN, given=text, passages=3, audience="public")
        return trace_id(span)


def kept_files(home: Path) -> list[Path]:
    return list((home / "traces").glob("*/[0-9]*"))


def test_without_keys_nothing_is_imported_and_nothing_begun(tmp_path: Path) -> None:
    code = """
import sys, threading
from twin import observe
from twin.settings import Settings
observer = observe.start(Settings(), {}, None)
observer.score("0" * 32, "thumb", 1.0)
assert observer.trace_url("0" * 32) is None and not observer.watching
observer.close()
assert threading.active_count() == 1
heavy = [m for m in sys.modules if m.startswith(("langfuse", "opentelemetry.sdk", "httpx"))]
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_span_that_nobody_watches_has_no_id() -> None:
    # Another test of this process may have begun to watch; who watches nothing gives such spans.
    unwatched = trace.NoOpTracerProvider().get_tracer("twin.tests")
    with unwatched.start_as_current_span("turn") as span:
        describe(span, Kind.CHAIN, given="Why?")
        assert trace_id(span) == ""


def test_a_turn_is_told_with_who_asked(server: Kept, tmp_path: Path) -> None:
    with observe.start(Settings(), server.environment(), tmp_path) as observer:
        with asked_by(user="ines", session="s1"):
            told = turn()
        observer.score(told, "thumb", 1.0, "Just so.")
        soon(lambda: observer.project)
        assert observer.trace_url(told) == f"{server.url}/project/p1/traces/{told}"
    [span] = server.spans
    said = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
    assert span.trace_id.hex() == told
    assert said["langfuse.user.id"] == said["user.id"] == "ines"
    assert said["langfuse.session.id"] == said["session.id"] == "s1"
    assert said["input.value"] == "Why?"
    assert said["twin.passages"] == 3
    [score] = server.scores
    assert score["traceId"] == told
    assert (score["name"], score["value"], score["comment"]) == ("thumb", 1.0, "Just so.")
    assert kept_files(tmp_path) == []


def test_a_second_thought_replaces_the_first(server: Kept, tmp_path: Path) -> None:
    with observe.start(Settings(), server.environment(), tmp_path) as observer:
        observer.score("a" * 32, "thumb", 1.0)
        observer.score("a" * 32, "thumb", 0.0)
        observer.score("a" * 32, "form", "terse")
        observer.score("", "thumb", 1.0)
    assert [(s["value"], s["dataType"]) for s in server.scores] == [
        (1.0, "NUMERIC"), (0.0, "NUMERIC"), ("terse", "CATEGORICAL"),
    ]  # fmt: skip
    assert len({s["id"] for s in server.scores}) == 2


def test_after_it_is_closed_nothing_more_is_told(server: Kept, tmp_path: Path) -> None:
    observer = observe.start(Settings(), server.environment(), tmp_path)
    observer.close()
    observer.close()
    turn()
    observer.score("a" * 32, "thumb", 1.0)
    assert not server.spans
    assert not server.scores
    assert kept_files(tmp_path) == []


def test_content_off_keeps_every_text_out(server: Kept, tmp_path: Path) -> None:
    settings = Settings(observe=ObserveSettings(content=False))
    with observe.start(settings, server.environment(), tmp_path) as observer:
        with TRACER.start_as_current_span("turn") as span:
            describe(span, Kind.LLM, given=["a SECRET"], gave="the SECRET", audience="public")
            span.set_attribute("twin.made.up.later", "SECRET")
            span.set_attributes({"twin.parts": ["SECRET"], "twin.seconds.search": 0.5})
            span.set_attribute("retrieval.documents.0.document.id", "d1")
            span.add_event("noted", {"what": "SECRET"})
            failed(span, ValueError("SECRET"))
        observer.score(trace_id(span) or "a" * 32, "thumb", 0.0, "SECRET")
    [span] = server.spans
    assert "SECRET" not in str(span)
    assert "SECRET" not in str(server.scores)
    said = {a.key: a.value for a in span.attributes}
    assert said["twin.audience"].string_value == "public"
    assert said["twin.seconds.search"].double_value == 0.5
    assert said["retrieval.documents.0.document.id"].string_value == "d1"
    assert said["error.type"].string_value == "ValueError"
    assert len(span.events) == 2


def test_without_content_people_have_a_name_that_is_none(server: Kept, tmp_path: Path) -> None:
    def told(home: Path, *names: str) -> list[str]:
        server.spans.clear()
        settings = Settings(observe=ObserveSettings(content=False))
        with observe.start(settings, server.environment(), home):
            for name in names:
                with asked_by(user=name):
                    turn()
        ids = [{a.key: a.value.string_value for a in span.attributes} for span in server.spans]
        assert all(one["user.id"] == one["langfuse.user.id"] for one in ids)
        return [one["user.id"] for one in ids]

    ines, again, ada = told(tmp_path, "github:ines", "github:ines", "ada")
    assert ines == again != ada
    assert told(tmp_path, "github:ines") == [ines]
    assert "ines" not in ines
    # Another home has another key, so nobody can try names.
    assert told(tmp_path / "other", "github:ines") != [ines]
    assert stat.S_IMODE((tmp_path / "traces" / "pseudonyms.key").stat().st_mode) == 0o600


def test_personal_data_is_masked_in_every_text(server: Kept, tmp_path: Path) -> None:
    mask = Masking(lambda: [lambda text: personal(text, KINDS)])
    mail = "ada@example.com"
    with observe.start(Settings(), server.environment(), tmp_path, mask) as observer:
        with asked_by(user=mail, session="s1"), TRACER.start_as_current_span("turn") as span:
            describe(span, Kind.LLM, given=[f"write {mail}"], gave=f"to {mail}", audience="public")
            span.set_attribute("twin.made.up.later", f"<{mail}>")
            span.set_attributes({"twin.parts": [mail, "more"], "twin.seconds.search": 0.5})
            span.set_attribute("twin.scores", json.dumps([0.125, 44.5, 207946.1, {"a": mail}]))
            span.set_attribute("retrieval.documents.0.document.id", "d1")
            span.add_event("noted", {"what": mail})
            failed(span, ValueError(f"{mail} is no number"))
        observer.score(trace_id(span) or "a" * 32, "thumb", 0.0, f"ask {mail}")
    [span] = server.spans
    assert mail not in str(span)
    assert server.scores[0]["comment"] == "ask [email]"
    said = {a.key: a.value for a in span.attributes}
    assert said["input.value"].string_value == '["write [email]"]'
    assert said["output.value"].string_value == "to [email]"
    assert [v.string_value for v in said["twin.parts"].array_value.values] == ["[email]", "more"]
    assert json.loads(said["twin.scores"].string_value) == [0.125, 44.5, 207946.1, {"a": "[email]"}]
    assert said["retrieval.documents.0.document.id"].string_value == "d1"
    assert said["session.id"].string_value == "s1"
    assert re.fullmatch("[0-9a-f]{16}", said["user.id"].string_value)
    assert span.status.message == "[email] is no number"


def test_who_is_not_named_by_personal_data_keeps_the_name(server: Kept, tmp_path: Path) -> None:
    mask = Masking(lambda: [lambda text: personal(text, KINDS)])
    with observe.start(Settings(), server.environment(), tmp_path, mask), asked_by(user="ines"):
        turn()
    [span] = server.spans
    assert {a.key: a.value.string_value for a in span.attributes}["user.id"] == "ines"


def test_what_cannot_be_masked_is_not_told(
    server: Kept, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(text: str) -> str:
        raise RuntimeError(len(text))

    with observe.start(Settings(), server.environment(), tmp_path, broken) as observer:
        turn("a SECRET")
        observer.score("a" * 32, "thumb", 1.0, "a SECRET")
    assert server.spans == []
    assert "comment" not in server.scores[0]
    assert "could not be masked" in caplog.text
    assert "SECRET" not in caplog.text


def test_others_spans_are_not_given_away(server: Kept, tmp_path: Path) -> None:
    others = trace.get_tracer("somebody.else")
    with (
        observe.start(Settings(), server.environment(), tmp_path),
        others.start_as_current_span("GET /private"),
    ):
        turn()
    assert [span.name for span in server.spans] == ["turn"]


def test_what_a_server_that_is_down_did_not_take_is_sent_by_the_next_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with langfuse(None) as gone:
        address = gone.environment()
    begun = time.monotonic()
    with observe.start(Settings(), address, tmp_path) as observer:
        told = [turn(str(n)) for n in range(5)]
        observer.score(told[0], "thumb", 1.0)
    assert time.monotonic() - begun < 30
    assert kept_files(tmp_path)
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept_files(tmp_path))
    assert "does not take what is traced" in caplog.text
    assert "sk-lf" not in caplog.text
    with langfuse(None) as back, observe.start(Settings(), back.environment(), tmp_path):
        soon(lambda: back.scores)
    assert [span.trace_id.hex() for span in back.spans] == told
    assert kept_files(tmp_path) == []


def test_a_server_that_never_answers_keeps_nobody(server: Kept, tmp_path: Path) -> None:
    server.silent.set()
    observer = observe.start(Settings(), server.environment(), tmp_path)
    told = turn()
    # It is called in a thread of its own, so that a hang fails this test and not the whole run.
    closing = threading.Thread(target=observer.close)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()
    assert kept_files(tmp_path)
    server.silent.clear()
    with observe.start(Settings(), server.environment(), tmp_path):
        soon(lambda: not kept_files(tmp_path))
    assert told in {span.trace_id.hex() for span in server.spans}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_may_be_mended_is_kept(server: Kept, tmp_path: Path, status: int) -> None:
    server.status = status
    with observe.start(Settings(), server.environment(), tmp_path):
        turn()
    assert len(kept_files(tmp_path)) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_refused_for_good_is_dropped_and_said(
    server: Kept, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.status = status
    with observe.start(Settings(), server.environment(), tmp_path):
        turn()
        soon(lambda: "refused" in caplog.text)
    assert kept_files(tmp_path) == []


def test_no_more_is_kept_than_is_allowed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with langfuse(None) as gone:
        target = Target("t", gone.url)
    outbox = Outbox(tmp_path / "t", target, 2500)
    for number in range(5):
        outbox.put(bytes([number]) * 1000, Body.TRACES)
    outbox.close(30)
    assert [path.read_bytes()[0] for path in outbox.waiting()] == [3, 4]
    assert "dropped the 3 oldest" in caplog.text


def test_a_damaged_body_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with langfuse(None) as gone:
        outbox = Outbox(tmp_path, Target("t", gone.url, compressed=False), 2500)
    outbox.put(b"no gzip", Body.TRACES)
    outbox.close(30)
    assert outbox.waiting() == []
    assert "damaged" in caplog.text


def test_two_processes_share_a_folder(server: Kept, tmp_path: Path) -> None:
    one = observe.start(Settings(), server.environment(), tmp_path)
    with observe.start(Settings(), server.environment(), tmp_path) as other:
        other.score("b" * 32, "thumb", 1.0)
    one.score("a" * 32, "thumb", 1.0)
    one.close()
    assert sorted(s["traceId"][0] for s in server.scores) == ["a", "b"]


def test_a_key_alone_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert keys_of({"LANGFUSE_PUBLIC_KEY": "pk"}) is None
    assert "only one of" in caplog.text


@pytest.mark.parametrize("off", [{}, {"LANGFUSE_TRACING_ENABLED": "False", **KEYS}])
def test_without_keys_or_turned_off_there_is_no_langfuse(off: dict[str, str]) -> None:
    assert keys_of(off) is None


def test_where_langfuse_is() -> None:
    found = keys_of(KEYS)
    assert found is not None
    assert found.base_url == LANGFUSE_HERE
    assert "sk" not in repr(found)
    assert "authorization" not in repr(found.target)
    named = keys_of({**KEYS, "LANGFUSE_HOST": "https://a.example/", "LANGFUSE_BASE_URL": ""})
    assert named is not None
    assert named.target.traces == "https://a.example/api/public/otel/v1/traces"


def test_the_variables_of_opentelemetry(caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:pw@c.example:4318/",
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, X-Tenant = me",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
    found = collector(environ)
    assert found is not None
    assert found.traces == "http://me:pw@c.example:4318/v1/traces"
    assert found.shown == "http://c.example:4318"
    assert found.headers == {"api-key": "a b", "x-tenant": "me"}
    assert "http/protobuf" in caplog.text
    exact = collector({**environ, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d.example/x"})
    assert exact is not None
    assert exact.traces == "http://d.example/x"
    assert collector({**environ, "OTEL_SDK_DISABLED": "true"}) is None
    assert collector({}) is None


def test_a_plain_endpoint_has_no_link_and_takes_no_scores(server: Kept, tmp_path: Path) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url}
    with observe.start(Settings(), environ, tmp_path) as observer:
        assert observer.watching
        assert observer.trace_url(turn()) is None
        observer.score("a" * 32, "thumb", 1.0)
    [path] = kept_files(tmp_path)
    assert path.suffix == ".traces"  # it has no keys, so the stand-in refuses it: 401


def test_the_link_may_be_another_than_the_address(server: Kept, tmp_path: Path) -> None:
    settings = Settings(observe=ObserveSettings(link="https://traces.example/"))
    server.status = 503
    with observe.start(settings, server.environment(), tmp_path) as observer:
        assert observer.trace_url("a" * 32) == f"https://traces.example/trace/{'a' * 32}"
        assert observer.trace_url("") is None


def test_langfuse_prompts_without_keys_are_the_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.model_validate({"prompts": {"source": "langfuse"}})
    assert not observe.start(settings, {}, tmp_path).watching
    assert "files are used" in caplog.text


def test_a_full_disk_takes_nothing_with_it(
    server: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with observe.start(Settings(), server.environment(), tmp_path) as observer:
        monkeypatch.setattr(Outbox, "put", full)
        turn()
        observer.score("a" * 32, "thumb", 1.0)
        assert "No space left" in caplog.text
    assert not server.scores


def test_scores_are_json_of_one_line(tmp_path: Path) -> None:
    with langfuse(None) as gone:
        address = gone.environment()
    with observe.start(Settings(), address, tmp_path) as observer:
        observer.score("a" * 32, "thumb", 1.0, "Größe\nzwei")
    [path] = kept_files(tmp_path)
    assert json.loads(path.read_bytes())["comment"] == "Größe\nzwei"
    logging.getLogger("twin.observe").debug("done")
