"""The parts that need no Axolotl: events, and what Langfuse is sent."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import twin_axolotl
from twin_axolotl.langfuse import Keys, send
from twin_axolotl.record import EVENTS, STOP, Recorder


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / EVENTS).read_text("utf-8").splitlines()]


def test_importing_it_needs_no_axolotl() -> None:
    assert twin_axolotl.__version__
    with pytest.raises(AttributeError):
        _ = twin_axolotl.Nothing


def test_a_step_is_recorded_once_and_only_its_numbers(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    logs = {"loss": "2.5", "epoch": 0.1, "grad_norm": float("nan"), "tokens/total": 7, "x": "no"}
    recorder.log(1, 0.1, logs)
    recorder.log(1, 0.1, logs)
    recorder.log(1, 0.1, {"eval_loss": 3.0})
    recorder.log(2, None, {"x": "no"})
    told = read(tmp_path)
    assert [event["values"] for event in told] == [
        {"loss": 2.5, "tokens/total": 7},
        {"eval_loss": 3.0},
    ]
    assert told[0]["step"] == 1


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = Recorder(None)
    recorder.write("begin")
    assert not recorder.stopping
    assert not list(tmp_path.iterdir())


def test_a_file_asks_it_to_stop(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    assert not recorder.stopping
    (tmp_path / STOP).touch()
    assert recorder.stopping


class Server:
    """Takes what Langfuse is sent."""

    def __init__(self, status: int = 200) -> None:
        self.taken: list[tuple[str, str, dict[str, Any]]] = []
        server = self

        class Requests(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.taken.append((self.path, self.headers["authorization"], body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_a_run_is_one_trace_with_its_last_numbers_as_scores(tmp_path: Path, server: Server) -> None:
    recorder = Recorder(tmp_path)
    recorder.write("begin", step=0, steps=2)
    recorder.log(1, 0.5, {"loss": 2.0, "grad_norm": 1.0})
    recorder.log(2, 1.0, {"loss": 1.5, "rewards/accuracies": 1.0})
    keys = Keys("pk", "sk", server.address)
    send(keys, tmp_path, "sft-1", {"base_model": "x"})
    first = list(server.taken)
    send(keys, tmp_path, "sft-1", {"base_model": "x"})
    again = server.taken[len(first) :]
    assert [(path, body) for path, _, body in first] == [(path, body) for path, _, body in again]
    assert {path for path, _, _ in first} == {"/api/public/otel/v1/traces", "/api/public/scores"}
    assert first[0][1].startswith("Basic ")
    span = first[0][2]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    told = {item["key"]: item["value"]["stringValue"] for item in span["attributes"]}
    assert [point["loss"] for point in json.loads(told["langfuse.observation.output"])] == [
        2.0,
        1.5,
    ]
    assert told["langfuse.trace.metadata.base_model"] == "x"
    scores = {body["name"]: body["value"] for _, _, body in first[1:]}
    assert scores == {"loss": 1.5, "rewards/accuracies": 1.0}
    assert all(body["traceId"] == span["traceId"] for _, _, body in first[1:])
    assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"])


def test_a_server_that_refuses_is_an_os_error(tmp_path: Path) -> None:
    refusing = Server(401)
    Recorder(tmp_path).write("begin", step=0, steps=1)
    with pytest.raises(OSError, match="401"):
        send(Keys("pk", "sk", refusing.address), tmp_path, "x", {})
    refusing.close()


def test_keys_stand_in_the_environment() -> None:
    assert Keys.of({}) is None
    found = Keys.of({"LANGFUSE_PUBLIC_KEY": "p", "LANGFUSE_SECRET_KEY": "s"})
    assert found is not None
    assert found.address == "https://cloud.langfuse.com"
    assert "secret" not in repr(found)
    named = {
        "LANGFUSE_PUBLIC_KEY": "p",
        "LANGFUSE_SECRET_KEY": "s",
        "LANGFUSE_BASE_URL": "http://x/",
    }
    assert getattr(Keys.of(named), "address", "") == "http://x"
