"""Tiny models with real special tokens, written without torch in a second.

In: a folder and a family of models. Out: a tokenizer of byte-level BPE, trained on the standard
library, that has the family's special tokens; and a Llama of random weights beside it.
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)


@dataclass(frozen=True)
class Family:
    """The special tokens of a family, and the name of its template in Axolotl; empty if it has none."""

    template: str
    bos: str
    eos: str
    pad: str
    others: tuple[str, ...] = ()
    adds_bos: bool = True
    cuts: str = "regex"


FAMILIES = {
    "llama3": Family(
        "llama3",
        "<|begin_of_text|>",
        "<|eot_id|>",
        "<|finetune_right_pad_id|>",
        ("<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>"),
    ),
    "chatml": Family("chatml", "<s>", "<|im_end|>", "<pad>", ("<|im_start|>",), adds_bos=False),
    "mistral_v1": Family("mistral_v1", "<s>", "</s>", "<unk>", cuts="words"),
    "mistral_v3": Family(
        "mistral_v2v3", "<s>", "</s>", "<unk>", ("[INST]", "[/INST]"), cuts="words"
    ),
    "tekken": Family("mistral_v3_tekken", "<s>", "</s>", "<pad>", ("[INST]", "[/INST]")),
    "llama2": Family("", "<s>", "</s>", "<unk>", cuts="bytes"),
    "gemma": Family(
        "gemma", "<bos>", "<end_of_turn>", "<pad>", ("<eos>", "<start_of_turn>"), cuts="spaces"
    ),
}

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where Llama 3 cuts a text before it looks for pairs; Qwen and Tekken cut much the same. It decides
whether a prompt that ends with line ends keeps its tokens once an answer follows."""

LLAMA3_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim"
    " + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def write_tokenizer(folder: Path, family: str, size: int = 1024, template: str = "") -> int:
    """Write a tokenizer of a family, and return the size of its vocabulary."""
    kind = FAMILIES[family]
    special = [kind.pad, kind.bos, kind.eos, *kind.others]
    tokenizer = _blank(kind)
    corpus = [
        Path(module.__file__ or "").read_text("utf-8") for module in (json, string, json.decoder)
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=(
            pre_tokenizers.ByteLevel.alphabet() if kind.cuts == "regex" else list(string.printable)
        ),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    if kind.adds_bos:
        # As the real ones do: whoever tokenizes a rendered prompt must not add it a second time.
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{kind.bos} $A",
            pair=f"{kind.bos} $A {kind.bos} $B",
            special_tokens=[(kind.bos, tokenizer.token_to_id(kind.bos))],
        )
    folder.mkdir(parents=True, exist_ok=True)
    if kind.cuts == "bytes":
        tokenizer = _with_bytes(tokenizer)
    tokenizer.save(str(folder / "tokenizer.json"))
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": kind.bos,
        "eos_token": kind.eos,
        "pad_token": kind.pad,
        "model_max_length": 2048,
        "clean_up_tokenization_spaces": False,
    }
    if template:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return int(tokenizer.get_vocab_size())


def _blank(kind: Family) -> Tokenizer:
    """Return a tokenizer that cuts as the family's own does, and has learnt nothing yet."""
    if kind.cuts == "regex":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PATTERN), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer
    tokenizer = Tokenizer(models.BPE(unk_token=kind.pad, fuse_unk=True))
    if kind.cuts == "bytes":
        # As Llama 2, and the one kind that llama.cpp's converter takes of any vocabulary: it knows
        # tokenizers of bytes by what the real ones make of a text, and no other.
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
        tokenizer.decoder = decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        return tokenizer
    if kind.cuts == "words":
        # As SentencePiece: a space belongs to the word that follows it.
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
        tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
        return tokenizer
    # As Gemma: a space is a character of its own, and ends the piece that it follows.
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Replace("▁", " ")
    return tokenizer


def _with_bytes(tokenizer: Tokenizer) -> Tokenizer:
    """Return a tokenizer that spells in bytes what it has no token for."""
    values = json.loads(tokenizer.to_str())
    vocabulary = values["model"]["vocab"]
    for byte in range(256):
        vocabulary.setdefault(f"<0x{byte:02X}>", len(vocabulary))
    values["model"]["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(values))


def write_llama(folder: Path, family: str = "llama3", *, hidden: int = 64, layers: int = 2) -> Path:
    """Write a Llama of random weights with its tokenizer, and return the folder."""
    vocabulary = write_tokenizer(
        folder, family, template=LLAMA3_TEMPLATE if family == "llama3" else ""
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    kind, inner, heads = FAMILIES[family], 2 * hidden, 4
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": hidden // heads,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "bos_token_id": tokenizer.token_to_id(kind.bos),
        "eos_token_id": tokenizer.token_to_id(kind.eos),
        "pad_token_id": tokenizer.token_to_id(kind.pad),
        "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    random = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (random.standard_normal(shape) * 0.02).astype(np.float32)

    weights = {
        "model.embed_tokens.weight": matrix(vocabulary, hidden),
        "model.norm.weight": np.ones(hidden, np.float32),
        "lm_head.weight": matrix(vocabulary, hidden),
    }
    for number in range(layers):
        name = f"model.layers.{number}"
        for part in ("q", "k", "v", "o"):
            weights[f"{name}.self_attn.{part}_proj.weight"] = matrix(hidden, hidden)
        weights[f"{name}.mlp.gate_proj.weight"] = matrix(inner, hidden)
        weights[f"{name}.mlp.up_proj.weight"] = matrix(inner, hidden)
        weights[f"{name}.mlp.down_proj.weight"] = matrix(hidden, inner)
        weights[f"{name}.input_layernorm.weight"] = np.ones(hidden, np.float32)
        weights[f"{name}.post_attention_layernorm.weight"] = np.ones(hidden, np.float32)
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return folder


TOPICS = (
    "ledgers",
    "tide gauges",
    "queues",
    "reviews",
    "backups",
    "harbours",
    "comments",
    "clocks",
)


def sft_rows(count: int) -> list[dict[str, Any]]:
    """Return conversations that a model of any size can learn, with the keys of a real set beside."""
    return [
        {
            "messages": [
                {"role": "system", "content": "You write as Ines would."},
                {"role": "user", "content": f"Write note {number % 7} about {topic}."},
                {"role": "assistant", "content": _liked(topic)},
            ],
            "document_id": f"d{number}",
            "version": 1,
            "start": 0,
            "end": 10,
        }
        for number in range(count)
        for topic in (TOPICS[number % len(TOPICS)],)
    ]


def dpo_rows(count: int) -> list[dict[str, Any]]:
    """Return pairs that differ plainly."""
    return [
        {
            "messages": [{"role": "user", "content": f"Write note {number % 7} about {topic}."}],
            "chosen": {"role": "assistant", "content": _liked(topic)},
            "rejected": {
                "role": "assistant",
                "content": f"As an AI language model, I cannot write about {topic}, sorry.",
            },
            "document_id": f"d{number}",
        }
        for number in range(count)
        for topic in (TOPICS[number % len(TOPICS)],)
    ]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def _liked(topic: str) -> str:
    return f"{topic.capitalize()} are what I know. Keep the {topic} plain, and look at them twice."
