"""boto3's own client against SageMaker's event stream on loopback, the stand-in for TGI behind it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from pydantic import ValidationError

import twin_sagemaker
from tests.sagemaker_endpoint import Endpoint
from tests.tgi_contract import Contract
from tests.tgi_stand_in import Scripted, StandIn, Trouble
from tests.tokenizers_of_runs import Trained, save_tokenizer
from twin.components import BuildContext
from twin.errors import ComponentUnavailable, ContextOverflow, ModelError
from twin_sagemaker import SageMakerOptions

CTX = BuildContext(cache=Path("none"), data=Path("none"))
MESSAGES = [
    ChatMessage(role="system", content="Be brief."),
    ChatMessage(role="user", content="Why?"),
]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give every test credentials that are none, and nothing of the person who runs it."""
    for name in ("AWS_PROFILE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def tgi() -> Iterator[StandIn]:
    path = Path(__file__).parents[4] / "shared" / "contracts" / "tgi-openapi.json"
    with StandIn(contract=Contract(path) if path.is_file() else None) as server:
        yield server
        assert server.problems == []


@pytest.fixture
def endpoint(tgi: StandIn) -> Iterator[Endpoint]:
    server = Endpoint(tgi.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join(30)
    server.server_close()


def model(endpoint: Endpoint, **options: Any) -> Any:
    where = {"endpoint": "my-twin", "region": "eu-central-1", "address": endpoint.url}
    chosen = where | {"temperature": 0.5, "retries": 0} | options
    return twin_sagemaker.build(SageMakerOptions(**chosen), CTX)


def words(stream: Iterator[Any]) -> list[str]:
    return [part.delta for part in stream if part.delta]


def test_an_answer_comes_word_by_word_and_says_how_it_ended(
    endpoint: Endpoint, tgi: StandIn
) -> None:
    *parts, last = model(endpoint, component="mine").stream_chat(MESSAGES, max_tokens=2)
    assert words(iter(parts)) == ["The", " tide"]
    assert last.additional_kwargs["finish_reason"] == "length"
    assert last.additional_kwargs["completion_tokens"] == 2
    [(path, headers)] = endpoint.asked
    assert path == "/endpoints/my-twin/invocations-response-stream"
    assert headers["X-Amzn-SageMaker-Inference-Component"] == "mine"
    assert "very-secret" not in str(headers)
    assert tgi.generations()[0]["max_tokens"] == 2


def test_an_adapter_gets_the_text_of_the_local_template(
    endpoint: Endpoint, tgi: StandIn, tmp_path: Path
) -> None:
    folder = save_tokenizer(tmp_path / "run")
    tgi.generator = generator = Trained(folder)
    spoken = model(endpoint, adapter="sft", tokenizer=str(folder))
    *parts, last = spoken.stream_chat(MESSAGES)
    assert words(iter(parts)) == ["sft: ", "The", " tide", " waits."]
    assert generator.read == [spoken.token_ids([("system", "Be brief."), ("user", "Why?")])]
    assert last.additional_kwargs["prompt_tokens"] == spoken.count_tokens(MESSAGES)
    assert spoken.state().adapter == "sft"
    small = model(endpoint, adapter="sft", tokenizer=str(folder), context_window=512)
    with pytest.raises(ContextOverflow, match="reads 512"):
        small.chat([ChatMessage(role="user", content="tide " * 600)])


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ((400, "ThrottlingException", {}), "is busy"),
        ((429, "ModelNotReadyException", {}), "is loading its model"),
        ((424, "ModelError", {"OriginalStatusCode": 503}), "is loading its model"),
        ((503, "ServiceUnavailable", {}), "is not ready"),
    ],
)
def test_what_may_pass_is_waited_for(
    endpoint: Endpoint, refusal: tuple[int, str, dict[str, Any]], why: str
) -> None:
    endpoint.refusals = [refusal]
    parts = list(model(endpoint, retries=2).stream_chat(MESSAGES))
    assert words(iter(parts)) == ["The", " tide", " waits."]
    assert any(why in part.additional_kwargs.get("waiting", "") for part in parts)
    endpoint.refusals = [refusal]
    with pytest.raises(ModelError) as caught:
        model(endpoint).chat(MESSAGES)
    assert "describe-endpoint" in caught.value.hint


def test_what_tgi_refuses(endpoint: Endpoint, tgi: StandIn) -> None:
    tgi.most_read = 3
    with pytest.raises(ContextOverflow, match="must have less than 3 tokens"):
        model(endpoint).chat(MESSAGES)
    tgi.most_read = 1024
    tgi.trouble = Trouble(busy=1)
    assert model(endpoint, retries=1).chat(MESSAGES).message.content == "The tide waits."


def test_a_stream_that_breaks_off(endpoint: Endpoint, tgi: StandIn) -> None:
    tgi.generator = Scripted(["The", " tide"] * 20, gap=0.02)
    endpoint.breaking = "the container is gone"
    with pytest.raises(ModelError, match="container is gone"):
        words(model(endpoint, retries=3).stream_chat(MESSAGES))
    endpoint.breaking, endpoint.cut = "", True
    with pytest.raises(ModelError):
        words(model(endpoint, retries=3).stream_chat(MESSAGES))
    assert len(tgi.generations()) == 2


def test_leaving_hangs_up(endpoint: Endpoint, tgi: StandIn) -> None:
    tgi.generator = Scripted([" tide"] * 2000, gap=0.01)
    stream = model(endpoint).stream_chat(MESSAGES)
    assert next(part.delta for part in stream if part.delta) == " tide"
    stream.close()
    assert tgi.until(lambda: tgi.hung_up != [])


def test_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ComponentUnavailable, match="no endpoint"):
        twin_sagemaker.build(SageMakerOptions(), CTX)
    with pytest.raises(ValidationError, match="tokenizer"):
        SageMakerOptions(endpoint="e", adapter="sft")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    spoken = twin_sagemaker.build(SageMakerOptions(endpoint="e", region="eu-central-1"), CTX)
    with pytest.raises(ComponentUnavailable, match="credentials") as caught:
        spoken.chat(MESSAGES)
    assert "AWS" in caught.value.hint
