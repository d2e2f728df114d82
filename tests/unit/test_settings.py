"""Settings: unknown keys refused, the environment wins, every mistake with its path."""

import subprocess
import sys
from pathlib import Path

import pytest

from twin.documents import Audience, Kind
from twin.errors import SettingsError
from twin.settings import Settings, home_folder, load_settings
from twin.tables import Choice


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(exist_ok=True)
    return folder


def load(home: Path, text: str = "") -> Settings:
    (home / "twin.toml").write_text(text, "utf-8")
    return load_settings(home)


def problems(home: Path, text: str = "") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(home, text)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return caught.value.problems


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "nowhere")
    assert settings.index.embedding == Choice(use="sentence-transformers")
    assert settings.retrieve.audience is Audience.PRIVATE
    assert settings.models.teacher is None


def test_a_component_is_a_name_or_a_name_with_options(home: Path) -> None:
    settings = load(
        home,
        '[ingest]\ncleaners = ["boilerplate", { use = "mine", patterns = ["x"] }]\n'
        '[ingest.node_parsers]\ncode = "lines"\n',
    )
    assert [choice.use for choice in settings.ingest.cleaners] == ["boilerplate", "mine"]
    assert settings.ingest.cleaners[1].options == {"patterns": ["x"]}
    assert settings.ingest.node_parsers.of(Kind.CODE).use == "lines"
    assert settings.ingest.node_parsers.of(Kind.POST).use == "sentences"


def test_every_mistake_is_told_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_NONSENSE", "1")
    monkeypatch.setenv("TWIN_RETRIEVE__PASSAGES", "0")
    found = problems(
        home,
        "colour = 1\n_env_file = 'x'\n[chat]\nfoo = 1\n[retrieve]\ncandidates = 'many'\n"
        "rerankers = [{ top_n = 3 }]\n[index]\nembedding = 3\n",
    )
    assert {line.split(":")[0] for line in found} == {
        "TWIN_NONSENSE",
        "_env_file",
        "colour",
        "chat.foo",
        "retrieve.candidates",
        "retrieve.passages",
        "retrieve.rerankers[0].use",
        "index.embedding",
    }
    assert "TWIN_NONSENSE: no such setting" in found
    assert "chat.foo: no such setting" in found


def test_what_was_meant_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_PERSON__NAEM", "Ada")
    found = problems(
        home,
        "[retreive]\npassages = 3\n[retrieve]\npasages = 3\nzzz = 1\n[[models.adapters]]\n"
        'name = "mine"\nmodle = "tgi"\nmodel = "tgi"\n[ingest.node_parsers]\nartcle = "x"\n',
    )
    assert {
        "TWIN_PERSON__NAEM: no such setting; did you mean 'name'?",
        "retreive: no such setting; did you mean 'retrieve'?",
        "retrieve.pasages: no such setting; did you mean 'passages'?",
        "retrieve.zzz: no such setting",
        "models.adapters[0].modle: no such setting; did you mean 'model'?",
        "ingest.node_parsers.artcle: no such setting; did you mean 'article'?",
    } == set(found)


@pytest.mark.parametrize(
    "name",
    ["TWIN_PRESON__NAME", "TWIN_PERSON__NAEM", "TWIN_PERSON__NAME__FIRST", "TWIN_", "TWIN_INDEX__"],
)
def test_an_unknown_variable_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, '"x"')
    assert any(line.startswith(f"{name}: no such setting") for line in problems(home))


def test_the_environment_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_PERSON__NAME", "Zoë")
    monkeypatch.setenv("TWIN_RETRIEVE__PASSAGES", "5")
    settings = load(home, '[person]\nname = "Ada"\n[retrieve]\npassages = 3\ncandidates = 30\n')
    assert settings.person.name == "Zoë"
    assert (settings.retrieve.passages, settings.retrieve.candidates) == (5, 30)


def test_a_component_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_INDEX__EMBEDDING", "hash")
    monkeypatch.setenv("TWIN_INDEX__STORE", '{"use": "qdrant", "url": "http://localhost:1"}')
    monkeypatch.setenv("TWIN_MODELS__CHAT__USE", "openai")
    monkeypatch.setenv("TWIN_MODELS__CHAT__MODEL", "llama")
    monkeypatch.setenv("TWIN_MODELS__TEACHER", "openai-teacher")
    settings = load(home, '[index]\nembedding = "other"\n')
    assert settings.index.embedding == Choice(use="hash")
    assert settings.index.store.options == {"url": "http://localhost:1"}
    assert (settings.models.chat.use, settings.models.chat.options) == (
        "openai",
        {"model": "llama"},
    )
    assert settings.models.teacher == Choice(use="openai-teacher")


def test_a_list_in_the_environment_is_json(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_INGEST__CLEANERS", '["a", {"use": "b", "x": 1}]')
    monkeypatch.setenv("TWIN_PLUGINS__DISABLED", '["twin-x"]')
    settings = load(home)
    assert [choice.use for choice in settings.ingest.cleaners] == ["a", "b"]
    assert settings.plugins.disabled == ("twin-x",)


@pytest.mark.parametrize("value", ["[broken", "boilerplate"])
def test_a_variable_that_is_no_json_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TWIN_INGEST__CLEANERS", value)
    [found] = problems(home)
    assert found.startswith("TWIN_INGEST__CLEANERS: it must be JSON")


def test_a_broken_file_is_told_with_its_line(home: Path) -> None:
    [found] = problems(home, '[person]\nname = "Ada\n')
    assert str(home / "twin.toml") in found
    assert "line 2" in found


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    (home / "twin.toml").mkdir()
    with pytest.raises(SettingsError, match=r"twin\.toml: Is a directory"):
        load_settings(home)


def test_a_file_that_is_no_text_is_told(home: Path) -> None:
    (home / "twin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(SettingsError, match=r"twin\.toml: 'utf-8' codec"):
        load_settings(home)


def test_settings_cannot_be_changed(home: Path) -> None:
    settings = load(home)
    with pytest.raises(ValueError, match="frozen"):
        settings.person.name = "Eve"


def test_the_home_is_what_was_given_then_the_variable_then_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "named"))
    assert home_folder(tmp_path / "given") == tmp_path / "given"
    assert home_folder() == tmp_path / "named"
    monkeypatch.setenv("TWIN_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder().is_relative_to(tmp_path)
    assert home_folder().name == "twin"
    assert home_folder(Path("~/mine")) == tmp_path / "mine"


def test_no_setting_is_a_secret() -> None:
    names = str(Settings.model_json_schema()).casefold()
    for word in ("secret", "password", "api_key", "apikey", "credential"):
        assert word not in names


@pytest.mark.parametrize("module", ["twin", "twin.cli"])
def test_importing_pulls_in_nothing_heavy(module: str) -> None:
    script = (
        f"import sys, {module}\n"
        "heavy = {'llama_index', 'torch', 'pydantic', 'pluggy', 'rich', 'numpy', 'chainlit'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_listing_plugins_pulls_in_no_framework(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom twin.cli import run\n"
        f"assert run(['--home', {str(tmp_path)!r}, 'plugins', '--json']) == 0\n"
        "print(sorted({'llama_index', 'torch', 'chainlit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
