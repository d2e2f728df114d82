"""The language models as components: options, keys, and what is said of a stream that fails."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from twin.basics.llms import COMPONENTS, QuotesOptions, ServerOptions, TeacherOptions, whole
from twin.components import BuildContext
from twin.errors import ModelError

CTX = BuildContext(cache=Path("none"), data=Path("none"))
BY_NAME = {component.name: component for component in COMPONENTS}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "MY_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def part(text: str, reason: str | None = None) -> Any:
    choice = SimpleNamespace(finish_reason=reason)
    return SimpleNamespace(delta=text, raw=SimpleNamespace(choices=[choice]))


def test_roles() -> None:
    assert {name: set(c.roles) for name, c in BY_NAME.items()} == {
        "quotes": {"chat"},
        "openai": {"chat"},
        "openai-teacher": {"teacher"},
    }


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (ServerOptions, {"temperature": 2.1}),
        (ServerOptions, {"timeout": 0}),
        (ServerOptions, {"retries": -1}),
        (ServerOptions, {"max_tokens": 0}),
        (ServerOptions, {"api_key": "sk-secret"}),
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
    model: Any = BY_NAME["openai"].build(ServerOptions(api_key_env="MY_KEY"), CTX)
    assert model.api_key == key
    teacher: Any = BY_NAME["openai-teacher"].build(TeacherOptions(api_key_env="MY_KEY"), CTX)
    assert teacher._model.openai_api_key.get_secret_value() == key
    assert key == "none" or key not in repr(teacher._model)


def test_options_reach_the_model() -> None:
    options = ServerOptions(
        base_url="http://127.0.0.1:1/v1",
        model="m",
        temperature=0.5,
        max_tokens=9,
        context_window=600,
        timeout=3,
        retries=1,
    )
    model: Any = BY_NAME["openai"].build(options, CTX)
    told = (model.api_base, model.model, model.temperature, model.max_tokens, model.timeout)
    assert told == ("http://127.0.0.1:1/v1", "m", 0.5, 9, 3)
    metadata = model.metadata
    assert (metadata.context_window, metadata.is_chat_model, model.max_retries) == (600, True, 1)


def test_a_whole_stream_is_passed_on() -> None:
    parts = [part("a"), SimpleNamespace(delta="", raw=None), part("b", "stop"), part("")]
    assert list(whole(iter(parts), ServerOptions(), "none")) == parts


@pytest.mark.parametrize("parts", [[], [part("a")], [SimpleNamespace(delta="a", raw=None)]])
def test_a_stream_that_only_stops_broke_off(parts: list[Any]) -> None:
    with pytest.raises(ModelError, match="broke off") as caught:
        list(whole(iter(parts), ServerOptions(base_url="http://e/v1"), "none"))
    assert "http://e/v1" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "MY_KEY"), (403, "MY_KEY"), (422, "token_budget"), (400, "token_budget"), (500, "e/v1")],
)
def test_what_is_said_of_a_failure(status: int, hint: str) -> None:
    class Refusal(Exception):
        status_code = status

    def stream() -> Iterator[Any]:
        yield part("a")
        message = "the key sk-secret is wrong"
        raise Refusal(message)

    options = ServerOptions(base_url="http://e/v1", api_key_env="MY_KEY")
    with pytest.raises(ModelError, match=r"the key \[key\] is wrong") as caught:
        list(whole(stream(), options, "sk-secret"))
    assert hint in caught.value.hint
    # The cause would show the key in a traceback.
    assert caught.value.__cause__ is None
    with pytest.raises(ModelError) as plain:
        list(whole(stream(), options, "another"))
    assert isinstance(plain.value.__cause__, Refusal)
