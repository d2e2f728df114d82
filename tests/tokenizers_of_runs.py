"""A tokenizer with a chat template, small and real, as a training run leaves it in its folder."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.tgi_stand_in import Scripted, Token

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
TEXT = "You answer as the author would. Why did you leave? Because only one of us could debug it."


def save_tokenizer(folder: Path, template: str = TEMPLATE) -> Path:
    """Write a byte-level BPE tokenizer that adds a beginning by itself, and return its folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    return folder


class Trained(Scripted):
    """Scripted words behind the tokenizer and the template of a run.

    Args:
        folder: of the tokenizer.
    """

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.read: list[list[int]] = []

    def template(self, messages: list[dict[str, Any]]) -> str:
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return str(text)

    def tokenize(self, text: str, *, special: bool) -> list[Token]:
        read = self.tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
        spans = zip(read["input_ids"], read["offset_mapping"], strict=True)
        return [Token(number, text[start:end]) for number, (start, end) in spans]

    async def generate(
        self, text: str, *, special: bool, adapter: str, temperature: float, most: int
    ) -> AsyncIterator[str]:
        self.read.append([token.id for token in self.tokenize(text, special=special)])
        said = super().generate(
            text, special=special, adapter=adapter, temperature=temperature, most=most
        )
        async for word in said:
            yield word
