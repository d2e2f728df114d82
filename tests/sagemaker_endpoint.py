"""An endpoint of SageMaker on loopback: its binary event stream, with the stand-in for TGI behind it."""

import json
import struct
from binascii import crc32
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


def frame(payload: bytes, headers: dict[str, str]) -> bytes:
    """Return one message of ``application/vnd.amazon.eventstream``."""
    named = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(named) + len(payload), len(named))
    prelude += struct.pack(">I", crc32(prelude))
    whole = prelude + named + payload
    return whole + struct.pack(">I", crc32(whole))


def part(payload: bytes) -> bytes:
    """Return a part of the model's answer."""
    headers = {
        ":message-type": "event",
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
    }
    return frame(payload, headers)


def failure(message: str) -> bytes:
    """Return an exception in the middle of a stream."""
    headers = {
        ":message-type": "exception",
        ":exception-type": "ModelStreamError",
        ":content-type": "application/json",
    }
    said = {"Message": message, "ErrorCode": "ModelInvocationTimeExceeded"}
    return frame(json.dumps(said).encode(), headers)


class Endpoint(ThreadingHTTPServer):
    """The endpoint.

    Attributes:
        model: the address of TGI.
        refusals: what is answered before the model is asked: status, kind of error, further facts.
        cut: whether the connection ends after the first part.
        breaking: what an exception in the stream says; empty for none.
        asked: paths and headers of the requests.
    """

    daemon_threads = True

    def __init__(self, model: str) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.model = model
        self.refusals: list[tuple[int, str, dict[str, Any]]] = []
        self.cut = False
        self.breaking = ""
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error of the test."""


class _Door(BaseHTTPRequestHandler):
    server: Endpoint
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers)))
        if self.server.refusals:
            self._refuse(*self.server.refusals.pop(0))
            return
        url, kind = f"{self.server.model}/invocations", {"Content-Type": "application/json"}
        with (
            httpx.Client(trust_env=False, timeout=60) as client,
            client.stream("POST", url, content=body, headers=kind) as answer,
        ):
            if answer.status_code != 200:
                said = {"Message": answer.read().decode(), "OriginalStatusCode": answer.status_code}
                self._refuse(424, "ModelError", said)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in answer.iter_raw():
                # SageMaker cuts where it likes.
                for half in (piece[: len(piece) // 2], piece[len(piece) // 2 :]):
                    self._chunk(part(half))
                if self.server.cut:
                    self.close_connection = True
                    return
                if self.server.breaking:
                    self._chunk(failure(self.server.breaking))
                    break
            self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _refuse(self, status: int, kind: str, facts: dict[str, Any]) -> None:
        data = json.dumps({"message": kind, **facts}).encode()
        self.send_response(status)
        self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
