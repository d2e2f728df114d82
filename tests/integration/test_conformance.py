"""The conformance kit: a plugin bad in one way fails that check.

That our own plugins meet it is a test of each of them.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from twin.scaffolding import KINDS, write_plugin
from twin.testing.conformance import checks
from twin.testing.conformance.checks import CHECKS, State, name_of, run
from twin.testing.conformance.subject import Subject, subject

NUMBERS = count()

GOOD = '''"""Reads memos: in: a folder of .memo files. Out: a document each."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import twin
from pydantic import Field


class Options(twin.Options):
    name: str = Field(default="memos", description="Name of the collection.")


class Reader:
    def __init__(self, options: Options, report: Any, cache: Path) -> None:
        self.options, self.report, self.cache = options, report, cache

    def lazy_load_data(self, source: Any) -> Iterator[Any]:
        root = Path(source)
        if not root.is_dir():
            raise twin.ReadError(f"{root} is no folder", "name the folder of the memos")
        for path in sorted(root.glob("*.memo")):
            if path.stat().st_size > 1_000_000:
                self.report.failed(path.name, "it is larger than a memo can be")
                continue
            try:
                text = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                self.report.failed(path.name, "it is not in UTF-8")
                continue
            head, _, body = text.partition("\\n")
            day, _, title = head.partition(" ")
            if not body.strip() or "\\0" in text:
                self.report.skipped(path.name, "it says nothing")
                continue
            yield twin.make_document(
                source=f"file:{self.options.name}/{path.name}", text=body, title=title,
                published_at=day, platform="memo", kind="article", url=None,
            )


def build(options: Options, ctx: twin.BuildContext) -> Reader:
    return Reader(options, ctx.report, ctx.cache)


MEMOS = {
    "heron": "2024-03-01 The heron\\nIt stood in the weir.\\n",
    "ford": "2024-05-09 The ford\\nOne wades it in May only.\\n",
}


def example(folder: Path, edition: int) -> str:
    root = folder / "memos"
    root.mkdir(parents=True, exist_ok=True)
    memos = dict(MEMOS)
    if edition > 1:
        del memos["heron"]
        memos["ford"] += "There is no water in June.\\n"
        memos["bridge"] = "2025-01-01 The bridge\\nNobody wades any more.\\n"
    for path in root.glob("*.memo"):
        path.unlink()
    for name, text in memos.items():
        (root / f"{name}.memo").write_text(text, encoding="utf-8")
    return str(root)


@twin.hookimpl
def twin_readers() -> Iterator[Any]:
    yield twin.ReaderComponent(
        name="NAME", summary="Memos", options=Options, build=build,
        filenames=("heron.memo", "ford.memo", "bridge.memo"), directories=True, example=example,
    )


class Finding:
    def __call__(self, document: twin.Document) -> Any:
        return twin.Enrichment(language="en", topics=("memos",))


def build_finding(options: twin.NoOptions, ctx: twin.BuildContext) -> Finding:
    return Finding()


@twin.hookimpl
def twin_enrichers() -> Iterator[Any]:
    yield twin.EnricherComponent(
        name="NAME", summary="Files memos", options=twin.NoOptions, build=build_finding,
    )
