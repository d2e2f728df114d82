"""Discovery: every broken plugin is told, and none hurts another."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

import pytest

from twin.plugins import Conflict, Plugin, PluginSet, discover, normal_name

GOOD = """
import twin

def build(options, ctx):
    return lambda document: []

@twin.hookimpl
def twin_cleaners():
    yield twin.CleanerComponent(
        name="{name}", summary="Of a test", options=twin.NoOptions, build=build
    )
"""

READER = """
import twin

@twin.hookimpl
def twin_readers():
    yield twin.ReaderComponent(
        name="{name}", summary="Of a test", options=twin.NoOptions, build=print, {claims}
    )
"""


class Owner(Distribution):
    """A distribution with a name and a version, and nothing else."""

    def __init__(self, name: str | None, version: str) -> None:
        self._head = f"Name: {name}\nVersion: {version}\n" if name else ""

    def read_text(self, filename: str) -> str | None:
        return self._head if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


Point = Callable[..., EntryPoint]


@pytest.fixture
def point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Point]:
    """Return a function that writes a module and gives its entry point."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)

    def make(name: str, code: str, *, owner: str | None = "", version: str = "1.0") -> EntryPoint:
        module = f"plugin_{len(list(tmp_path.iterdir()))}_of_{tmp_path.name}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code, "utf-8")
        distribution = Owner(f"twin-{name}" if owner == "" else owner, version)
        # The standard library has no other way to give an entry point its distribution.
        return EntryPoint(name, module, "twin")._for(distribution)  # type: ignore[attr-defined, no-any-return]

    yield make
    for module in set(sys.modules) - known:
        del sys.modules[module]


@pytest.fixture
def good(point: Point) -> EntryPoint:
    return point("good", GOOD.format(name="good"))


def found(plugins: PluginSet, name: str) -> Plugin:
    [plugin] = [plugin for plugin in plugins.plugins if plugin.name == name]
    return plugin


def component(hook: str, text: str) -> str:
    return f"import twin\n@twin.hookimpl\ndef {hook}():\n    {text}\n"


def test_a_plugin_tells_what_it_provides(good: EntryPoint) -> None:
    plugin = found(discover(points=[good]), "good")
    assert (plugin.distribution, plugin.version, plugin.state) == ("twin-good", "1.0", "loaded")
    assert plugin.hooks == ("twin_cleaners",)
    assert [p.component.name for p in plugin.provides] == ["good"]
    assert plugin.provides[0].provider == "twin-good 1.0"


BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "syntax": ("def (", "SyntaxError"),
    "exits": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "misspelled": (component("twin_reader", "yield"), "unknown hook 'twin_reader'"),
    "argument": (
        "import twin\n@twin.hookimpl\ndef twin_readers(config):\n    yield\n",
        "'config'",
    ),
    "hookless": ("value = 1", "implements no hook"),
    "unmarked": ("def twin_readers():\n    yield 1", "marked with @twin.hookimpl"),
    "string": (component("twin_readers", "return 'notes'"), "must yield components, not str"),
    "text": (component("twin_readers", "yield 'notes'"), "'notes', which is no ReaderComponent"),
    "nothing": (component("twin_readers", "yield None"), "None, which is no ReaderComponent"),
    "none": (component("twin_readers", "return None"), "twin_readers returned None"),
    "number": (component("twin_llms", "return 3"), "must yield components, not int"),
    "wrong-hook": (
        GOOD.format(name="x").replace("twin_cleaners", "twin_llms"),
        "which is no LLMComponent",
    ),
    "half-way": (
        GOOD.format(name="half") + "    raise LookupError('half-way')\n",
        "LookupError: half-way",
    ),
    "bad-name": (GOOD.format(name="Not A Name"), "'Not A Name'; a name is lower-case"),
    "no-name": (GOOD.format(name=""), "''; a name is lower-case"),
    "options": (
        GOOD.format(name="x").replace("twin.NoOptions", "dict"),
        "no subclass of twin.Options",
    ),
    "build": (GOOD.format(name="x").replace("build=build", "build=1"), "cannot be called"),
    "summary": (GOOD.format(name="x").replace('"Of a test"', "1"), "summary that is no text"),
    "twice": (GOOD.format(name="x") + GOOD.format(name="x").split("twin_cleaners():")[1], "twice"),
    "forgotten-comma": (
        READER.format(name="x", claims="suffixes=('.csv')"),
        "must name its suffixes as a tuple",
    ),
    "dotless": (READER.format(name="x", claims="suffixes=('csv',)"), "must begin with a dot"),
    "scheme": (
        READER.format(name="x", claims="hosts=('https://example.org',)"),
        "must have no scheme",
    ),
    "empty-claim": (READER.format(name="x", claims="filenames=('',)"), "its filenames as a tuple"),
    "unprintable": (
        "class Odd(Exception):\n    def __str__(self):\n        1 / 0\nraise Odd",
        "Odd",
    ),
    "cancelled": ("import asyncio\nraise asyncio.CancelledError", "CancelledError"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_told_and_the_rest_works(
    point: Point, good: EntryPoint, name: str
) -> None:
    code, reason = BROKEN[name]
    plugins = discover(points=[point(name, code, version="0.3"), good])
    broken = found(plugins, name)
    assert broken.state == "failed"
    assert reason in broken.failure
    assert (broken.distribution, broken.version) == (f"twin-{name}", "0.3")
    assert broken.provides == ()
    assert plugins.failures == [broken]
    assert [p.component.name for p in plugins.provided("twin_cleaners")] == ["good"]


def test_a_plugin_that_is_not_there_is_told(good: EntryPoint) -> None:
    plugins = discover(points=[EntryPoint("gone", "no_such_module_here", "twin"), good])
    assert "No module named 'no_such_module_here'" in found(plugins, "gone").failure
    assert found(plugins, "good").state == "loaded"


def test_an_interrupt_is_not_swallowed(point: Point) -> None:
    with pytest.raises(KeyboardInterrupt):
        discover(points=[point("stop", "raise KeyboardInterrupt")])


@pytest.mark.parametrize("name", ["off", "twin-off", "Twin_Off"])
def test_a_disabled_plugin_is_not_imported(point: Point, good: EntryPoint, name: str) -> None:
    plugins = discover([name], [point("off", "raise AssertionError('imported')"), good])
    assert found(plugins, "off").state == "disabled"
    assert plugins.failures == []
    assert found(plugins, "good").state == "loaded"


def test_two_plugins_of_one_name_are_told(point: Point) -> None:
    plugins = discover(
        points=[
            point("same", GOOD.format(name="one"), owner="twin-one"),
            point("same", GOOD.format(name="two"), owner="twin-two"),
        ]
    )
    states = {p.distribution: (p.state, p.failure) for p in plugins.plugins}
    assert states["twin-one"] == ("loaded", "")
    assert states["twin-two"] == ("failed", "the plugin name 'same' is taken by twin-one 1.0")


def test_nobody_takes_the_products_own_name(point: Point) -> None:
    theirs = point("basics", GOOD.format(name="theirs"), owner="a-rogue")
    ours = point("basics", GOOD.format(name="ours"), owner="twin")
    for points in ([theirs, ours], [ours, theirs]):
        plugins = discover(points=points)
        assert [p.distribution for p in plugins.failures] == ["a-rogue"]


def test_damaged_metadata_stop_nothing(point: Point, good: EntryPoint) -> None:
    plugins = discover(points=[point("nameless", GOOD.format(name="x"), owner=None), good])
    assert found(plugins, "nameless").distribution == ""
    assert [plugin.state for plugin in plugins.plugins] == ["loaded", "loaded"]


def test_two_that_clash_are_named_with_their_versions(point: Point) -> None:
    plugins = discover(
        points=[
            point("one", GOOD.format(name="same"), version="1.2"),
            point("two", GOOD.format(name="same"), version="3.4"),
        ]
    )
    [conflict] = plugins.conflicts()
    assert conflict == Conflict(
        "the cleaner 'same'",
        ("twin-one 1.2", "twin-two 3.4"),
        "disable one with plugins.disabled",
    )
    assert str(conflict) == (
        "the cleaner 'same' is provided by twin-one 1.2 and twin-two 3.4; "
        "disable one with plugins.disabled"
    )


def test_readers_that_claim_one_kind_of_file_are_told(point: Point) -> None:
    plugins = discover(
        points=[
            point("one", READER.format(name="one", claims="suffixes=('.CSV', '.tsv')")),
            point("two", READER.format(name="two", claims="suffixes=('.csv',)")),
            point("web", READER.format(name="web", claims="hosts=('example.org',)")),
            point("net", READER.format(name="net", claims="hosts=('Example.org/',)")),
        ]
    )
    assert [conflict.claim for conflict in plugins.conflicts()] == [
        "files ending in '.csv'",
        "the address 'example.org'",
    ]
    assert "'one' of twin-one 1.0 and 'two' of twin-two 1.0" in str(plugins.conflicts()[0])


def test_components_come_in_one_order(point: Point) -> None:
    points = [point(name, GOOD.format(name=name)) for name in ("b", "c", "a")]
    for order in (points, points[::-1]):
        names = [p.component.name for p in discover(points=order).provided("twin_cleaners")]
        assert names == ["a", "b", "c"]


def test_the_products_own_plugin_is_found_by_its_entry_point() -> None:
    plugins = discover()
    basics = found(plugins, "basics")
    assert (basics.distribution, basics.state) == ("twin", "loaded")
    assert "twin_llms" in basics.hooks


def test_names_are_compared_as_packages_are() -> None:
    assert normal_name("Twin_Files.Extra--x") == "twin-files-extra-x"
