"""A stand-in for Langfuse, on loopback, that refuses what its OpenAPI description does not allow.

In: a folder of contracts. Out: a server that keeps what it was sent. Every request is checked by
openapi-core before it is answered, and so is every answer. Spans are handed on to whoever is told.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PUBLIC, SECRET = "pk-lf-test", "sk-lf-test"
KEYS = "Basic " + b64encode(f"{PUBLIC}:{SECRET}".encode()).decode()
SPANS = "/api/public/otel/v1/traces"
WHEN = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")


@cache
def described(path: Path) -> OpenAPI:
    """Return the description, read once: it takes seconds."""
    return OpenAPI.from_dict(_repaired(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)))


def _repaired(part: Any) -> Any:
    """Return a part of the description as OpenAPI 3.0 has it, which knows no `const`."""
    if isinstance(part, list):
        return [_repaired(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: _repaired(value) for key, value in part.items()}
    if isinstance(made.get("type"), str) and "const" in made:
        made["enum"] = [made.pop("const")]
    return made


@dataclass
class Kept:
    """What the server was sent, and how it is to answer."""

    spans: list[Any] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    datasets: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)
    observations: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    silent: threading.Event = field(default_factory=threading.Event)
    """While it is set, requests are taken and never answered."""
    url: str = ""
    hand_on: Callable[[bytes], None] = lambda _body: None

    def environment(self) -> dict[str, str]:
        """Return the variables that name it."""
        return {
            "LANGFUSE_PUBLIC_KEY": PUBLIC,
            "LANGFUSE_SECRET_KEY": SECRET,
            "LANGFUSE_BASE_URL": self.url,
        }

    def answer(  # noqa: PLR0911 - one a route
        self, method: str, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        """Return status and body; a body of None says that there is no such thing."""
        match (method, path.removeprefix("/api/public").strip("/").split("/")):
            case "GET", ["projects"]:
                organization = {"id": "o", "name": "o"}
                project = {"id": "p1", "name": "p", "organization": organization, "metadata": {}}
                return 200, {"data": [project]}
            case "POST", ["scores"]:
                self.scores.append(body)
                return 200, {"id": body["id"]}
            case "GET", ["v2", "prompts", name]:
                found = self.prompts.get(unquote(name))
                wanted = found is not None and query["label"] in found["labels"]
                return (200, found) if wanted else (404, {"message": "not found"})
            case "POST", ["v2", "prompts"]:
                made = {"version": len(self.prompts) + 1, "config": {}, "tags": [], **body}
                self.prompts[body["name"]] = made
                return 200, made
            case "GET", ["v2", "observations"]:
                wanted = query.get("traceId")
                data = [one for one in self.observations if wanted in {None, one["traceId"]}]
                return 200, {"data": data, "meta": {}}
            case "GET", ["v3", "scores"]:
                times = dict.fromkeys(("timestamp", "createdAt", "updatedAt"), WHEN)
                fixed = {"projectId": "p1", "source": "API", "environment": "default", **times}
                found = [
                    {**fixed, "id": one["id"], "name": one["name"], "value": one["value"],
                     "dataType": one["dataType"],
                     "subject": {"kind": "trace", "id": one["traceId"]}}
                    for one in self.scores
                    if one["name"] == query["name"] and f"{one['value']:g}" == query["value"]
                ]  # fmt: skip
                return 200, {"data": found, "meta": {"limit": int(query["limit"])}}
            case "POST", ["v2", "datasets"]:
                self.datasets.setdefault(body["name"], {})
                nothing = dict.fromkeys(("metadata", "inputSchema", "expectedOutputSchema"))
                times = {"createdAt": WHEN, "updatedAt": WHEN}
                return 200, {"id": "d", "projectId": "p1", **nothing, **times, **body}
            case "POST", ["dataset-items"]:
                self.datasets[body["datasetName"]][body["id"]] = body
                times = {"createdAt": WHEN, "updatedAt": WHEN}
                more = {"status": "ACTIVE", "datasetId": "d", "mediaReferences": [], **times}
                nothing = dict.fromkeys(
                    ("input", "expectedOutput", "metadata", "sourceTraceId", "sourceObservationId")
                )
                return 200, {**nothing, **more, **body}
        return 404, None


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: ClassVar[Kept]
    contract: ClassVar[OpenAPI | None]

    def do_GET(self) -> None:
        self._take("GET", b"")

    def do_POST(self) -> None:
        self._take("POST", self.rfile.read(int(self.headers["content-length"])))

    def _take(self, method: str, body: bytes) -> None:
        kept, parts = self.kept, urlsplit(self.path)
        kept.asked.append(f"{method} {parts.path}")
        while kept.silent.is_set():
            if not kept.silent.wait(0.02):
                break
            threading.Event().wait(0.05)
        if self.headers["authorization"] != KEYS:
            return self._answer(401, {"message": "no"})
        if kept.status != 200:
            return self._answer(kept.status, {"message": "no"})
        if parts.path == SPANS:
            return self._spans(body)
        query = dict(parse_qsl(parts.query))
        request = MockRequest(
            kept.url, method, parts.path, args=query,
            data=body or None, headers={"authorization": KEYS}, content_type="application/json",
        )  # fmt: skip
        try:
            if self.contract is not None:
                self.contract.validate_request(request)
            status, said = kept.answer(method, parts.path, query, json.loads(body or b"null"))
            if self.contract is not None and status == 200:
                self.contract.validate_response(request, MockResponse(json.dumps(said).encode()))
        except Exception as error:  # noqa: BLE001 - told to the test, whatever it is
            kept.wrong.append(f"{method} {self.path}: {error!r} {error.__cause__!r}")
            return self._answer(500, {"message": "against the contract"})
        return self._answer(status, said)

    def _spans(self, body: bytes) -> None:
        if self.headers["content-encoding"] == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        self.kept.spans += [
            span
            for of in request.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]
        self.kept.hand_on(body)
        self._answer(200, {})

    def _answer(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up."""


@contextmanager
def langfuse(contract: Path | None, port: int = 0) -> Iterator[Kept]:
    """Run a stand-in for the length of a block.

    Args:
        contract: the OpenAPI description; None checks nothing.
        port: 0 takes any that is free.
    """
    kept = Kept()
    api = described(contract) if contract else None
    requests = type("Requests", (_Requests,), {"kept": kept, "contract": api})
    with _Server(("127.0.0.1", port), requests) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            kept.silent.clear()
            server.shutdown()
            thread.join()


def soon(true: Callable[[], object]) -> None:
    """Wait until something is true: whoever sends traces does so in its own time.

    Raises:
        AssertionError: after a minute.
    """
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come true within a minute"
        time.sleep(0.01)
