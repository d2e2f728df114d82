"""The chat model on Text Generation Inference, against a stand-in on loopback that holds every request
and every answer against TGI's API description, where that lies beside the checkout."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

from tests.tgi_contract import Contract
from tests.tgi_stand_in import Scripted, StandIn, Token, Trouble
from twin.basics.llms import COMPONENTS, ServerOptions, TGIOptions
from twin.chat.asking import parts
from twin.chat.fitting import Prompt, fitted
from twin.chat.wish import Usage
from twin.components import BuildContext
from twin.errors import ContextOverflow, ModelError
from twin.models.parity import SAMPLE
from twin.prompts.passages import Numbered, render

KEY = "tgi-very-secret-key"
BY_NAME = {component.name: component for component in COMPONENTS}
CTX = BuildContext(cache=Path("none"), data=Path("none"))
MESSAGES = [
    ChatMessage(role="system", content="Be brief."),
    ChatMessage(role="user", content="Why?"),
]
ROUTES = pytest.mark.parametrize("route", ["messages", "generate"])


@pytest.fixture(scope="module")
def contract() -> Contract | None:
    path = Path(__file__).parents[3] / "shared" / "contracts" / "tgi-openapi.json"
    return Contract(path) if path.is_file() else None


@pytest.fixture
def server(contract: Contract | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TGI_API_KEY", KEY)
    monkeypatch.setenv("HF_TOKEN", "hf_the_persons_own")
    with StandIn(contract=contract, key=KEY) as stand_in:
        yield stand_in
        assert stand_in.problems == []


def model(server: StandIn, **options: Any) -> Any:
    chosen = {"base_url": server.url, "retries": 0, "temperature": 0.5} | options
    return BY_NAME["tgi"].build(TGIOptions(**chosen), CTX)


def words(stream: Iterator[Any]) -> list[str]:
    return [part.delta for part in stream if part.delta]


def refused(server: StandIn, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        words(model(server, **options).stream_chat(MESSAGES))
    assert caught.value.hint
    return caught.value


# What is sent, and what comes


@ROUTES
def test_an_answer_comes_word_by_word_and_says_how_it_ended(server: StandIn, route: str) -> None:
    *parts, last = model(server, route=route).stream_chat(MESSAGES)
    assert words(iter(parts)) == ["The", " tide", " waits."]
    assert last.message.content == "The tide waits."
    told = last.additional_kwargs
    assert told["finish_reason"] == "stop"
    read = len(server.generator.tokenize(server.generator.template(turns()), special=False))
    assert told["prompt_tokens"] == read
    assert told["completion_tokens"] in {3, 4}  # the native route counts the end of the sequence


def turns() -> list[dict[str, str]]:
    return [{"role": str(m.role.value), "content": m.content or ""} for m in MESSAGES]


@ROUTES
def test_limits_of_one_call(server: StandIn, route: str) -> None:
    *_, last = model(server, route=route).stream_chat(MESSAGES, temperature=0, max_tokens=2)
    assert last.message.content == "The tide"
    assert last.additional_kwargs["finish_reason"] == "length"
    assert last.additional_kwargs["completion_tokens"] == 2
    [body] = server.generations()
    if route == "messages":
        assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 2, "tgi")
    else:
        assert body["parameters"]["max_new_tokens"] == 2
        assert body["parameters"]["do_sample"] is False
        assert "temperature" not in body["parameters"]


def test_an_adapter_goes_by_the_native_route(server: StandIn) -> None:
    assert words(model(server, adapter="sft").stream_chat(MESSAGES))[0] == "sft: "
    [body] = server.generations()
    assert body["parameters"]["adapter_id"] == "sft"
    assert body["parameters"]["temperature"] == 0.5
    error = refused(server, adapter="nowhere")
    assert "adapter nowhere not in sft, dpo" in str(error)


def test_without_an_adapter_the_base_model_answers(server: StandIn) -> None:
    assert words(model(server, route="generate").stream_chat(MESSAGES))[0] == "The"
    assert "adapter_id" not in server.generations()[0]["parameters"]


@ROUTES
def test_both_routes_read_the_same_tokens(server: StandIn, route: str) -> None:
    words(model(server, route=route).stream_chat(MESSAGES))
    [body] = server.generations()
    if route == "generate":
        # The template begins with <s>, and the route adds one by itself.
        read = server.generator.tokenize(body["inputs"], special=True)
        wanted = server.generator.tokenize(server.generator.template(turns()), special=False)
        assert [token.id for token in read] == [token.id for token in wanted]
        assert not body["inputs"].startswith("<s>")


class Other(Scripted):
    """Reads a text otherwise if it adds something itself."""

    def tokenize(self, text: str, *, special: bool) -> list[Token]:
        found = super().tokenize(text, special=special)
        return [*found, Token(99, "?")] if special else found


def test_routes_that_read_differently_are_told(server: StandIn) -> None:
    server.generator = Other()
    error = refused(server, route="generate")
    assert "routes read a conversation differently: the first difference is at token" in str(error)


def test_a_text_that_ends_the_answer(server: StandIn) -> None:
    server.generator = Scripted(["It", " ends", "<|im_end|>", " never"])
    spoken = model(server, route="generate", stop=("<|im_end|>",)).stream_chat(MESSAGES)
    assert words(spoken) == ["It", " ends"]


@ROUTES
def test_the_key_is_sent_and_never_the_persons_own_of_the_hub(server: StandIn, route: str) -> None:
    words(model(server, route=route).stream_chat(MESSAGES))
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@ROUTES
def test_a_key_that_is_refused_is_never_shown(
    server: StandIn, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TGI_API_KEY", "a-wrong-key")
    error = refused(server, route=route)
    assert "TGI_API_KEY" in error.hint
    assert "a-wrong-key" not in f"{error!s}{error!r}{error.__cause__!r}"


# What is told before anything is generated


@ROUTES
def test_another_model_is_told_before_anything_is_sent(server: StandIn, route: str) -> None:
    error = refused(server, route=route, model="acme/other")
    assert "serves stand-in/tide-1b, and twin.toml asks for acme/other" in str(error)
    assert server.generations() == []
    assert words(model(server, route=route, model=server.model).stream_chat(MESSAGES))


def long(tokens: int) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=" ".join(["tide"] * (tokens // 2)))]


@ROUTES
def test_a_conversation_that_does_not_fit_is_told_before_it_is_sent(
    server: StandIn, route: str
) -> None:
    with pytest.raises(ContextOverflow) as caught:
        words(model(server, route=route).stream_chat(long(1200)))
    assert caught.value.limit == server.most_read == 1024
    assert caught.value.tokens is not None
    assert caught.value.tokens > 1024
    assert "token_budget" in caught.value.hint
    assert server.generations() == []


@ROUTES
def test_a_long_conversation_leaves_less_for_the_answer(server: StandIn, route: str) -> None:
    server.most = 1100
    words(model(server, route=route, max_tokens=700).stream_chat(long(900)))
    [body] = server.generations()
    most = body["max_tokens"] if route == "messages" else body["parameters"]["max_new_tokens"]
    assert 150 < most < 210


def test_a_short_conversation_is_not_counted(server: StandIn) -> None:
    spoken = model(server, max_tokens=100)
    for _ in range(3):
        words(spoken.stream_chat(MESSAGES))
    paths = [path for path, _ in server.asked]
    assert paths == ["/health", "/info", *["/v1/chat/completions"] * 3]


@ROUTES
def test_an_overflow_that_the_server_tells(server: StandIn, route: str) -> None:
    spoken = model(server, route=route, max_tokens=700)
    words(spoken.stream_chat(MESSAGES))
    server.most_read, server.most = 4, 8  # started anew, with less
    with pytest.raises(ContextOverflow, match="must"):
        words(spoken.stream_chat(MESSAGES))


def passages(count: int) -> list[Numbered]:
    return [Numbered(n, " ".join(["tide"] * 100), f"Piece {n}") for n in range(1, count + 1)]


def fitting(llm: Any, count: int) -> tuple[str, list[int]]:
    """Return what came, and how many passages stood in each prompt that was tried."""
    tried: list[int] = []

    def write(fewer: int) -> Prompt:
        return ("system", "Be brief."), ("user", render(passages(count)[:fewer], "Why?"))

    def ask(written: Prompt, fewer: int) -> Generator[str, None, Usage]:
        tried.append(fewer)
        return parts(llm, written, {})

    return "".join(fitted(llm, write, ask, count, {})), tried


@ROUTES
def test_passages_that_do_not_fit_are_left_out_and_the_rest_is_answered(
    server: StandIn, route: str
) -> None:
    text, tried = fitting(model(server, route=route, max_tokens=100), 8)
    assert text == "The tide waits."
    assert tried[0] == 8
    assert len(tried) == 2
    assert 3 <= tried[1] <= 4  # of 1,024 tokens a passage has some 220
    assert len(server.generations()) == 1


def test_what_fits_is_sent_at_once(server: StandIn) -> None:
    text, tried = fitting(model(server, max_tokens=100), 1)
    assert (text, tried) == ("The tide waits.", [1])


def test_another_client_is_counted_for_or_refused_and_asked_again(server: StandIn) -> None:
    def client(context: int) -> Any:
        options = ServerOptions(
            base_url=f"{server.url}/v1",
            api_key_env="TGI_API_KEY",
            context_window=context,
            max_tokens=100,
            retries=0,
        )
        return BY_NAME["openai"].build(options, CTX)

    text, tried = fitting(client(1024), 8)
    assert (text, len(tried)) == ("The tide waits.", 1)  # by the server's own tokenizer
    assert len(server.generations()) == 1
    text, tried = fitting(client(8192), 8)
    assert text == "The tide waits."
    assert tried[0] == 8
    assert tried[-1] < 5


def test_something_else_that_answers_there(server: StandIn) -> None:
    server.key = ""
    server.contract = None
    error = refused(server, base_url=f"{server.url}/v1/models")
    assert "no Text Generation Inference" in str(error)
    assert "openai" in error.hint


def test_a_server_without_a_template(server: StandIn) -> None:
    server.trouble.no_template = True
    error = refused(server, route="generate")
    assert "no chat template" in str(error)
    assert words(model(server).stream_chat(MESSAGES))
    assert model(server).count_tokens(MESSAGES) is None


def test_tokens_are_counted_by_the_served_model(server: StandIn) -> None:
    spoken = model(server)
    ids = spoken.token_ids(SAMPLE)
    assert spoken.count_tokens([ChatMessage(role=r, content=c) for r, c in SAMPLE]) == len(ids)
    text = server.generator.template([{"role": r, "content": c} for r, c in SAMPLE])
    assert ids == [token.id for token in server.generator.tokenize(text, special=False)]


def test_what_it_says_of_itself(server: StandIn) -> None:
    state = model(server, adapter="dpo").state()
    assert (state.model, state.context, state.adapter) == (server.model, server.most, "dpo")
    assert server.model in state.remarks[0]
    assert model(server, model=server.model).state().remarks == ()


# What goes wrong, and may pass


@ROUTES
def test_a_busy_server_is_asked_again_when_it_says(server: StandIn, route: str) -> None:
    server.trouble = Trouble(busy=2, retry_after="1")
    begun = time.monotonic()
    parts = list(model(server, route=route, retries=3).stream_chat(MESSAGES))
    assert time.monotonic() - begun >= 2
    assert words(iter(parts)) == ["The", " tide", " waits."]
    assert len(server.generations()) == 3
    waiting = {part.additional_kwargs.get("waiting", "") for part in parts}
    assert any("is busy" in why for why in waiting)


@ROUTES
def test_a_busy_server_that_says_so_in_the_stream(server: StandIn, route: str) -> None:
    server.trouble = Trouble(busy=1, in_stream=True)
    assert words(model(server, route=route, retries=1).stream_chat(MESSAGES))
    assert len(server.generations()) == 2


@ROUTES
def test_a_server_that_asks_for_more_than_our_patience(server: StandIn, route: str) -> None:
    server.trouble = Trouble(busy=1, retry_after="3600")
    error = refused(server, route=route, retries=5)
    assert "overloaded" in str(error)
    assert len(server.generations()) == 1


@ROUTES
@pytest.mark.parametrize("loading", [1, 2])
def test_a_server_that_still_loads_its_model(server: StandIn, route: str, loading: int) -> None:
    server.trouble = Trouble(loading=loading)
    parts = list(model(server, route=route, retries=3).stream_chat(MESSAGES))
    assert words(iter(parts)) == ["The", " tide", " waits."]
    waiting = {part.additional_kwargs.get("waiting", "") for part in parts}
    assert any("is loading its model" in why for why in waiting)


@ROUTES
def test_a_server_that_begins_to_load_under_way(server: StandIn, route: str) -> None:
    spoken = model(server, route=route, retries=3)
    words(spoken.stream_chat(MESSAGES))
    server.trouble = Trouble(loading=2)  # it was started anew: 503 comes from whatever is asked
    assert words(spoken.stream_chat(MESSAGES)) == ["The", " tide", " waits."]


def test_a_server_that_loads_for_too_long(server: StandIn) -> None:
    server.trouble = Trouble(loading=9)
    error = refused(server, retries=1)
    assert "is not ready" in str(error)
    assert "load" in error.hint


def test_nobody_answers(server: StandIn) -> None:
    error = refused(replace(server, port=9), retries=0)
    assert "127.0.0.1:9" in error.hint


@ROUTES
def test_a_connection_that_is_cut_is_an_error_and_not_an_answer(
    server: StandIn, route: str
) -> None:
    server.trouble = Trouble(cut_after=2)
    stream = model(server, route=route, retries=3).stream_chat(MESSAGES)
    seen: list[str] = []
    with pytest.raises(ModelError) as caught:
        seen.extend(part.delta for part in stream)
    assert caught.value.hint
    assert [delta for delta in seen if delta] == ["The", " tide"]
    assert len(server.generations()) == 1


@ROUTES
def test_a_connection_that_is_cut_before_the_first_word(server: StandIn, route: str) -> None:
    server.trouble = Trouble(cut_after=0)
    spoken = model(server, route=route, retries=2).stream_chat(MESSAGES)
    assert next(part for part in spoken if "waiting" in part.additional_kwargs)
    server.trouble = Trouble()
    assert words(spoken) == ["The", " tide", " waits."]


@ROUTES
def test_an_error_in_the_middle_of_a_stream(server: StandIn, route: str) -> None:
    server.trouble = Trouble(error_after=1)
    error = refused(server, route=route)
    assert "failed during generation" in str(error)


@ROUTES
def test_a_slow_first_token_is_waited_for(server: StandIn, route: str) -> None:
    server.trouble = Trouble(slow=0.8)
    parts = list(model(server, route=route, timeout=0.5).stream_chat(MESSAGES))
    assert words(iter(parts)) == ["The", " tide", " waits."]
    assert parts[0].delta == ""


@ROUTES
def test_a_first_token_that_never_comes(server: StandIn, route: str) -> None:
    spoken = model(server, route=route, retries=3)
    words(spoken.stream_chat(MESSAGES))
    server.trouble = Trouble(slow=60)
    spoken.speaker.patience = replace(spoken.speaker.patience, first_token=1)
    with pytest.raises(ModelError, match="said nothing for 1 s"):
        words(spoken.stream_chat(MESSAGES))
    assert len(server.generations()) == 2
    assert server.until(lambda: len(server.hung_up) == 1)


@ROUTES
def test_silence_in_the_middle(server: StandIn, route: str) -> None:
    server.trouble = Trouble(silent_after=1)
    error = refused(server, route=route, timeout=0.3)
    assert "said nothing for 0.3 s" in str(error)


# Whoever leaves


@ROUTES
def test_closing_the_answer_hangs_up(server: StandIn, route: str) -> None:
    server.generator = Scripted([" tide"] * 1000, gap=0.02)
    stream = model(server, route=route).stream_chat(MESSAGES)
    assert next(part.delta for part in stream if part.delta) == " tide"
    stream.close()
    assert server.until(lambda: server.hung_up != [])
    assert server.hung_up[0][1] < 100
    assert server.until(lambda: server.streaming == 0)


@ROUTES
def test_leaving_before_the_first_token_hangs_up(server: StandIn, route: str) -> None:
    server.trouble = Trouble(slow=60)
    stream = model(server, route=route).stream_chat(MESSAGES)
    assert next(stream).delta == ""
    assert server.until(lambda: server.streaming == 1)
    stream.close()
    assert server.until(lambda: server.hung_up != [])
    assert server.hung_up[0][1] == 0


def test_fifty_at_once(server: StandIn) -> None:
    from concurrent.futures import ThreadPoolExecutor

    server.generator = Scripted([f" {number}" for number in range(20)], gap=0.01)
    spoken = model(server, retries=2)
    with ThreadPoolExecutor(50) as pool:
        said = list(pool.map(lambda _: words(spoken.stream_chat(MESSAGES)), range(50)))
    assert said == [server.generator.words] * 50
    assert server.streaming == 0


# The general client against the same server


def test_the_general_client_counts_and_checks_by_what_tgi_tells(
    server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.contract = None  # it looks for what other servers have
    options = ServerOptions(base_url=f"{server.url}/v1")
    spoken: Any = BY_NAME["openai"].build(options, CTX)
    assert spoken.token_ids(SAMPLE) == model(server).token_ids(SAMPLE)
    assert spoken.state().model == server.model
    *_, last = spoken.stream_chat(MESSAGES)
    assert last.additional_kwargs["completion_tokens"] == 3
