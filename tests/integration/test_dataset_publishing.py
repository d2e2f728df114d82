"""`twin dataset report` and `push`: the Hub is a server on loopback that answers as it does."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from twin.cli import run as twin
from twin.testing.teacher_server import TeacherServer

AUTHOR = Path(__file__).parent.parent.parent / "examples" / "sample-author"
TOKEN = "hf_" + "s3cret" * 6


class Hub(ThreadingHTTPServer):
    """Keeps what it is sent; a repository that is there may be public already."""

    daemon_threads = True

    def __init__(self, *, private: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.private = private
        self.created: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.refuse = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Door(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        self._say(
            200, {"id": "ines/set", "private": self.server.private, "siblings": [], "sha": "1"}
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.refuse or self.headers["authorization"] != f"Bearer {TOKEN}":
            self._say(401, {"error": "Invalid username or password."})
        elif self.path == "/api/repos/create":
            self.server.created = json.loads(body)
            self._say(200, {"url": f"{self.server.url}/datasets/ines/set", "name": "ines/set"})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            kinds = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files
            ]
            self._say(200, {"files": kinds})
        elif "/commit/" in self.path:
            for line in body.splitlines():
                part = json.loads(line)
                if part["key"] == "file":
                    content = base64.b64decode(part["value"]["content"])
                    self.server.files[part["value"]["path"]] = content
            self._say(200, {"commitOid": "1" * 40, "commitUrl": f"{self.server.url}/c/1"})
        else:
            self._say(200, {"errors": [], "warnings": []})

    def _say(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ines") / "home"
    assert twin(["--home", str(home), "init", "--person", "Ines Marlow"]) == 0
    assert twin(["--home", str(home), "ingest", "--no-index", str(AUTHOR / "essays")]) == 0
    assert twin(["--home", str(home), "dataset", "sft"]) == 0
    return home


def push(home: Path, hub: Hub, *words: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    # The client reads whether it is offline when it is imported: a process of its own.
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TWIN_", "HF_"))
    }
    told = {"HF_ENDPOINT": hub.url, "HF_TOKEN": token, "HF_HOME": str(home / "hf"), "NO_PROXY": "*"}
    return subprocess.run(
        [sys.executable, "-m", "twin.cli", "--home", str(home), "dataset", "push", *words],
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_set_is_private_unless_asked_and_the_card_is_its_face(hub: Hub, home: Path) -> None:
    folder = home / "datasets" / "sft"
    (folder / "notes.txt").write_text("nobody's business")
    done = push(home, hub, "sft", "ines/set", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["private"], report["url"]) == (True, f"{hub.url}/datasets/ines/set")
    assert hub.created["visibility"] == "private"
    assert hub.created["type"] == "dataset"
    assert hub.files["train.jsonl"] == (folder / "train.jsonl").read_bytes()
    assert hub.files["README.md"] == (folder / "card.md").read_bytes()
    assert {"manifest.json", "test.jsonl", "plots/steps.png"} <= set(hub.files)
    assert len(hub.files) == report["files"]
    assert "notes.txt" not in hub.files
    # A repository that is private stays so, whatever was asked for.
    done = push(home, hub, "sft", "ines/set", "--public", "--json")
    assert json.loads(done.stdout)["private"] is True


def test_what_is_not_for_all_eyes_is_never_public(hub: Hub, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    values = json.loads((home / "datasets" / "sft" / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(values | {"audience": "friends"}))
    done = push(home, hub, str(folder), "ines/set", "--public")
    assert done.returncode == 2
    assert "for friends eyes" in done.stderr
    hub.private = False
    done = push(home, hub, str(folder), "ines/set")
    assert done.returncode == 1
    assert "is there already, and is public" in done.stderr
    assert hub.files == {}


def test_what_the_hub_refuses_is_said_without_the_token(hub: Hub, home: Path) -> None:
    hub.refuse = True
    done = push(home, hub, "sft", "ines/set")
    assert done.returncode == 1
    assert "the Hub did not take the set" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "HF_TOKEN is not set" in push(home, hub, "sft", "ines/set", token="").stderr
    assert "there is no set" in push(home, hub, "other", "ines/set").stderr


def test_the_report_says_how_good_it_is_and_whether_it_is_enough(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--home", str(home), "dataset", "report", "sft"]
    assert twin([*command, "--model", "Llama-3.1-8B", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["asked_for"] == {"model": "8B", "rows": 2000}
    quality = report["quality"]
    assert 0 < quality["distinct"]["targets"][0] < quality["distinct"]["targets"][2] <= 1
    assert 0 <= quality["likeness"][0] <= quality["likeness"][1] < 0.7
    assert sum(quality["lengths"].values()) == quality["rows"]["train"]
    assert 3 < quality["grade"] < 12
    assert twin([*command, "--model", "0.5b"]) == 0
    assert "a model of 0.5B asks for 5,000 rows" in capsys.readouterr().out
    assert twin([*command, "--model", "large"]) == 2


def test_the_teacher_marks_a_sample(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with TeacherServer(bad_every=5) as server:
        teacher = {"use": "openai-teacher", "base_url": server.url, "retries": 0}
        monkeypatch.setenv("TWIN_MODELS__TEACHER", json.dumps(teacher))
        command = ["--home", str(home), "dataset", "report", "sft", "--teacher", "--sample", "20"]
        assert twin([*command, "--json"]) == 0
    marks = json.loads(capsys.readouterr().out)["teacher"]
    assert marks["rows"] + marks["failed"] == 20
    assert marks["failed"] == 4
    assert 1 <= marks["accuracy"][0] <= 3
    assert marks["accuracy"][1] > 0
