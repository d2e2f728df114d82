"""Prompts that Langfuse manages: the file is what is used whenever there is none that fits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.langfuse import Kept, langfuse, soon
from twin import observe
from twin.observe.api import PromptVersion
from twin.observe.prompts import as_langfuse, fitting
from twin.prompts import Origin, Prompt, from_file, names, prompt, put_in_place
from twin.settings import Settings

SETTINGS = Settings.model_validate({"prompts": {"source": "langfuse"}})


@pytest.fixture(autouse=True)
def files_afterwards() -> Iterator[None]:
    yield
    put_in_place({})


@pytest.fixture
def server() -> Iterator[Kept]:
    with langfuse(None) as kept:
        yield kept


def version(number: int, text: Any, label: str = "production") -> dict[str, Any]:
    kind = "text" if isinstance(text, str) else "chat"
    return {
        "name": "answer", "version": number, "prompt": text, "type": kind,
        "config": {}, "labels": [label], "tags": [],
    }  # fmt: skip


def test_a_version_takes_the_place_of_the_file(server: Kept, tmp_path: Path) -> None:
    server.prompts["answer"] = version(7, "Be {{person}}, for $5. Or say: {{ refusal }}")
    with observe.start(SETTINGS, server.environment(), tmp_path):
        soon(lambda: prompt("answer").origin is Origin.LANGFUSE)
        found = prompt("answer")
        assert found.label == "answer@langfuse-7"
        assert found.fill(person="Ada", refusal="No.") == "Be Ada, for $5. Or say: No."
        assert prompt("plan").origin is Origin.FILE
    assert prompt("answer") is from_file("answer")


def test_the_last_one_is_there_at_once_the_next_time(server: Kept, tmp_path: Path) -> None:
    server.prompts["answer"] = version(7, "{{person}} {{refusal}}")
    with observe.start(SETTINGS, server.environment(), tmp_path):
        soon((tmp_path / "cache" / "prompts" / "answer.json").exists)
    server.silent.set()
    with observe.start(SETTINGS, server.environment(), tmp_path):
        assert prompt("answer").label == "answer@langfuse-7"
    server.silent.clear()


def test_one_that_is_gone_gives_way_to_the_file(server: Kept, tmp_path: Path) -> None:
    server.prompts["answer"] = version(7, "{{person}} {{refusal}}", label="staging")
    settings = Settings.model_validate(
        {"prompts": {"source": "langfuse", "label": "staging", "refresh": 1}}
    )
    with observe.start(settings, server.environment(), tmp_path):
        soon(lambda: prompt("answer").version == 7)
        server.prompts.clear()
        soon(lambda: prompt("answer").origin is Origin.FILE)
    assert not (tmp_path / "cache" / "prompts" / "answer.json").exists()


@pytest.mark.parametrize(
    "text",
    ["", "No blanks", "{{person}} {{refusal}} {{more}}", [], [{"role": "user", "content": "x"}]],
)
def test_one_that_does_not_fit_is_refused(
    server: Kept, tmp_path: Path, text: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.prompts["answer"] = version(7, text)
    with observe.start(SETTINGS, server.environment(), tmp_path):
        soon(lambda: "what was there before is used" in caplog.text)
        assert prompt("answer").origin is Origin.FILE


def test_a_chat_of_one_system_message_is_a_text() -> None:
    chat = [{"role": "system", "content": "{{person}} {{refusal}}"}]
    made = fitting(PromptVersion(name="answer", version=2, prompt=chat))
    assert made.template == "${person} ${refusal}"


def test_what_was_kept_and_is_broken_is_left_out(
    server: Kept, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cache" / "prompts"
    folder.mkdir(parents=True)
    (folder / "answer.json").write_text('{"name": "answer"')
    (folder / "plan.json").write_text('{"name": "plan", "version": 2, "template": "$nothing"}')
    server.status = 503
    with observe.start(SETTINGS, server.environment(), tmp_path):
        assert prompt("answer").origin is prompt("plan").origin is Origin.FILE
    assert caplog.text.count("is left out") == 2


@pytest.mark.parametrize("name", names())
def test_a_file_there_and_back_is_the_same(name: str) -> None:
    made = from_file(name)
    there = as_langfuse(made)
    back = fitting(PromptVersion(name=name, version=made.version, prompt=there))
    blanks = {blank: f"«{blank}»" for blank in made.blanks}
    assert back.fill(**blanks) == made.fill(**blanks)


def test_labels() -> None:
    assert Prompt("answer", 2, "x").label == "answer@2"
    assert Prompt("answer", 2, "x", Origin.LANGFUSE).label == "answer@langfuse-2"
    assert {"answer", "plan", "variants"} <= set(names())


def test_a_dollar_that_begins_no_blank_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"write \$\$"):
        _ = Prompt("p", 1, "for 5 $ each").blanks
