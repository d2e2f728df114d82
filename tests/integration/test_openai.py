"""The chat model and the teacher against a real server on loopback that speaks the Messages API."""

import json
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from llama_index.core.llms import ChatMessage
from openai import APIConnectionError
from pydantic import BaseModel

from twin.basics.llms import COMPONENTS, ServerOptions, TeacherOptions
from twin.components import BuildContext
from twin.errors import ModelError

KEY = "sk-very-secret-key"
WAIT = 30
BY_NAME = {component.name: component for component in COMPONENTS}
CTX = BuildContext(cache=Path("none"), data=Path("none"))
MESSAGES = [
    ChatMessage(role="system", content="Be brief."),
    ChatMessage(role="user", content="Why?"),
]

Act = Callable[["Door", int], None]


class Door(BaseHTTPRequestHandler):
    """Answers as the test says, and keeps what it was asked."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers, json.loads(body)))
        self.server.act(self, len(self.server.asked))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def say(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, body: Any) -> None:
        data = f"data: {body if isinstance(body, str) else json.dumps(body)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def token(self, text: str, reason: str | None = None) -> None:
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": text},
            "logprobs": None,
            "finish_reason": reason,
        }
        self.event(chunk([choice]))

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def tell(self, *parts: str) -> None:
        self.begin()
        for part in parts:
            self.token(part)
        self.token("", "stop")
        self.event("[DONE]")
        self.end()


def chunk(choices: list[Any]) -> dict[str, Any]:
    return {
        "object": "chat.completion.chunk",
        "id": "",
        "created": 1,
        "model": "m",
        "system_fingerprint": "3",
        "choices": choices,
    }


class Server(ThreadingHTTPServer):
    """A server that does what `act` says."""

    daemon_threads = True
    act: Act
    asked: list[tuple[str, Message, Any]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error of the test."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    opened = Server(("127.0.0.1", 0), Door)
    opened.asked = []
    thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield opened
    opened.shutdown()
    thread.join(WAIT)
    opened.server_close()


def stream(server: Server, act: Act, **options: Any) -> Iterator[str]:
    server.act = act
    return (part.delta for part in model(server, **options).stream_chat(MESSAGES) if part.delta)


def model(server: Server, **options: Any) -> Any:
    return BY_NAME["openai"].build(ServerOptions(base_url=server.url, **options), CTX)


def refused(server: Server, act: Act, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        list(stream(server, act, **options))
    assert caught.value.hint
    return caught.value


def test_tokens_arrive_before_the_server_has_finished(server: Server) -> None:
    seen = threading.Event()
    in_time: list[bool] = []

    def act(door: Door, _: int) -> None:
        door.begin()
        door.token("The tide")
        in_time.append(seen.wait(WAIT))
        door.token(" waits.", "stop")
        door.event(chunk([]))
        door.event("[DONE]")
        door.end()

    tokens = stream(server, act)
    assert next(tokens) == "The tide"
    seen.set()
    assert list(tokens) == [" waits."]
    assert in_time == [True]


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.9\r\n"], ids=["nothing", "another protocol"]
)
def test_what_is_no_answer_is_not_told_as_a_server_that_is_slow(
    server: Server, said: bytes
) -> None:
    def act(door: Door, _: int) -> None:
        door.wfile.write(said)
        door.close_connection = True

    error = refused(server, act, retries=0)
    assert "timed out" not in error.message
    assert isinstance(error.__cause__, APIConnectionError)


def test_a_proxy_is_asked_where_the_environment_names_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.act = lambda door, _: door.tell("far away")
    options = ServerOptions(base_url="http://models.example/v1", model="m")
    model: Any = BY_NAME["openai"].build(options, CTX)
    assert "".join(part.delta for part in model.stream_chat(MESSAGES)) == "far away"
    assert server.asked[0][0] == "http://models.example/v1/chat/completions"


def test_what_is_sent(server: Server) -> None:
    options = {"model": "m", "temperature": 0.5, "max_tokens": 9}
    assert list(stream(server, lambda door, _: door.tell("a"), **options)) == ["a"]
    [(path, headers, body)] = server.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert {name: body[name] for name in (*options, "stream")} == {**options, "stream": True}
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Why?"),
    ]


TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value "
    "is supported."
)
MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead."
)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "System role not supported"),
        (500, "Value is not callable: System role not supported at row 1"),
        (
            422,
            "Template error: invalid operation: Conversation roles must alternate user/assistant",
        ),
        (400, "Only user and assistant roles are supported!"),
    ],
)
def test_a_template_without_a_system_message_is_sent_one_message(
    server: Server, status: int, said: str
) -> None:
    def act(door: Door, number: int) -> None:
        roles = [one["role"] for one in server.asked[number - 1][2]["messages"]]
        if "system" in roles:
            door.say(status, {"error": {"message": said}})
        else:
            door.tell("Because.")

    server.act = act
    llm = model(server)
    for asked in (2, 3):  # the second question knows it
        assert "".join(r.delta or "" for r in llm.stream_chat(MESSAGES)) == "Because."
        assert len(server.asked) == asked
    [sent] = server.asked[-1][2]["messages"]
    assert sent == {"role": "user", "content": "Be brief.\n\nWhy?"}


def test_a_model_that_knows_no_temperature_and_another_name_of_the_limit(server: Server) -> None:
    def act(door: Door, number: int) -> None:
        body = server.asked[number - 1][2]
        if "max_tokens" in body:
            door.say(400, {"error": {"message": MAX_TOKENS}})
        elif "temperature" in body:
            door.say(400, {"error": {"message": TEMPERATURE}})
        else:
            door.tell("Because.")

    server.act = act
    said = model(server).stream_chat(MESSAGES, temperature=0.0, max_tokens=20)
    assert "".join(r.delta or "" for r in said) == "Because."
    assert len(server.asked) == 3
    assert server.asked[-1][2]["max_completion_tokens"] == 20


def test_what_is_refused_all_the_same_is_told(server: Server) -> None:
    server.act = lambda door, _: door.say(400, {"error": {"message": TEMPERATURE}})
    with pytest.raises(ModelError, match="does not support"):
        list(model(server).stream_chat(MESSAGES))
    assert len(server.asked) == 2


def test_what_is_sent_is_what_tgi_takes(server: Server, shared_data: Path) -> None:
    contract = shared_data.parent / "contracts" / "tgi-openapi.json"
    if not contract.is_file():
        pytest.skip("TGI's description does not lie beside the checkout")
    description = json.loads(contract.read_text(encoding="utf-8"))
    list(stream(server, lambda door, _: door.tell("a")))
    teacher(server, like_tgi)
    operation = description["paths"]["/v1/chat/completions"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(schema | {"components": description["components"]})
    known = description["components"]["schemas"]["ChatRequest"]["properties"]
    asked, _, planned = [body for _, _, body in server.asked]
    for body in (asked, planned):
        validator.validate(body)
        assert set(body) <= set(known)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_never_shown(server: Server, status: int) -> None:
    def act(door: Door, _: int) -> None:
        door.say(status, {"error": {"message": f"no: {door.headers['Authorization']}"}})

    error = refused(server, act)
    assert "OPENAI_API_KEY" in error.hint
    assert len(server.asked) == 1
    shown = f"{error!s}{error!r}{error.hint}{error.__cause__!r}"
    assert "Bearer [key]" in shown
    assert KEY not in shown


def test_it_tries_again_before_the_first_token(server: Server) -> None:
    def act(door: Door, time: int) -> None:
        door.say(500, {"error": "busy"}) if time == 1 else door.tell("a", "b")

    assert list(stream(server, act)) == ["a", "b"]
    assert len(server.asked) == 2


def test_it_does_not_try_for_ever(server: Server) -> None:
    error = refused(server, lambda door, _: door.say(500, {"error": "busy"}), retries=1)
    assert "busy" in str(error)
    assert server.url in error.hint
    assert len(server.asked) == 2


def cut(door: Door, _: int) -> None:
    door.begin()
    door.token("The tide")
    door.close_connection = True


def closed_in_good_order(door: Door, _: int) -> None:
    door.begin()
    door.token("The tide")
    door.end()


def error_in_the_stream(door: Door, _: int) -> None:
    door.begin()
    door.token("The tide")
    door.event({"error": {"message": "Incomplete generation", "type": "overloaded"}})
    door.end()


@pytest.mark.parametrize("act", [cut, closed_in_good_order, error_in_the_stream])
def test_a_stream_that_breaks_off_is_an_error_and_not_an_answer(server: Server, act: Act) -> None:
    tokens = stream(server, act)
    assert next(tokens) == "The tide"
    with pytest.raises(ModelError) as caught:
        list(tokens)
    assert caught.value.hint
    assert len(server.asked) == 1


def test_a_prompt_that_is_too_long(server: Server) -> None:
    said = {"error": "`inputs` must have less than 4096 tokens", "error_type": "validation"}
    error = refused(server, lambda door, _: door.say(422, said))
    assert "4096" in str(error)
    assert "token_budget" in error.hint


def test_nobody_answers() -> None:
    options = ServerOptions(base_url="http://127.0.0.1:9/v1", retries=0)
    model: Any = BY_NAME["openai"].build(options, CTX)
    with pytest.raises(ModelError) as caught:
        list(model.stream_chat(MESSAGES))
    assert "127.0.0.1:9" in caught.value.hint


class Form(BaseModel):
    """A form to fill in."""

    words: list[str]


def completion(content: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return chunk([choice]) | {
        "object": "chat.completion",
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def teacher(server: Server, act: Act, **options: Any) -> Form:
    server.act = act
    settings = TeacherOptions(base_url=server.url, **{"retries": 0} | options)
    built: Any = BY_NAME["openai-teacher"].build(settings, CTX)
    form: Form = built.structured(Form, "Fill it in.", "Why?")
    return form


def test_the_teacher_fills_in_a_form(server: Server) -> None:
    filled = teacher(server, lambda door, _: door.say(200, completion('{"words": ["tide"]}')))
    assert filled == Form(words=["tide"])
    [(path, headers, body)] = server.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert [m["content"] for m in body["messages"]] == ["Fill it in.", "Why?"]
    assert body["response_format"]["type"] == "json_schema"
    schema = body["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]) == {"words"}


def like_tgi(door: Door, _: int) -> None:
    if "value" in door.server.asked[-1][2]["response_format"]:
        door.say(200, completion('{"words": ["tide"]}'))
    else:
        said = "Failed to deserialize the JSON body: response_format: missing field `value`"
        door.say(422, {"error": said, "error_type": "validation"})


def test_the_teacher_learns_how_tgi_wants_the_form(server: Server) -> None:
    server.act = like_tgi
    built: Any = BY_NAME["openai-teacher"].build(TeacherOptions(base_url=server.url), CTX)
    for _ in range(2):
        assert built.structured(Form, "Fill it in.", "Why?") == Form(words=["tide"])
    forms = [body["response_format"] for _, _, body in server.asked]
    assert ["value" in form for form in forms] == [False, True, True]
    assert forms[1]["value"]["schema"] == Form.model_json_schema()


@pytest.mark.parametrize(
    "content", ['{"words": ["ti', "I would say tide.", '{"words": "tide"}', "{}", "null", ""]
)
def test_a_form_that_is_filled_in_wrongly(server: Server, content: str) -> None:
    with pytest.raises(ModelError, match="the teacher") as caught:
        teacher(server, lambda door, _: door.say(200, completion(content)))
    assert caught.value.hint


def test_a_teacher_that_is_silent(server: Server) -> None:
    release = threading.Event()
    with pytest.raises(ModelError) as caught:
        teacher(server, lambda _door, _: bool(release.wait(WAIT)) and None, timeout=0.3)
    release.set()
    assert server.url in caught.value.hint


def test_the_teacher_never_shows_its_key(server: Server) -> None:
    with pytest.raises(ModelError) as caught:
        teacher(server, lambda door, _: door.say(401, {"error": {"message": f"no {KEY}"}}))
    assert "OPENAI_API_KEY" in caught.value.hint
    assert KEY not in f"{caught.value!r}{caught.value.__cause__!r}"