'''
METADATA = """Metadata-Version: 2.3
Name: DISTRIBUTION
Version: 0.1.0
Summary: Reads memos
License-Expression: MIT
Requires-Python: >=3.11
Requires-Dist: twin<0.2,>=0.1

How memos are read.
"""
Make = Callable[..., Subject]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Install a plugin that differs from the good one in what is given: old text, new text."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made: list[str] = []

    def install(*changes: tuple[str, str], typed: bool = True, module: bool = False) -> Subject:
        number = next(NUMBERS)
        package, distribution = f"memos_{number}", f"memos-{number}"
        made.append(package)
        code, metadata = GOOD.replace("NAME", distribution), METADATA
        for old, new in changes:
            assert old in code + metadata, old
            code, metadata = code.replace(old, new), metadata.replace(old, new)
        metadata = metadata.replace("DISTRIBUTION", distribution)
        if module:
            (tmp_path / f"{package}.py").write_text(code, encoding="utf-8")
        else:
            folder = tmp_path / package
            folder.mkdir()
            (folder / "__init__.py").write_text(code, encoding="utf-8")
            if typed:
                (folder / "py.typed").touch()
        info = tmp_path / f"{package}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[twin]\n{distribution} = {package}\n")
        return subject(distribution)

    yield install
    for package in made:
        sys.modules.pop(package, None)


def test_the_good_plugin_meets_them_all(make: Make) -> None:
    good = make()
    unmet = [r for r in checks.results(good) if r.state is State.UNMET]
    assert unmet == []
    assert len(CHECKS) >= 25


YIELD = "            yield twin.make_document("
DONE = (
    '                published_at=day, platform="memo", kind="article", url=None,\n            )\n'
)
LOOP = '        for path in sorted(root.glob("*.memo")):'
BUILD = "    return Reader(options, ctx.report, ctx.cache)"
SUMMARY = 'summary="Memos"'
NAMED = 'name: str = Field(default="memos", description="Name of the collection.")'
ALIAS = 'day, _, title = head.partition(" ")'

BAD: dict[str, tuple[tuple[str, str], ...]] = {
    "no-network-at-import": (
        ("class Options", "import socket\nsocket.getaddrinfo('127.0.0.1', 1)\n\n\nclass Options"),
    ),
    "light-at-import": (("import twin\n", "import twin\nimport numpy\n"),),
    "nothing-started-at-import": (
        (
            "class Options",
            "threading.Thread(target=threading.Event().wait, daemon=True).start()\n\nclass Options",
        ),
    ),
    "nothing-written-at-import": (
        ("class Options", "Path('memo.log').write_text('here')\n\nclass Options"),
    ),
    "described": (("\nHow memos are read.\n", ""),),
    "licensed": (("License-Expression: MIT\n", ""),),
    "versioned": (("Version: 0.1.0", "Version: 0.0"),),
    "bound-to-twin": (("twin<0.2,>=0.1", "twin>=0.1"),),
    "python-stated": (("Requires-Python: >=3.11\n", ""),),
    "documented": (('"""Reads memos: in: a folder of .memo files. Out: a document each."""', ""),),
    "no-machine-paths": ((BUILD, f'{BUILD}\n\n\nPLACE = "/home/me/memos"'),),
    "steady": (
        (
            "@twin.hookimpl",
            "ASKED = []\n\n\n@twin.hookimpl",
        ),
        ('name="', 'name=f"{len(ASKED)}-" + "'),
        ("    yield twin.ReaderComponent(", "    ASKED.append(1)\n    yield twin.ReaderComponent("),
    ),
    "summarised": ((SUMMARY, 'summary=""'),),
    "named-apart": (("directories=True, example", 'suffixes=(".md",), example'),),
    "refuses-unknown-options": ((NAMED, f'model_config = {{"extra": "allow"}}\n    {NAMED}'),),
    "options-cannot-change": ((NAMED, f'model_config = {{"frozen": False}}\n    {NAMED}'),),
    "options-round-trip": ((NAMED, f"{NAMED}\n    seen: Any = Field((1,), description='Seen.')"),),
    "options-described": ((', description="Name of the collection."', ""),),
    "no-secrets-in-options": (
        (NAMED, f"{NAMED}\n    api_key: str = Field('', description='It.')"),
    ),
    "builds-quietly": (
        (
            BUILD,
            "    ctx.cache.mkdir(parents=True)\n    (ctx.cache / 'x').write_text('')\n" + BUILD,
        ),
    ),
    "gives-documents": ((YIELD, "            yield dict("),),
    "reads-lazily": (
        (
            "    def lazy_load_data(self, source: Any) -> Iterator[Any]:",
            (
                "    def lazy_load_data(self, source: Any) -> Any:\n"
                "        return list(self.some(source))\n\n"
                "    def some(self, source: Any) -> Iterator[Any]:"
            ),
        ),
    ),
    "reads-the-same-twice": (("title=title,", "title=str(datetime.datetime.now()),"),),
    "sources-are-unique": (('/{path.name}"', '/memo"'),),
    "sources-name-no-machine": (('f"file:{self.options.name}/{path.name}"', "str(path)"),),
    "moving-changes-nothing": (
        ("{self.options.name}/{path.name}", "{path.parents[2].name}/{path.name}"),
    ),
    "addresses-are-canonical": (("url=None", 'url="http://Example.org/a?utm_source=x#y"'),),
    "dates-are-sound": (("published_at=day", 'published_at="2999-01-01"'),),
    "zones-change-nothing": (
        (
            "published_at=day",
            "published_at=datetime.datetime.fromtimestamp(1_700_000_000).astimezone()",
        ),
    ),
    "provenance-is-stated": (('kind="article"', 'kind="article", tags=["a, b"]'),),
    "text-is-markdown": (("text=body", 'text="<div>" + body + "&nbsp;"'),),
    "private-stays-private": (('kind="article"', 'kind="message"'),),
    "stopping-early-is-harmless": (
        (
            YIELD,
            "            self.cache.mkdir(parents=True, exist_ok=True)\n"
            "            seen = self.cache / path.name\n"
            "            if seen.exists():\n"
            "                continue\n"
            "            seen.touch()\n" + YIELD,
        ),
    ),
    "leaves-the-source-alone": ((YIELD, '            (root / "seen").touch()\n' + YIELD),),
    "takes-each-path-alike": (("root = Path(source)", 'root = Path(source.rstrip("/"))'),),
    "what-is-missing-is-told": ((', "name the folder of the memos"', ""),),
    "it-claims-its-example": (("directories=True", "directories=False"),),
    "it-accounts-for-every-item": (
        (YIELD, '            self.report.skipped(path.name + ".bak", "")\n' + YIELD),
    ),
    "a-refresh-changes-nothing": (
        (
            "title=title,",
            "title=title, tags=[f'{id(object()):x}', datetime.datetime.now().isoformat()],",
        ),
    ),
    "a-change-is-seen": (('        memos["ford"] += "There is no water in June.\\n"\n', ""),),
    "an-empty-source-is-no-crash": ((LOOP, f"        first = next(root.glob('*.memo'))\n{LOOP}"),),
    "damage-stays-where-it-is": (
        (
            (
                "            except UnicodeDecodeError:\n                self.report.failed(path.name, "
                '"it is not in UTF-8")\n                continue\n'
            ),
            "            finally:\n                pass\n",
        ),
    ),
    "memory-is-bounded": (
        (
            (
                '                self.report.failed(path.name, "it is larger than a memo can be")\n'
                "                continue\n"
            ),
            (
                "                whole = path.read_bytes()\n"
                "                many = [bytearray(whole) for _ in range(16)]\n"
                "                continue\n"
            ),
        ),
        ('filenames=("heron.memo", "ford.memo", "bridge.memo"), ', 'suffixes=(".memo",), '),
    ),
    "nothing-is-asked-of-the-network": (
        (
            LOOP,
            "        import contextlib, socket\n"
            "        with contextlib.suppress(OSError):\n"
            "            socket.getaddrinfo('localhost', 80)\n" + LOOP,
        ),
    ),
    "enrichments-are-names": (('topics=("memos",)', "topics=(document.text * 9,)"),),
    "enriching-is-steady": (('topics=("memos",)', "topics=(str(datetime.datetime.now()),)"),),
    "ends-what-it-starts": (
        (
            LOOP,
            "        threading.Thread(target=threading.Event().wait, daemon=True).start()\n" + LOOP,
        ),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_plugin_bad_in_one_way_fails_that_check_and_is_told_how_to_mend_it(
    make: Make, name: str
) -> None:
    bad = make(*BAD[name])
    [check] = [check for check in CHECKS if name_of(check) == name]
    result = run(check, bad)
    assert result.state is State.UNMET
    assert result.message
    assert result.hint
    assert "the plugin raised this" not in result.hint


@pytest.mark.parametrize(("typed", "module"), [(False, False), (True, True)])
def test_types_that_nobody_can_use_are_told(make: Make, *, typed: bool, module: bool) -> None:
    result = run(checks.packaging.typed, make(typed=typed, module=module))
    assert result.state is State.UNMET
    assert "py.typed" in result.message + result.hint


def test_a_reader_of_pages_that_takes_a_wall_for_writing_is_told(make: Make) -> None:
    reading = (
        "        import urllib.request\n"
        "        text = urllib.request.urlopen(source).read().decode()\n"
        "        yield twin.make_document(source=source, text=text, platform='web')\n"
        "        return\n"
    )
    bad = make(
        ("        root = Path(source)\n", f"{reading}        root = Path(source)\n"),
        ("    return str(root)", '    return "http://127.0.0.1:9/"'),
        ('filenames=("heron.memo", "ford.memo", "bridge.memo"), directories=True', 'hosts=("*",)'),
    )
    result = run(checks.living.walls_are_no_writing, bad)
    assert result.state is State.UNMET
    assert "Cloudflare" in result.message


def test_each_of_our_plugins_is_tested_with_the_kit() -> None:
    root = Path(__file__).parent.parent.parent / "plugins"
    for folder in root.glob("twin-*"):
        if "[project.entry-points.twin]" not in (folder / "pyproject.toml").read_text("utf-8"):
            continue  # not a plugin of twin, but of what it calls
        tests = [path.read_text("utf-8") for path in (folder / "tests").glob("test_*.py")]
        assert any("(PluginContract)" in text for text in tests), folder.name


def test_every_check_has_its_bad_plugin() -> None:
    elsewhere = {"typed", "walls-are-no-writing"}
    assert {*BAD, *elsewhere} == {name_of(check) for check in CHECKS}


def test_a_reader_without_an_example_is_told_to_bring_one(make: Make) -> None:
    result = run(checks.reading.gives_documents, make((", example=example", "")))
    assert "brings no example" in result.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_plugin_just_begun_meets_every_check(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"begun-{kind}"
    folder = write_plugin(name, kind, tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    source = folder / "src"
    info = source / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    needed = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.3\nName: {name}\nVersion: {project['version']}\n"
        f"Summary: {project['description']}\nLicense-Expression: {project['license']}\n"
        f"Requires-Python: {project['requires-python']}\n{needed}\n"
        + (folder / project["readme"]).read_text("utf-8")
    )
    [(point, package)] = project["entry-points"]["twin"].items()
    (info / "entry_points.txt").write_text(f"[twin]\n{point} = {package}\n")
    monkeypatch.syspath_prepend(source)
    monkeypatch.setenv("PYTHONPATH", str(source))
    unmet = [r for r in checks.results(subject(point)) if r.state is State.UNMET]
    assert unmet == []
    monkeypatch.delitem(sys.modules, package)


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twin.cli", "plugins", "test", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_tells_each_check_and_how_to_mend_it(make: Make) -> None:
    bad = make((SUMMARY, 'summary=""'))
    done = cli(bad.plugin.name)
    assert done.returncode == 1
    assert "FAIL summarised" in done.stdout
    assert "hint: as in summary=" in done.stdout
    assert "1 not met" in done.stdout
    told = json.loads(cli(bad.plugin.name, "--json").stdout)
    assert told["met"] is False
    assert [row["check"] for row in told["checks"] if row["state"] == "not met"] == ["summarised"]


def test_a_plugin_that_is_not_there_is_told() -> None:
    done = cli("no-such-plugin")
    assert done.returncode == 2
    assert "there is no plugin 'no-such-plugin'" in done.stderr
    assert "hint: installed:" in done.stderr
