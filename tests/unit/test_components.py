"""Components: frozen data, options that refuse what they do not know."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import twin
from twin.components import BuildContext, SilentReport
from twin.hookspecs import COMPONENT_TYPES, hookimpl


class Colour(twin.Options):
    """Options of a test."""

    shade: int = 1


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(twin, name) is not None for name in twin.__all__)
    assert set(twin.__all__) <= set(dir(twin))
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        twin.Nonsense  # noqa: B018


def test_every_hook_has_a_component_and_a_specification() -> None:
    from twin import hookspecs

    specified = {name for name in vars(hookspecs) if name.startswith("twin_")}
    assert set(COMPONENT_TYPES) == specified
    assert all(kind.hook == hook for hook, kind in COMPONENT_TYPES.items())
    assert len({kind.noun for kind in COMPONENT_TYPES.values()}) == len(COMPONENT_TYPES)


def test_hooks_that_are_specified_yield_nothing_themselves() -> None:
    from twin import hookspecs

    assert all(getattr(hookspecs, hook)() is None for hook in COMPONENT_TYPES)


def test_options_refuse_unknown_keys_and_changes() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Colour.model_validate({"shade": 2, "hue": 3})
    with pytest.raises(ValidationError, match="frozen"):
        Colour().shade = 2


def test_a_component_is_frozen_and_built_only_when_asked() -> None:
    def build(options: Colour, ctx: BuildContext) -> Any:
        del ctx
        return [options.shade]

    component = twin.CleanerComponent(name="mine", summary="", options=Colour, build=build)
    with pytest.raises(dataclasses.FrozenInstanceError):
        component.name = "yours"  # type: ignore[misc]
    context = BuildContext(cache=Path(), data=Path())
    built: object = component.build(Colour(shade=7), context)
    assert built == [7]


def test_a_component_has_keywords_only() -> None:
    with pytest.raises(TypeError):
        twin.CleanerComponent("mine", "", Colour, print)  # type: ignore[call-arg, arg-type]


def test_a_context_without_models_says_so() -> None:
    context = BuildContext(cache=Path(), data=Path())
    for get, what in [
        (context.get_embedding, "embedder"),
        (context.get_llm, "chat model"),
        (context.get_teacher, "teacher model"),
    ]:
        with pytest.raises(LookupError, match=what):
            get()


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    context = BuildContext(cache=Path(), data=Path())
    monkeypatch.setenv("SOME_KEY", "s3cret")
    assert context.secret("SOME_KEY") == "s3cret"
    monkeypatch.setenv("SOME_KEY", "")
    assert context.secret("SOME_KEY") is None
    assert context.secret("ANOTHER_KEY_THAT_IS_NOT_SET") is None
    assert "s3cret" not in repr(context)


def test_a_silent_report_takes_everything() -> None:
    report = SilentReport()
    report.skipped("a.png", "no writing")
    report.failed("b.md", "torn")


def test_the_hook_marker_is_that_of_the_product() -> None:
    assert hookimpl.project_name == "twin"
