"""What Axolotl is relied on for, asked of Axolotl itself: its keys, its validation, its tokens."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import FAMILIES, LLAMA3_TEMPLATE, write_tokenizer
from twin.tables import TrainingSettings
from twin.training import environment, keys, parity, recipes

ROOT = Path(__file__).parents[2]
QUESTION = {"role": "user", "content": "Why a ledger?"}
ANSWER = {"role": "assistant", "content": "Because the tide is written down.\n\nTwice."}
SYSTEM = {"role": "system", "content": "You are Ines."}
LONGER = [
    {"role": "user", "content": "What is  a queue?\n"},
    {"role": "assistant", "content": "A table."},
    {"role": "user", "content": "And a backup? é🤖"},
    {"role": "assistant", "content": "The `rumour`, I said."},
]


@pytest.fixture(scope="module")
def found(axolotl: Path, tmp_path_factory: pytest.TempPathFactory) -> environment.Axolotl:
    home = tmp_path_factory.mktemp("home")
    return environment.find(TrainingSettings(environment=str(axolotl)), home)


@pytest.fixture(scope="module")
def known(found: environment.Axolotl) -> keys.Keys:
    return keys.known(found, found.overlay.parent.parent)


def test_every_key_of_every_shipped_file_is_known_to_axolotl(known: keys.Keys) -> None:
    shipped = recipes.shipped()
    assert {
        "sft",
        "dpo",
        "sft-lora",
        "sft-full",
        "sft-small",
        "sft-fsdp",
        "sft-ray",
    } <= shipped.keys()
    strange = {name: keys.unknown(recipes.read(path), known) for name, path in shipped.items()}
    assert not {name: found for name, found in strange.items() if found}


def test_axolotl_takes_every_shipped_file_for_an_a100(
    found: environment.Axolotl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = [*recipes.shipped(), "a mistake"]
    configs = [recipes.read(path) for path in recipes.shipped().values()]
    asked = [{"config": config} for config in [*configs, configs[0] | {"micro_batch_size": "many"}]]
    told: Any = found.module("twin_axolotl.schema", "check", told=json.dumps(asked))
    refused = dict(zip(names, told, strict=True))
    assert "micro_batch_size" in refused.pop("a mistake")[0]
    assert not {name: why for name, why in refused.items() if why}


@pytest.mark.parametrize("name", ["sft", "dpo", "sft-small", "dpo-small"])
def test_a_shipped_file_says_how_it_is_run(name: str) -> None:
    text = recipes.shipped()[name].read_text("utf-8")
    assert f"axolotl train axolotl_configs/{name}.yaml" in text


def test_training_sees_the_tokens_that_a_server_makes(
    found: environment.Axolotl, tmp_path: Path
) -> None:
    """For each family the ids are equal up to the answer, and the answer alone is trained on."""
    orders: list[dict[str, Any]] = []
    families = {name: family for name, family in FAMILIES.items() if family.template}
    for name, family in families.items():
        write_tokenizer(tmp_path / name, name)
        conversations = [[QUESTION, ANSWER], LONGER]
        if name in {"llama3", "chatml", "mistral_v1"}:
            conversations.append([SYSTEM, QUESTION, ANSWER])
        config = {"chat_template": family.template, "sequence_len": 512}
        orders.append(parity.order(tmp_path / name, config, conversations))
    # Axolotl's templates for later Mistrals put the system prompt into the last message if that is
    # the user's, so it is there when served and not in training: the check must say so.
    config = {"chat_template": FAMILIES["mistral_v3"].template, "sequence_len": 512}
    orders.append(parity.order(tmp_path / "mistral_v3", config, [[SYSTEM, QUESTION, ANSWER]]))
    # Preferences go another way to their tokens: rendered by Axolotl, tokenized by TRL.
    pairs = {"chat_template": "llama3", "rl": "dpo", "datasets": [{"field_chosen": "chosen"}]}
    orders.append(parity.order(tmp_path / "llama3", pairs, [[SYSTEM, QUESTION, ANSWER]]))
    # A tokenizer with a template of its own is served by that, whatever was trained with.
    write_tokenizer(tmp_path / "own", "llama3", template=LLAMA3_TEMPLATE)
    for name in ("tokenizer_default", "chatml"):
        config = {"chat_template": name, "sequence_len": 512}
        orders.append(parity.order(tmp_path / "own", config, [[SYSTEM, QUESTION, ANSWER]]))
    told = _compared(found, orders)
    assert "in training and" in parity.difference(told.pop()[0])
    assert parity.difference(told.pop()[0]) == ""
    preferred = told.pop()[0]
    assert parity.difference(preferred) == ""
    assert preferred["trained"][0] != preferred["trained"][1], "BOS stands there twice"
    unequal = parity.difference(told.pop()[0])
    assert "in training and" in unequal
    for name, compared in zip(families, told, strict=True):
        assert [parity.difference(ids) for ids in compared] == [""] * len(compared), name
        one = compared[0]
        assert one["trained"][: len(one["served"])] == one["served"]
        assert len(one["trained"]) > len(one["served"]) + 5


def _compared(found: environment.Axolotl, orders: list[dict[str, Any]]) -> list[Any]:
    """Ask for all orders in one process: Axolotl takes seconds to be imported."""
    code = (
        "import json, sys\nfrom twin_axolotl.parity import compare\n"
        "print('\\n' + json.dumps([compare(order) for order in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [str(found.python), "-c", code],
        input=json.dumps(orders),
        env={**os.environ, **found.environ()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
