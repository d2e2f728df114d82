"""A run's result is uploaded by the hub's own client, to a server that answers as the hub does."""

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

from twin.documents import Audience
from twin.training import runs
from twin.training.runs import Manifest, Run, State


class Hub:
    """Answers what creating a repository and one commit ask of the hub, and keeps what it is sent."""

    def __init__(self) -> None:
        self.created: dict[str, Any] = {}
        self.private = True
        self.files: dict[str, bytes] = {}
        self.tokens: set[str | None] = set()
        hub = self

        class Requests(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hub.tokens.add(self.headers["authorization"])
                if self.path == "/api/repos/create":
                    hub.created = json.loads(body)
                    answer: Any = {"url": f"{hub.address}/jane/twin", "name": "jane/twin"}
                elif self.path == "/api/validate-yaml":
                    answer = {"errors": [], "warnings": []}
                elif "/preupload/" in self.path:
                    files = json.loads(body)["files"]
                    answer = {
                        "files": [
                            {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                            for file in files
                        ]
                    }
                else:
                    for line in body.splitlines():
                        part = json.loads(line)
                        if part["key"] == "file":
                            value = part["value"]
                            hub.files[value["path"]] = base64.b64decode(value["content"])
                    answer = {
                        "commitOid": "1" * 40,
                        "commitUrl": f"{hub.address}/jane/twin/commit/1",
                    }
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self) -> None:
                told = {"id": "jane/twin", "private": hub.private, "siblings": [], "sha": "1"}
                text = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    running = Hub()
    yield running
    running.close()


@pytest.fixture
def pushed(tmp_path: Path) -> Run:
    """Return a run with an adapter."""
    folder = runs.new_folder(tmp_path, "sft")
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_config.json").write_text("{}", "utf-8")
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "config.yaml").write_text("seed: 1\n", "utf-8")
    run = Run(
        folder,
        Manifest(
            id=folder.name,
            kind="sft",
            state=State.DONE,
            created_at=runs.now(),
            recipe="sft.yaml",
            recipe_sha256="",
            base_model="meta-llama/Llama-3.1-8B-Instruct",
            dataset="mine",
            dataset_sha256={},
            rows=40,
            audience=Audience.FRIENDS,
            seed=1,
            versions={"axolotl": "0.19.0"},
            final={"loss": 0.5},
        ),
    )
    runs.write_manifest(run)
    return run


def push(home: Path, hub: Hub, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TWIN_", "HF_"))
    }
    told = {"HF_ENDPOINT": hub.address, "HF_TOKEN": "hf_secret", "HF_HOME": str(home / "hf")}
    return subprocess.run(
        [sys.executable, "-m", "twin.cli", "--home", str(home), "runs", "push", *words],
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_is_pushed_privately_with_what_it_was_made_from(
    hub: Hub, pushed: Run, tmp_path: Path
) -> None:
    done = push(tmp_path, hub, pushed.id, "jane/twin")
    assert done.returncode == 0, done.stderr
    assert "private" in done.stdout
    assert hub.created["visibility"] == "private"
    assert hub.files["adapter_model.safetensors"] == b"weights"
    assert {"adapter_config.json", "manifest.json", "config.yaml", "README.md"} <= hub.files.keys()
    card = hub.files["README.md"].decode()
    assert "base_model: meta-llama/Llama-3.1-8B-Instruct" in card
    assert "audience: friends" in card
    assert hub.tokens == {"Bearer hf_secret"}
    assert "hf_secret" not in done.stdout + done.stderr


def test_no_folder_of_this_machine_goes_up(hub: Hub, pushed: Run, tmp_path: Path) -> None:
    base = tmp_path / "models" / "llama"
    assert pushed.adapter is not None
    told = json.dumps({"base_model_name_or_path": str(base), "r": 8})
    (pushed.adapter / "adapter_config.json").write_text(told, "utf-8")
    pushed.config.write_text(
        f"base_model: {base}\n"
        f"datasets: [{{path: {tmp_path}/datasets/mine/train.jsonl, type: chat_template}}]\n"
        "special_tokens: {eos_token: /no_think}\n",
        "utf-8",
    )
    pushed.changed(
        base_model=str(base),
        recipe=str(tmp_path / "recipes" / "sft.yaml"),
        overrides={"base_model": str(base)},
        failure=f"in {tmp_path}/runs/x: out of memory",
        launcher_arguments=("--rdzv-endpoint", "10.0.0.7:29400"),
    )
    done = push(tmp_path, hub, pushed.id, "jane/twin")
    assert done.returncode == 0, done.stderr
    for name, content in hub.files.items():
        assert str(tmp_path).encode() not in content, name
        assert b"10.0.0.7" not in content, name
    assert json.loads(hub.files["adapter_config.json"]) == {
        "base_model_name_or_path": "llama",
        "r": 8,
    }
    config = hub.files["config.yaml"].decode()
    assert "path: train.jsonl" in config
    assert "eos_token: /no_think" in config
    manifest = json.loads(hub.files["manifest.json"])
    assert (manifest["recipe"], manifest["base_model"]) == ("sft.yaml", "llama")
    assert manifest["failure"] == "in …/runs/x: out of memory"


def test_it_is_never_public_unless_all_of_its_set_is(hub: Hub, pushed: Run, tmp_path: Path) -> None:
    done = push(tmp_path, hub, pushed.id, "jane/twin", "--public")
    assert done.returncode == 2
    assert "friends readers only" in done.stderr
    assert not hub.created
    # One that is there already may be public, whatever is asked for now.
    hub.private = False
    done = push(tmp_path, hub, pushed.id, "jane/twin")
    assert done.returncode == 1
    assert "is there already, and is public" in done.stderr
    assert not hub.files
    pushed.changed(audience=Audience.PUBLIC)
    done = push(tmp_path, hub, pushed.id, "jane/twin", "--public", "--json")
    assert json.loads(done.stdout)["private"] is False, done.stderr
    assert hub.created["visibility"] == "public"


def test_a_hub_that_is_away_is_said(hub: Hub, pushed: Run, tmp_path: Path) -> None:
    hub.close()
    done = push(tmp_path, hub, pushed.id, "jane/twin")
    assert done.returncode == 1
    assert "hint:" in done.stderr
