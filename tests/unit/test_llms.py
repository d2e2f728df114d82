"""The language models as components: options, keys, and what is said of what fails."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from twin.basics.llms import COMPONENTS, QuotesOptions, ServerOptions, TeacherOptions, TGIOptions
from twin.basics.servers import Server
from twin.components import BuildContext
from twin.errors import ContextOverflow, ModelError
from twin.models.patience import NotReady, retry_after
from twin.models.speaker import Message, Wanted

CTX = BuildContext(cache=Path("none"), data=Path("none"))
BY_NAME = {component.name: component for component in COMPONENTS}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "MY_KEY", "OPENAI_BASE_URL", "TGI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_roles() -> None:
    assert {name: set(c.roles) for name, c in BY_NAME.items()} == {
        "quotes": {"chat"},
        "tgi": {"chat"},
        "openai": {"chat"},
        "openai-teacher": {"teacher"},
    }


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (ServerOptions, {"temperature": 2.1}),
        (ServerOptions, {"timeout": 0}),
        (ServerOptions, {"first_token": 0}),
        (ServerOptions, {"retries": -1}),
        (ServerOptions, {"patience": -1}),
        (ServerOptions, {"max_tokens": 0}),
        (ServerOptions, {"api_key": "sk-secret"}),
        (TGIOptions, {"route": "chat"}),
        (TGIOptions, {"adapter": "sft", "route": "messages"}),
        (TGIOptions, {"stop": ["a", "b", "c", "d", "e"]}),
        (TeacherOptions, {"max_tokens": 3}),
        (QuotesOptions, {"sentences": 0}),
    ],
)
def test_options_that_cannot_be(options: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**values)


@pytest.mark.parametrize(
    ("environment", "key"), [({}, "none"), ({"MY_KEY": ""}, "none"), ({"MY_KEY": "k1"}, "k1")]
)
def test_the_key_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "somebody else's")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for chosen in (ServerOptions(api_key_env="MY_KEY"), TGIOptions(api_key_env="MY_KEY")):
        name = "tgi" if isinstance(chosen, TGIOptions) else "openai"
        model: Any = BY_NAME[name].build(chosen, CTX)
        assert model.speaker.server.key == key
        assert key == "none" or key not in str(model.to_dict())
    teacher: Any = BY_NAME["openai-teacher"].build(TeacherOptions(api_key_env="MY_KEY"), CTX)
    assert teacher._model.openai_api_key.get_secret_value() == key
    assert key == "none" or key not in repr(teacher._model)


def test_tgi_is_never_sent_the_key_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    model: Any = BY_NAME["tgi"].build(TGIOptions(), CTX)
    assert model.speaker.server.key == "none"


def test_options_reach_the_model() -> None:
    options = ServerOptions(
        base_url="http://127.0.0.1:1/v1/",
        model="m",
        temperature=0.5,
        max_tokens=9,
        context_window=600,
        timeout=3,
        first_token=4,
        retries=1,
        patience=5,
    )
    model: Any = BY_NAME["openai"].build(options, CTX)
    told = (model.speaker.server.address, model.model, model.temperature, model.max_tokens)
    assert told == ("http://127.0.0.1:1/v1", "m", 0.5, 9)
    metadata = model.metadata
    assert (metadata.context_window, metadata.is_chat_model, metadata.num_output) == (600, True, 9)
    waits = model.speaker.patience
    assert (waits.silence, waits.first_token, waits.retries, waits.seconds) == (3, 4, 1, 5)


@pytest.mark.parametrize(
    "address", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"]
)
def test_the_address_of_tgi_may_have_the_part_of_its_messages_route(address: str) -> None:
    model: Any = BY_NAME["tgi"].build(TGIOptions(base_url=address), CTX)
    assert (model.speaker.server.root, model.speaker.server.address) == (
        "http://h:1",
        "http://h:1/v1",
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [("https://api.openai.com/v1", "max_completion_tokens"), ("http://h/v1", "max_tokens")],
)
def test_the_limit_goes_by_the_name_that_the_server_knows(address: str, name: str) -> None:
    model: Any = BY_NAME["openai"].build(ServerOptions(base_url=address), CTX)
    body = model.speaker.body([Message("user", "Why?")], Wanted(temperature=0, max_tokens=3))
    assert body[name] == 3
    assert not {"max_tokens", "max_completion_tokens"} - {name} & set(body)


SERVER = Server("m", "http://e/v1", "sk-secret", "MY_KEY")


class Refusal(Exception):
    """What clients raise."""

    def __init__(self, status: int | None = None, body: Any = None, **headers: str) -> None:
        super().__init__("the key sk-secret is wrong")
        self.status_code = status
        self.body = body
        if headers:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            self.response = httpx.Response(status or 500, json={"error": "full"}, headers=named)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "MY_KEY"), (403, "MY_KEY"), (422, "token_budget"), (400, "token_budget"), (404, "e/v1")],
)
def test_what_is_said_of_a_failure(status: int, hint: str) -> None:
    error = Refusal(status)
    failure = SERVER.failed(error)
    assert isinstance(failure, ModelError)
    assert "the key [key] is wrong" in failure.message
    assert hint in failure.hint
    # The cause would show the key in a traceback.
    assert SERVER.cause(error) is None
    assert Server("m", "http://e/v1", "another", "MY_KEY").cause(error) is error


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass(status: int) -> None:
    failure = SERVER.failed(Refusal(status))
    assert isinstance(failure, NotReady)
    assert failure.why.startswith("http://e/v1 ")
    assert failure.after is None
    assert failure.error.hint


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "Model is overloaded", "http_status_code": 429}, NotReady),
        ({"error": "Model is overloaded", "error_type": "overloaded"}, NotReady),
        ({"error": {"message": "x", "http_status_code": 503}}, NotReady),
        ({"error": "x", "error_type": "validation"}, ModelError),
        ({"message": "Incomplete generation", "type": "generation"}, ModelError),
        ("no mapping", ModelError),
    ],
)
def test_failures_told_in_the_middle_of_a_stream(body: Any, kind: type) -> None:
    assert type(SERVER.failed(Refusal(None, body))) is kind


def test_a_server_may_say_how_long_to_wait() -> None:
    failure = SERVER.failed(Refusal(429, None, retry_after="7"))
    assert isinstance(failure, NotReady)
    assert failure.after == 7
    assert "full" in failure.error.message


@pytest.mark.parametrize(
    "said",
    [
        "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
        "This model's maximum context length is 8192 tokens",
        "the request exceeds the available context size",
    ],
)
def test_an_overflow_has_its_own_error(said: str) -> None:
    error = Refusal(422)
    error.response = httpx.Response(422, json={"error": said})
    assert isinstance(SERVER.failed(error), ContextOverflow)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None)],
)
def test_what_retry_after_says(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wanted = retry_after(soon)
    assert wanted is not None
    assert 50 < wanted <= 60
