"""Whether what a model is trained on is what it will be served.

In: JSON on standard input: a tokenizer's folder, the name of a chat template (or the tokenizer's
own), and conversations that end with an answer. Out: for each the token ids that Axolotl's own
prompt strategy makes of it, which of them are trained on, and the ids of the prompt as a server
makes it, on the last line of standard output.

A server renders the conversation without its answer by the tokenizer's chat template, with the
generation prompt, and tokenizes the text without adding special tokens: so do transformers'
`apply_chat_template` and Text Generation Inference's Messages API.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, Final

Train = Callable[[list[Any]], dict[str, Any]]
"""Makes ids and labels of a conversation that ends with an answer."""

IGNORED: Final = -100
"""The label of a token that is not trained on (torch's cross-entropy)."""


def compare(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ids of training and of serving for each conversation.

    Args:
        order: `tokenizer` (folder), `chat_template` and `rl` (as in the YAML file), `dataset` (the
            keys of the dataset in the YAML file), `conversations` (lists of messages), and
            `served_by`, the folder whose tokenizer a server takes, if that is another one.
    """
    from axolotl.utils.chat_templates import get_chat_template  # noqa: PLC0415 - heavy
    from axolotl.utils.dict import DictDefault  # noqa: PLC0415
    from transformers import AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(order["tokenizer"])
    name = order.get("chat_template") or "tokenizer_default"
    template = get_chat_template(
        name, jinja_template=order.get("chat_template_jinja"), tokenizer=tokenizer
    )
    serving = AutoTokenizer.from_pretrained(order.get("served_by") or order["tokenizer"])
    if not serving.chat_template:
        # Then a server must be given the tokenizer of the run.
        serving = tokenizer
    config = DictDefault(
        {
            "chat_template": name,
            "chat_template_jinja": order.get("chat_template_jinja"),
            "sequence_len": order.get("sequence_len") or 4096,
            "train_on_inputs": False,
        }
    )
    dataset = DictDefault({"type": "chat_template", "path": "x", **(order.get("dataset") or {})})
    learnt = _pairs if order.get("rl") else _conversations
    train = learnt(tokenizer, config, dataset)
    done = []
    for messages in order["conversations"]:
        trained = train(messages)
        text = serving.apply_chat_template(
            messages[:-1],
            chat_template=None if serving.chat_template else template,
            add_generation_prompt=True,
            tokenize=False,
        )
        served = serving(text, add_special_tokens=False)["input_ids"]
        done.append(
            {
                "trained": list(trained["input_ids"]),
                "learnt": [label != IGNORED for label in trained["labels"]],
                "served": list(served),
                "answers": sum(message["role"] == "assistant" for message in messages),
            }
        )
    return done


def _conversations(tokenizer: Any, config: Any, dataset: Any) -> Train:
    """Return what makes ids and labels of a conversation as supervised fine-tuning does."""
    from axolotl.prompt_strategies import load  # noqa: PLC0415 - heavy

    strategy: Any = load("chat_template", tokenizer, config, dataset)
    field = dataset.get("field_messages") or "messages"

    def train(messages: list[Any]) -> dict[str, Any]:
        made: dict[str, Any] = strategy.tokenize_prompt({field: messages})
        return made

    return train


def _pairs(tokenizer: Any, config: Any, dataset: Any) -> Train:
    """Return what makes ids and labels of a conversation as training on preferences does.

    Axolotl renders prompt and answer, TRL tokenizes the prompt alone and with the answer, and Axolotl
    takes a second BOS away; what stands behind the prompt is trained on.
    """
    from axolotl.prompt_strategies.dpo.chat_template import default  # noqa: PLC0415 - heavy
    from axolotl.utils.data.utils import remove_double_bos_token  # noqa: PLC0415
    from axolotl.utils.dict import DictDefault  # noqa: PLC0415

    transform, _ = default(DictDefault({**config, "datasets": [dataset]}))
    named = {
        name: dataset.get(f"field_{name}") or name for name in ("messages", "chosen", "rejected")
    }

    def ids(text: str) -> list[int]:
        made = dict(tokenizer(text))
        known: list[int] = remove_double_bos_token(made, tokenizer.bos_token_id)["input_ids"]
        return known

    def train(messages: list[Any]) -> dict[str, Any]:
        row = {named["messages"]: messages[:-1]}
        row |= {named["chosen"]: messages[-1], named["rejected"]: messages[-1]}
        text = transform(row, tokenizer=tokenizer)
        whole, prompt = ids(text["prompt"] + text["chosen"]), ids(text["prompt"])
        labels = [IGNORED] * len(prompt) + whole[len(prompt) :]
        return {"input_ids": whole, "labels": labels}

    return train


if __name__ == "__main__":
    print("\n" + json.dumps(compare(json.load(sys.stdin))))  # noqa: T201
