"""`twin doctor` and the language models: what is served, and whether it reads as the run does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from llama_index.core.llms import ChatMessage

from tests.tgi_stand_in import StandIn, Trouble
from tests.tokenizers_of_runs import TEMPLATE, Trained, save_tokenizer
from twin.basics.llms import COMPONENTS, TGIOptions
from twin.cli.model_checks import model_checks
from twin.components import BuildContext
from twin.errors import ConfigurationError, TwinError
from twin.home import Home
from twin.models.parity import SAMPLE
from twin.models.tokenizers import templated, tokenizer_folder

TGI = next(component for component in COMPONENTS if component.name == "tgi")
CTX = BuildContext(cache=Path("none"), data=Path("none"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run whose adapter has a tokenizer beside it."""
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    save_tokenizer(folder / "adapter")
    return folder


@pytest.fixture(scope="module")
def served(run: Path) -> Iterator[StandIn]:
    with StandIn(Trained(run / "adapter")) as server:
        yield server


def told(home_folder: Path, models: str, run: str = "") -> dict[str, tuple[str, str, str]]:
    home_folder.mkdir(parents=True, exist_ok=True)
    (home_folder / "twin.toml").write_text(models, encoding="utf-8")
    said = {}
    with Home(home_folder) as home:
        for name, check in model_checks(home, run).items():
            try:
                said[name] = check(home)
            except TwinError as error:
                said[name] = ("broken", error.message, error.hint)
    return said


def test_each_model_is_asked(served: StandIn, run: Path, tmp_path: Path) -> None:
    models = f"""
[models]
chat = {{ use = "tgi", base_url = "{served.url}", model = "{served.model}" }}
teacher = {{ use = "openai-teacher", base_url = "{served.url}/v1" }}
[[models.adapters]]
name = "sft"
model = {{ use = "tgi", base_url = "{served.url}", adapter = "sft", model = "{served.model}" }}
run = "a-run"
[[models.adapters]]
name = "other"
model = {{ use = "tgi", base_url = "{served.url}", model = "acme/other" }}
"""
    home = tmp_path / "home"
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "a-run").symlink_to(run)
    said = told(home, models)
    assert list(said) == ["chat model", "adapter sft", "adapter other", "teacher"]
    assert said["chat model"] == ("ok", f"{served.model} at {served.url}, 2,048 tokens", "")
    state, what, mend = said["adapter sft"]
    assert (state, mend) == ("ok", "")
    assert "adapter sft" in what
    assert "reads a conversation as a-run does" in what
    state, what, mend = said["adapter other"]
    assert state == "broken"
    assert "serves stand-in/tide-1b, and twin.toml asks for acme/other" in what
    assert mend
    assert said["teacher"][0] == "ok"


def test_another_template_is_told_at_its_first_token(served: StandIn, tmp_path: Path) -> None:
    other = save_tokenizer(
        tmp_path / "other", TEMPLATE.replace("[{{ m.role }}]", "[{{ m.role }}] ")
    )
    chat = f'[models]\nchat = {{ use = "tgi", base_url = "{served.url}" }}\n'
    state, what, mend = told(tmp_path / "home", chat, str(other))["chat model"]
    assert state == "broken"
    assert "the first difference is at token" in what
    assert "the run has '" in what
    assert "chat template of the run" in mend


def test_a_model_that_only_remarks(served: StandIn, tmp_path: Path) -> None:
    chat = f'[models]\nchat = {{ use = "tgi", base_url = "{served.url}" }}\n'
    state, what, mend = told(tmp_path / "home", chat)["chat model"]
    assert state == "note"
    assert served.url in what
    assert served.model in mend


def test_a_server_that_is_still_loading(served: StandIn, tmp_path: Path) -> None:
    chat = f'[models]\nchat = {{ use = "tgi", base_url = "{served.url}" }}\n'
    served.trouble = Trouble(loading=1)
    state, what, _ = told(tmp_path / "home", chat)["chat model"]
    assert state == "broken"
    assert "is not ready" in what


def test_nobody_there_and_no_such_run(tmp_path: Path) -> None:
    chat = '[models]\nchat = { use = "openai", base_url = "http://127.0.0.1:9/v1" }\n'
    state, _, mend = told(tmp_path / "home", chat)["chat model"]
    assert state == "broken"
    assert "127.0.0.1:9" in mend
    assert told(tmp_path / "home", "")["chat model"][:2] == ("ok", "quotes")


def test_wrong_settings_break_no_check(tmp_path: Path) -> None:
    said = told(tmp_path / "home", "[models]\nnosuch = 1\n")
    assert said["chat model"][0] == "broken"


def test_a_run_without_a_tokenizer(served: StandIn, tmp_path: Path) -> None:
    chat = f'[models]\nchat = {{ use = "tgi", base_url = "{served.url}" }}\n'
    state, what, _ = told(tmp_path / "home", chat, "nowhere")["chat model"]
    assert (state, what) == ("broken", "there is no run 'nowhere', and no such folder")
    with pytest.raises(ConfigurationError, match="no tokenizer"):
        tokenizer_folder(tmp_path)


def test_a_template_can_be_applied_here(served: StandIn, run: Path) -> None:
    """A server without a template gets the text of a local one, and reads the very same tokens."""
    served.trouble = Trouble(no_template=True)
    adapter = run / "adapter"
    options = TGIOptions(base_url=served.url, adapter="sft", tokenizer=str(adapter))
    model = TGI.build(options, CTX)
    messages = [ChatMessage(role=role, content=content) for role, content in SAMPLE]
    assert next(part.delta for part in model.stream_chat(messages) if part.delta) == "sft: "
    served.trouble = Trouble()
    assert isinstance(served.generator, Trained)
    assert tuple(served.generator.read[-1]) == templated(adapter, SAMPLE).ids
