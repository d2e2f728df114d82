"""A home with some essays of the sample author, the chat page on it, and a browser."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
ESSAYS = ROOT / "examples" / "sample-author" / "essays"
CHOSEN = (
    "leaving-kubernetes.md",
    "review-is-asked-for.md",
    "the-comment-i-deleted.md",
    "a-backup-is-a-rumour.html",
)
PATIENCE = 180.0
"""Seconds for whatever loads models, on a slow and busy machine."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a person who has set nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWIN_")}
    return kept | {"TWIN_HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"} | more


def _run_twin(
    home: Path, *arguments: str, typed: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "twin.cli", *arguments],
        env=environment(home, **more),
        cwd=home,
        capture_output=True,
        text=True,
        input=typed,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class Chat:
    """A running `twin chat`."""

    process: subprocess.Popen[str]
    address: str
    complaints: list[str]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a person or a system would, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def _chatting(home: Path, *options: str, **more: str) -> Iterator[Chat]:
    """Run `twin chat` on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twin.cli", "chat", "--port", "0", "--no-open", *options],
        env=environment(home, **more),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: queue.Queue[str] = queue.Queue()
    complaints: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    threads = [
        threading.Thread(target=_read, args=(process.stdout, said.put), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, complaints.append), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield Chat(process, _address(process, said, complaints), complaints)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
        for thread in threads:
            thread.join(10)
        process.stdout.close()
        process.stderr.close()


def _read(stream: Iterator[str], take: Callable[[str], None]) -> None:
    for line in stream:
        take(line.rstrip("\n"))


def _address(process: subprocess.Popen[str], said: queue.Queue[str], complaints: list[str]) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            line = said.get(timeout=0.2)
        except queue.Empty:
            continue
        if "http://" in line:
            return line[line.index("http://") :].strip()
    pytest.fail(f"twin chat printed no address: {complaints}")


@pytest.fixture
def run_twin() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what runs a command in a home: `run_twin(home, "ask", QUESTION)`."""
    return _run_twin


@pytest.fixture
def chatting() -> Callable[..., AbstractContextManager[Chat]]:
    """Return what runs the page on a home: `with chatting(home) as chat`."""
    return _chatting


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that holds four essays, ingested by the real command."""
    folder = tmp_path_factory.mktemp("page")
    essays, home = folder / "essays", folder / "home"
    essays.mkdir()
    home.mkdir()
    for name in CHOSEN:
        shutil.copy(ESSAYS / name, essays / name)
    done = _run_twin(home, "ingest", str(essays), "--author", "Ines Marlow")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def own_home(written: Path, tmp_path: Path) -> Path:
    """Return a home with the same essays that no other test uses."""
    home = tmp_path / "home"
    shutil.copytree(written, home, ignore=shutil.ignore_patterns("chat", "*.sock"))
    return home


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return headless Chromium, the one of the system.

    It is closed with the module: while it is open, Playwright's event loop runs in this thread, and
    no other test could run one.
    """
    path = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    if path is None and "CI" not in os.environ:
        pytest.skip("no chromium: install it, or name it in TEST_CHROMIUM")
    assert path is not None, "CI must have chromium, or name it in TEST_CHROMIUM"
    from playwright import sync_api as playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """Return the folder that screenshots go to."""
    folder = Path(os.environ.get("TEST_ARTIFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class SlowModel:
    """An OpenAI-compatible server on loopback that writes a word at a time, and never ends soon.

    Attributes:
        written: how many words were taken by whoever asked.
        gone: set when the one who asked hung up.
    """

    WORDS = 3000
    PAUSE = 0.05

    def __init__(self) -> None:
        self.written = 0
        self.gone = threading.Event()
        model = self

        class Completions(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                try:
                    for number in range(model.WORDS):
                        self.wfile.write(_chunk(f"word{number} "))
                        model.written += 1
                        time.sleep(model.PAUSE)
                except OSError:
                    model.gone.set()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Completions)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def setting(self) -> str:
        """The value of TWIN_MODELS__CHAT that names it."""
        address = f"http://127.0.0.1:{self._server.server_port}/v1"
        return json.dumps({"use": "openai", "base_url": address})

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _chunk(text: str) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "slow",
        "choices": [choice],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


@pytest.fixture
def slow_model() -> Iterator[SlowModel]:
    """Return a model that takes its time."""
    model = SlowModel()
    yield model
    model.close()
