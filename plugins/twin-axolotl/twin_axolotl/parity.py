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
from typing import Any, Final

IGNORED: Final = -100
"""The label of a token that is not trained on (torch's cross-entropy)."""


def compare(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ids of training and of serving for each conversation.

    Args:
        order: `tokenizer` (folder), `chat_template` (as in the YAML file), `dataset` (the keys of
            the dataset in the YAML file), `conversations` (lists of messages).
    """
    from axolotl.prompt_strategies import load  # noqa: PLC0415 - heavy
    from axolotl.utils.chat_templates import get_chat_template  # noqa: PLC0415
    from axolotl.utils.dict import DictDefault  # noqa: PLC0415
    from transformers import AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(order["tokenizer"])
    name = order.get("chat_template") or "tokenizer_default"
    template = get_chat_template(
        name, jinja_template=order.get("chat_template_jinja"), tokenizer=tokenizer
    )
    config = DictDefault(
        {
            "chat_template": name,
            "chat_template_jinja": order.get("chat_template_jinja"),
            "sequence_len": order.get("sequence_len") or 4096,
            "train_on_inputs": False,
        }
    )
    dataset = DictDefault({"type": "chat_template", "path": "x", **(order.get("dataset") or {})})
    strategy = load("chat_template", tokenizer, config, dataset)
    field = dataset.get("field_messages") or "messages"
    done = []
    for messages in order["conversations"]:
        trained = strategy.tokenize_prompt({field: messages})
        text = tokenizer.apply_chat_template(
            messages[:-1], chat_template=template, add_generation_prompt=True, tokenize=False
        )
        served = tokenizer(text, add_special_tokens=False)["input_ids"]
        done.append(
            {
                "trained": list(trained["input_ids"]),
                "learnt": [label != IGNORED for label in trained["labels"]],
                "served": list(served),
                "answers": sum(message["role"] == "assistant" for message in messages),
            }
        )
    return done


if __name__ == "__main__":
    print("\n" + json.dumps(compare(json.load(sys.stdin))))  # noqa: T201
