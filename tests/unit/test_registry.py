"""The registry: every mistake at once, then each component built once and in order."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError

import twin
from twin.components import AnyComponent, BuildContext, SilentReport
from twin.errors import (
    ComponentUnavailable,
    ConfigurationError,
    ConflictError,
    SettingsError,
    UsageError,
)
from twin.plugins import Plugin, PluginSet, Provided
from twin.registry import Registry
from twin.settings import Settings
from twin.tables import Choice


class Limits(twin.Options):
    """Options with a limit and something that must be set."""

    top_n: int = Field(default=3, ge=1)
    model: str


def nothing(options: Any, ctx: Any) -> Any:
    del ctx
    return [options]


def basic() -> list[AnyComponent]:
    """Return everything that the default settings name."""
    rest: dict[str, Any] = {"summary": "", "options": twin.NoOptions, "build": nothing}
    return [
        twin.EmbeddingComponent(name="sentence-transformers", **rest),
        twin.VectorStoreComponent(name="qdrant-edge", **rest),
        twin.CleanerComponent(name="boilerplate", **rest),
        *(
            twin.EnricherComponent(name=choice.use, **rest)
            for choice in Settings().ingest.enrichers
        ),
        *(
            twin.NodeParserComponent(name=name, **rest)
            for name in ("structure", "sentences", "syntax", "conversation")
        ),
        twin.RerankerComponent(name="cross-encoder", **rest),
        twin.LLMComponent(name="quotes", roles=frozenset({"chat"}), **rest),
        *(
            twin.CuratorComponent(name=choice.use, **rest)
            for choice in Settings().datasets.curators
        ),
    ]


def plugin(
    owner: str, *components: AnyComponent, version: str = "1.0", failure: str = ""
) -> Plugin:
    provides = tuple(Provided(c, owner, owner, version) for c in components)
    return Plugin(owner, owner, version, "failed" if failure else "loaded", provides, (), failure)


def registry(*plugins: Plugin, **settings: Any) -> Registry:
    own = plugin("twin", *basic())
    return Registry(PluginSet((own, *plugins)), Settings(**settings), Path("home"))


def cleaner(name: str, build: Callable[..., Any] = nothing, **more: Any) -> AnyComponent:
    options = more.pop("options", twin.NoOptions)
    return twin.CleanerComponent(name=name, summary="", options=options, build=build, **more)


def reader(name: str, build: Callable[..., Any] = nothing, **claims: Any) -> AnyComponent:
    options = claims.pop("options", twin.NoOptions)
    return twin.ReaderComponent(name=name, summary="", options=options, build=build, **claims)


def problems(*plugins: Plugin, **settings: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        registry(*plugins, **settings)
    return caught.value.problems


def test_the_defaults_are_right() -> None:
    built = registry()
    assert len(built.cleaners()) == 1
    assert not built.has_teacher


def test_every_mistake_is_collected_with_its_path() -> None:
    found = problems(
        index={"embedding": "sentence-transformer"},
        ingest={"cleaners": ["boilerplate", "nowhere"], "node_parsers": {"code": "sintax"}},
        retrieve={"rerankers": [{"use": "cross-encoder", "tpo_n": 3}]},
        models={"teacher": "quotes"},
    )
    assert found == (
        (
            "index.embedding: there is no embedding 'sentence-transformer'; "
            "did you mean 'sentence-transformers'?"
        ),
        "ingest.cleaners[1]: there is no cleaner 'nowhere' (there are: boilerplate)",
        "ingest.node_parsers.code: there is no node parser 'sintax'; did you mean 'syntax'?",
        "retrieve.rerankers[0].tpo_n: no such option of 'cross-encoder' (its options: none)",
        "models.teacher: 'quotes' can only be the chat model",
    )


def adapters(*names: str, **model: Any) -> dict[str, Any]:
    voice = {"use": "voice"} | model
    return {"adapters": [{"name": name, "model": voice} for name in names]}


def test_adapters_are_chat_models_by_name_each_built_once() -> None:
    voice = twin.LLMComponent(name="voice", summary="", options=Limits, build=nothing)
    built = registry(plugin("twin-voice", voice), models=adapters("sft", "dpo", model="m"))
    assert built.chat_model_names() == ("sft", "dpo")
    assert built.chat_model() is built.llm()
    sft, dpo = built.chat_model("sft"), built.chat_model("dpo")
    assert sft is built.chat_model("sft")
    assert sft is not dpo
    assert sft == [Limits(model="m")]
    with pytest.raises(ConfigurationError, match="no adapter 'orpo'") as caught:
        built.chat_model("orpo")
    assert "sft, dpo" in caught.value.hint
    with pytest.raises(ConfigurationError, match="no adapter 'sft'") as caught:
        registry().chat_model("sft")
    assert "names none" in caught.value.hint


def test_mistakes_of_adapters_are_told_with_their_path() -> None:
    voice = twin.LLMComponent(name="voice", summary="", options=Limits, build=nothing)
    teacher = twin.LLMComponent(
        name="form", summary="", options=Limits, build=nothing, roles=frozenset({"teacher"})
    )
    models = adapters("sft") | {"chat": "quotes"}
    models["adapters"].append({"name": "dpo", "model": "form"})
    found = problems(plugin("twin-voice", voice, teacher), models=models)
    assert found == (
        "models.adapters[0].model.model: Field required",
        "models.adapters[1].model: 'form' can only be the teacher model",
    )


@pytest.mark.parametrize("names", [("sft", "sft"), ("SFT",), ("",), ("a b",)])
def test_names_of_adapters_that_cannot_be(names: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="adapters"):
        Settings(models=adapters(*names))  # type: ignore[arg-type]


def test_nothing_to_choose_from_is_said() -> None:
    [found] = problems(retrieve={"query_transforms": ["variants"]})
    assert found == (
        "retrieve.query_transforms[0]: there is no query transform 'variants' (there are: none)"
    )


def test_every_wrong_option_is_told() -> None:
    extra = plugin("twin-extra", cleaner("limits", options=Limits))
    choice = {"use": "limits", "top_n": 0, "colour": "red"}
    found = problems(extra, ingest={"cleaners": [choice]})
    assert {line.split(":")[0] for line in found} == {
        "ingest.cleaners[0].top_n",
        "ingest.cleaners[0].model",
        "ingest.cleaners[0].colour",
    }
    assert "(its options: top_n, model)" in "\n".join(found)


def test_a_component_of_a_broken_plugin_points_to_it() -> None:
    broken = plugin("twin-broken", version="0.2", failure="ImportError")
    [found] = problems(broken, ingest={"cleaners": ["mine"]})
    assert found.endswith("; twin-broken 0.2 could not be loaded")


def test_a_broken_plugin_that_nothing_names_is_no_mistake() -> None:
    assert registry(plugin("twin-broken", failure="ImportError")).cleaners()


def test_a_conflict_names_both_providers_where_it_matters() -> None:
    one = plugin("twin-one", cleaner("same"), version="1.2")
    two = plugin("twin-two", cleaner("same"), version="3.4")
    told = (
        "the cleaner 'same' is provided by twin-one 1.2 and twin-two 3.4; "
        "disable one with plugins.disabled"
    )
    assert problems(one, two, ingest={"cleaners": ["same"]}) == (f"ingest.cleaners[0]: {told}",)
    assert [str(c) for c in registry(one, two).plugins.conflicts()] == [told]


def test_components_are_built_late_and_once() -> None:
    seen: list[str] = []

    def build(options: twin.NoOptions, ctx: BuildContext) -> object:
        del options
        seen.append(ctx.cache.as_posix())
        return object()

    mine = registry(plugin("twin-x", cleaner("mine", build)), ingest={"cleaners": ["mine"]})
    assert seen == []
    threads = [threading.Thread(target=mine.cleaners) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mine.cleaners()[0] is mine.cleaners()[0]
    assert seen == ["home/cache/mine"]


def test_one_component_in_two_places_is_built_with_the_options_of_each() -> None:
    extra = plugin("twin-extra", cleaner("limits", options=Limits))
    chosen = [{"use": "limits", "model": "a"}, {"use": "limits", "model": "b"}]
    built: list[Any] = list(registry(extra, ingest={"cleaners": chosen}).cleaners())
    assert [options.model for [options] in built] == ["a", "b"]


def test_a_build_that_failed_is_tried_again() -> None:
    outcomes = [ValueError("no"), ValueError("no"), "built"]

    def build(options: object, ctx: object) -> object:
        del options, ctx
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    mine = registry(plugin("twin-x", cleaner("mine", build)), ingest={"cleaners": ["mine"]})
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            mine.cleaners()
    assert list[object](mine.cleaners()) == ["built"]


def test_components_that_need_each_other_are_named() -> None:
    def needs(what: str) -> Callable[..., Any]:
        return lambda _, ctx: getattr(ctx, what)()

    models = plugin(
        "twin-x",
        twin.LLMComponent(
            name="mine",
            summary="",
            options=twin.NoOptions,
            build=needs("get_embedding"),
        ),
        twin.EmbeddingComponent(
            name="yours", summary="", options=twin.NoOptions, build=needs("get_llm")
        ),
    )
    circular = registry(models, index={"embedding": "yours"}, models={"chat": "mine"})
    with pytest.raises(ConfigurationError) as caught:
        circular.llm()
    assert caught.value.message == (
        "components need each other in a circle: "
        "models.chat needs index.embedding needs models.chat"
    )
    with pytest.raises(ConfigurationError, match=r"embedding needs models\.chat needs index"):
        circular.embedding()


def test_a_component_gets_another_that_it_needs() -> None:
    needs = cleaner("needs", lambda _, ctx: ("given", ctx.get_embedding()))
    mine = registry(plugin("twin-x", needs), ingest={"cleaners": ["needs"]})
    assert list[object](mine.cleaners()) == [("given", mine.embedding())]


@pytest.mark.parametrize(
    ("owner", "module", "hint"),
    [
        ("twin", "sentence_transformers", "pip install 'twin[local]'"),
        ("twin", "tree_sitter_go", "pip install 'twin[code]'"),
        ("twin-x", "their_thing", "twin install --upgrade twin-x"),
    ],
)
def test_what_a_component_lacks_is_told_with_the_way_to_it(
    owner: str, module: str, hint: str
) -> None:
    def build(options: object, ctx: object) -> object:
        del options, ctx
        message = f"No module named {module!r}"
        raise ModuleNotFoundError(message, name=module)

    lacking = plugin(owner, cleaner("lacking", build), reader("too", build, suffixes=(".x",)))
    mine = registry(lacking, ingest={"cleaners": ["lacking"]})
    with pytest.raises(ComponentUnavailable) as caught:
        mine.cleaners()
    assert caught.value.message == f"ingest.cleaners[0]: 'lacking' of {owner} 1.0 needs {module}"
    assert hint in caught.value.hint
    with pytest.raises(ComponentUnavailable, match=f"needs {module}"):
        mine.reader("a.x", None, {}, SilentReport())


def test_a_teacher_that_is_not_set_is_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry().teacher()
    assert "models.teacher" in caught.value.hint


def test_fingerprints_follow_the_options() -> None:
    component = twin.EmbeddingComponent(name="mine", summary="", options=Limits, build=nothing)
    extra = plugin("twin-x", component)

    def prints(model: str) -> tuple[str, str]:
        chosen = Choice.model_validate({"use": "mine", "model": model})
        mine = registry(extra, index={"embedding": chosen})
        return mine.embedder_fingerprint(), mine.index_fingerprint()

    assert prints("a") == prints("a")
    assert prints("a")[0] != prints("b")[0]
    assert prints("a")[1] != prints("b")[1]
    assert (
        registry().index_fingerprint() != registry(index={"language": "german"}).index_fingerprint()
    )


# Readers


def chosen(source: str, *readers: AnyComponent) -> str:
    return registry(plugin("twin-x", *readers)).reader_for(source).component.name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://example.org/a", "host"),
        ("https://example.org", "host"),
        ("HTTPS://WWW.Example.org/a", "host"),
        ("https://example.org./a", "host"),
        ("https://example.org/blog", "path"),
        ("https://example.org/blog/2024/x", "path"),
        ("https://example.org/blogger", "host"),
        ("https://sub.example.org/blog/x", "path"),
        ("https://notexample.org/", "any"),
        ("https://example.org.evil.net/blog", "any"),
        ("https://evil.net/?u=https://example.org/blog", "any"),
        ("https://user@example.org:8443/x", "host"),
    ],
)
def test_the_most_specific_address_wins(source: str, name: str) -> None:
    assert (
        chosen(
            source,
            reader("any", hosts=("*",)),
            reader("host", hosts=("example.org",)),
            reader("path", hosts=("Example.org/Blog/",)),
        )
        == name
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("notes/a.md", "md"),
        ("notes/a.MD", "md"),
        ("notes/a.export.md", "export"),
        ("notes/README.md", "readme"),
        ("~nobody-at-all/a.md", "md"),
    ],
)
def test_the_most_specific_file_kind_wins(source: str, name: str) -> None:
    assert (
        chosen(
            source,
            reader("md", suffixes=(".md",)),
            reader("export", suffixes=(".export.md",)),
            reader("readme", filenames=("README.md",)),
        )
        == name
    )


def test_a_folder_goes_to_who_knows_what_lies_in_it(tmp_path: Path) -> None:
    readers = (
        reader("folders", directories=True),
        reader("export", directories=True, filenames=("tweets.js",)),
        reader("file", filenames=("tweets.js",)),
    )
    assert chosen(str(tmp_path), *readers) == "folders"
    (tmp_path / "tweets.js").write_text("")
    assert chosen(str(tmp_path), *readers) == "export"


def test_a_tie_names_both_with_their_versions() -> None:
    one = plugin("twin-one", reader("one", suffixes=(".csv",)), version="1.2")
    two = plugin("twin-two", reader("two", suffixes=(".csv",)), version="3.4")
    with pytest.raises(ConflictError) as caught:
        registry(one, two).reader_for("a.csv")
    assert caught.value.message == (
        "a.csv is claimed equally by 'one' of twin-one 1.2 and 'two' of twin-two 3.4"
    )
    assert "--reader" in caught.value.hint
    provided, _ = registry(one, two).reader("a.csv", "two", {}, SilentReport())
    assert provided.provider == "twin-two 3.4"


@pytest.mark.parametrize("source", ["a.xyz", "https://example.org", "https://[broken", "", "md"])
def test_a_source_that_nobody_reads_is_told(source: str) -> None:
    mine = registry(plugin("twin-x", reader("md", suffixes=(".md",), hosts=("x.org",))))
    with pytest.raises(UsageError) as caught:
        mine.reader_for(source)
    assert "readers: md" in caught.value.hint


def test_a_source_whose_plugin_could_not_be_loaded_says_so() -> None:
    mine = registry(plugin("twin-x", failure="SyntaxError: x"))
    with pytest.raises(UsageError) as caught:
        mine.reader_for("a.md")
    assert caught.value.hint.startswith("not loaded: twin-x (`twin plugins` says why); readers:")


def test_a_reader_by_name() -> None:
    extra = plugin("twin-x", reader("mine", options=Limits, suffixes=(".x",)))
    mine = registry(extra)
    _, built = mine.reader("anything", "mine", {"model": "a"}, SilentReport())
    assert list[object]([built]) == [[Limits(model="a")]]
    with pytest.raises(UsageError, match="no reader 'mien'; did you mean 'mine'"):
        mine.reader("anything", "mien", {}, SilentReport())
    with pytest.raises(UsageError, match=r"top_n.*; model") as caught:
        mine.reader("a.x", None, {"top_n": 0}, SilentReport())
    assert "-o NAME=VALUE" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "told"),
    [("modle", "did you mean 'model'?"), ("size", "its options: top_n, model")],
)
def test_an_option_that_a_reader_does_not_have_is_asked_about(name: str, told: str) -> None:
    mine = registry(plugin("twin-x", reader("mine", options=Limits, suffixes=(".x",))))
    with pytest.raises(UsageError) as caught:
        mine.reader("a.x", None, {"model": "a", name: 1}, SilentReport())
    assert f"{name}: no such option of 'mine' ({told})" in caught.value.message


def test_a_reader_reports_where_it_was_told_to() -> None:
    reports = []
    mine = registry(
        plugin(
            "twin-x", reader("mine", lambda _, ctx: reports.append(ctx.report), suffixes=(".x",))
        )
    )
    report = SilentReport()
    mine.reader("a.x", None, {}, report)
    assert reports == [report]
