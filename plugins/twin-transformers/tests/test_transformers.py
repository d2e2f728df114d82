"""A checkpoint and an adapter on it, both made here: small, random, and real."""

from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

import twin_transformers
from tests.tokenizers_of_runs import save_tokenizer
from twin.components import BuildContext
from twin.errors import ComponentUnavailable, ContextOverflow
from twin.models.parity import SAMPLE
from twin.models.tokenizers import templated
from twin_transformers import TransformersOptions

CTX = BuildContext(cache=Path("none"), data=Path("none"))
MESSAGES = [ChatMessage(role="user", content="Why did you leave?")]
CONTEXT = 128

# peft asks transformers by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of a small Llama with a tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = save_tokenizer(tmp_path_factory.mktemp("models") / "tiny-llama")
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    config = LlamaConfig(
        vocab_size=400,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        **sizes,
        **heads,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def run(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run whose adapter changes what is said."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(8)
    model = AutoModelForCausalLM.from_pretrained(base)
    lora = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    get_peft_model(model, lora).save_pretrained(folder / "adapter")
    save_tokenizer(folder / "adapter")
    return folder


def model(path: Path, **options: Any) -> Any:
    chosen = {"temperature": 0, "max_tokens": 6} | options
    return twin_transformers.build(TransformersOptions(path=str(path), **chosen), CTX)


def test_a_checkpoint_streams_and_says_how_it_ended(base: Path) -> None:
    spoken = model(base)
    *parts, last = spoken.stream_chat(MESSAGES)
    assert "".join(part.delta for part in parts) == last.message.content != ""
    told = last.additional_kwargs
    assert told["prompt_tokens"] == spoken.count_tokens(MESSAGES)
    assert (told["finish_reason"], told["completion_tokens"]) in {
        ("length", 6),
        ("stop", told["completion_tokens"]),
    }
    assert spoken.chat(MESSAGES).message.content == last.message.content
    assert (
        spoken.chat(MESSAGES, temperature=1.5, max_tokens=3).additional_kwargs["completion_tokens"]
        <= 3
    )


def test_an_adapter_says_something_else(base: Path, run: Path) -> None:
    by_run, by_folder = model(run), model(run / "adapter", base=str(base))
    said = by_run.chat(MESSAGES).message.content
    assert said == by_folder.chat(MESSAGES).message.content
    assert said != model(base).chat(MESSAGES).message.content
    state = by_run.state()
    assert (state.model, state.adapter, state.context) == ("tiny-llama", "a-run", CONTEXT)
    assert by_run.metadata.model_name == "a-run"


def test_it_reads_as_its_folder_says(run: Path) -> None:
    assert model(run).token_ids(SAMPLE) == list(templated(run / "adapter", SAMPLE).ids)


def test_a_conversation_that_does_not_fit(base: Path) -> None:
    with pytest.raises(ContextOverflow, match="reads 128") as caught:
        model(base).chat([ChatMessage(role="user", content="tide " * 200)])
    assert caught.value.limit == CONTEXT


def test_leaving_stops_the_model(base: Path) -> None:
    spoken = model(base, max_tokens=90)
    stream = spoken.stream_chat(MESSAGES)
    next(stream)
    stream.close()
    # One answer at a time is written: this one comes only if the other has ended.
    assert spoken.chat(MESSAGES, max_tokens=2).additional_kwargs["completion_tokens"] <= 2


def test_folders_that_cannot_be(base: Path, run: Path, tmp_path: Path) -> None:
    for given, words in ((Path(), "no model"), (tmp_path, "neither a checkpoint nor an adapter")):
        with pytest.raises(ComponentUnavailable, match=words) as caught:
            model(given) if given.name else twin_transformers.build(TransformersOptions(), CTX)
        assert caught.value.hint
    with pytest.raises(ComponentUnavailable, match="rests on"):
        model(run, base=str(tmp_path))
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ComponentUnavailable, match="cannot be read"):
        model(tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_bytes((base / "config.json").read_bytes())
    with pytest.raises(ComponentUnavailable):
        model(broken).chat(MESSAGES)
