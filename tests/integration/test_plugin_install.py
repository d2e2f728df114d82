"""`twin install`, `twin uninstall` and `twin plugins` in throw-away environments, with real pip."""

import json
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

import twin
from twin.scaffolding import KINDS, write_plugin

REPOSITORY = Path(twin.__file__).parent.parent

# A project that is its own build backend: a plugin of one module, built from nothing but Python.
BACKEND = """
import base64, hashlib, zipfile
from pathlib import Path

NAME, VERSION, POINTS = {name!r}, {version!r}, {points!r}

def _wheel(folder, files):
    package = NAME.replace("-", "_")
    info = f"{{package}}-{{VERSION}}.dist-info"
    files[f"{{info}}/METADATA"] = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n"
    files[f"{{info}}/WHEEL"] = (
        "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    )
    if POINTS:
        files[f"{{info}}/entry_points.txt"] = POINTS
    files[f"{{info}}/RECORD"] = "".join(f"{{path}},,\\n" for path in [*files, f"{{info}}/RECORD"])
    name = f"{{package}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    package = NAME.replace("-", "_")
    return _wheel(folder, {{f"{{package}}.py": Path(f"{{package}}.py").read_text("utf-8")}})

def build_editable(folder, config_settings=None, metadata_directory=None):
    package = NAME.replace("-", "_")
    return _wheel(folder, {{f"{{package}}.pth": str(Path.cwd()) + "\\n"}})
"""

WORKS = """
import twin

def build(options, ctx):
    return lambda document: []

@twin.hookimpl
def twin_cleaners():
    yield twin.CleanerComponent(
        name={component!r}, summary="of a test", options=twin.NoOptions, build=build
    )
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment on top of the one that runs the tests."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Python command line in it."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TWIN_")}
        inherited.pop("PYTHONPATH", None)
        return subprocess.run(
            [str(self.folder / "bin" / "python"), *arguments],
            env={**inherited, "TWIN_HOME": str(self.folder / "home"), "COLUMNS": "200"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def twin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the product's command line in it."""
        return self.run("-m", "twin.cli", *arguments)

    def plugins(self) -> dict[str, dict[str, object]]:
        """Return what ``twin plugins --json`` says, by distribution."""
        done = self.twin("plugins", "--json")
        assert done.returncode == 0, done.stderr
        return {p["distribution"]: p for p in json.loads(done.stdout)["plugins"]}

    @property
    def packages(self) -> Path:
        """Its own site-packages."""
        return next((self.folder / "lib").glob("python*/site-packages"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    made = Environment(folder)
    outer = [path for path in sys.path if path.endswith("-packages")]
    lines = [f"import site; site.addsitedir({path!r})" for path in outer]
    (made.packages / "outer.pth").write_text("\n".join([*lines, str(REPOSITORY)]) + "\n")
    try:
        version("twin")
    except PackageNotFoundError:
        info = made.packages / f"twin-{twin.__version__}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: twin\nVersion: {twin.__version__}\n"
        )
        (info / "RECORD").write_text("")
    return made


def project(
    into: Path,
    name: str,
    module: str,
    *,
    release: str = "1.0",
    points: str | None = None,
) -> Path:
    folder = into / f"{name}-{release}"
    folder.mkdir()
    package = name.replace("-", "_")
    if points is None:
        points = f"[twin]\n{name} = {package}\n"
    (folder / f"{package}.py").write_text(module, "utf-8")
    (folder / "backend.py").write_text(
        BACKEND.format(name=name, version=release, points=points), "utf-8"
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n', "utf-8"
    )
    return folder


def test_a_plugin_comes_and_goes(environment: Environment, tmp_path: Path) -> None:
    folder = project(tmp_path, "twin-comes", WORKS.format(component="comes"))
    done = environment.twin("install", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "installed: twin-comes 1.0 (cleaner comes)\n"
    assert environment.plugins()["twin-comes"]["state"] == "loaded"
    home = environment.folder / "home"
    home.mkdir(exist_ok=True)
    (home / "twin.toml").write_text('[ingest]\ncleaners = ["boilerplate", "comes"]\n')
    gone = environment.twin("uninstall", "twin_comes")
    (home / "twin.toml").unlink()
    assert gone.stdout == "removed: twin-comes 1.0\n"
    assert "ingest.cleaners[1] = 'comes' needs it" in gone.stderr
    assert "twin-comes" not in environment.plugins()


@pytest.mark.parametrize(
    ("name", "module", "reason"),
    [
        ("twin-raises", "1 / 0", "ZeroDivisionError: division by zero"),
        ("twin-exits", "import os; os._exit(0)", "ended its process (exit status 0)"),
        ("twin-sysexit", "raise SystemExit(3)", "SystemExit: 3"),
        (
            "twin-crashes",
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            "crashed its process (SIGSEGV)",
        ),
        ("twin-hangs", "import time; time.sleep(600)", "was still importing after 4 s"),
        (
            "twin-lingers",
            WORKS.format(component="lingers")
            + "\nimport threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()",
            "keeps its process from ending after 4 s",
        ),
        (
            "twin-misspells",
            "import twin\n@twin.hookimpl\ndef twin_reader():\n    yield\n",
            "unknown hook 'twin_reader'",
        ),
        ("twin-rubbish", "import twin\n@twin.hookimpl\ndef twin_llms():\n    yield 3\n", "no LLMC"),
    ],
)
def test_a_plugin_that_does_not_work_is_gone_again(
    environment: Environment, tmp_path: Path, name: str, module: str, reason: str
) -> None:
    before = sorted(path.name for path in environment.packages.iterdir())
    done = environment.twin("install", str(project(tmp_path, name, module)), "--timeout", "4")
    assert done.returncode == 1
    assert reason in done.stderr
    assert "hint:" in done.stderr
    assert "it was not installed; nothing was changed" in done.stderr
    assert sorted(path.name for path in environment.packages.iterdir()) == before


def test_what_is_no_plugin_is_gone_again(environment: Environment, tmp_path: Path) -> None:
    folder = project(tmp_path, "no-plugin", "value = 1", points="")
    done = environment.twin("install", str(folder))
    assert done.returncode == 1
    assert "it has no entry point in the group 'twin'" in done.stderr
    assert not list(environment.packages.glob("no_plugin*"))


def test_the_version_that_worked_comes_back(environment: Environment, tmp_path: Path) -> None:
    works = project(tmp_path, "twin-turns", WORKS.format(component="turns"))
    broken = project(tmp_path, "twin-turns", "import no_such_module", release="2.0")
    assert environment.twin("install", str(works)).returncode == 0
    done = environment.twin("install", str(broken))
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert "twin-turns 1.0 is back as it was" in done.stderr
    found = environment.plugins()["twin-turns"]
    assert (found["version"], found["state"]) == ("1.0", "loaded")
    better = project(tmp_path, "twin-turns", WORKS.format(component="turns"), release="3.0")
    done = environment.twin("install", str(better))
    assert done.returncode == 0
    assert "it replaces version 1.0; `twin install twin-turns==1.0` goes back" in done.stderr
    assert environment.twin("uninstall", "twin-turns").returncode == 0


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        (WORKS.format(component="theirs"), "it overwrites what belongs to twin-first: "),
        ("1 / 0", "it overwrites what belongs to twin-first: "),
    ],
)
def test_a_module_of_another_plugin_is_never_lost(
    environment: Environment, tmp_path: Path, theirs: str, reason: str
) -> None:
    first = project(tmp_path, "twin-first", WORKS.format(component="first"))
    assert environment.twin("install", str(first)).returncode == 0
    # Another distribution with a module of the same name.
    second = project(tmp_path, "twin-second", theirs, points="[twin]\ntwin-second = twin_first\n")
    (second / "twin_second.py").rename(second / "twin_first.py")
    backend = (second / "backend.py").read_text("utf-8")
    renamed = backend.replace(
        '{f"{package}.py": Path(f"{package}.py")', '{"twin_first.py": Path("twin_first.py")'
    )
    assert renamed != backend
    (second / "backend.py").write_text(renamed, "utf-8")
    done = environment.twin("install", str(second))
    assert done.returncode == 1
    assert reason in done.stderr
    assert "twin_first.py" in done.stderr
    found = environment.plugins()
    assert "twin-second" not in found
    assert found["twin-first"]["state"] == "loaded"
    assert environment.twin("uninstall", "twin-first").returncode == 0


def test_a_name_that_is_taken_is_told(environment: Environment, tmp_path: Path) -> None:
    one = project(tmp_path, "twin-one", WORKS.format(component="same"))
    two = project(tmp_path, "twin-two", WORKS.format(component="same"))
    assert environment.twin("install", str(one)).stderr == ""
    done = environment.twin("install", str(two))
    assert done.returncode == 0
    assert "the cleaner 'same' is also provided by twin-one 1.0" in done.stderr
    listed = environment.twin("plugins")
    assert "the cleaner 'same' is provided by twin-one 1.0 and twin-two 1.0" in listed.stdout
    assert environment.twin("uninstall", "twin-one", "twin-two").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["uninstall", "twin"], "twin does not remove itself"),
        (["uninstall", "pytest"], "pytest is no plugin of twin"),
        (["uninstall", "twin-nowhere"], "there is no plugin 'twin-nowhere'"),
        (["install", "./nowhere"], "there is nothing at ./nowhere"),
        (["install", "."], ". is no Python project"),
        (["install", "-e", "twin-x"], "--editable is for project folders alone"),
        (["install", "--index-url=x"], "No such option"),
        (["install", "--", "--index-url=x"], "neither a package name nor a path"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    environment: Environment, arguments: list[str], reason: str
) -> None:
    done = environment.twin(*arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_named_like_a_package_is_not_fetched(
    environment: Environment, tmp_path: Path
) -> None:
    folder = project(tmp_path, "twin-here", WORKS.format(component="here"))
    folder.rename(environment.folder / "twin-here")
    done = environment.twin("install", "twin-here")
    assert done.returncode == 2
    assert "write ./twin-here for the folder" in done.stderr
    assert environment.twin("install", "-e", "./twin-here").returncode == 0
    assert environment.twin("uninstall", "twin-here").returncode == 0


def test_broken_plugins_are_listed_beside_those_that_work(
    environment: Environment, tmp_path: Path
) -> None:
    for name, module, points in [
        ("good", WORKS.format(component="good"), "[twin]\ngood = good_one\n"),
        ("bad", "1 / 0", "[twin]\nbad = bad_one\n"),
        ("nameless", "", "[twin]\nnameless = bad_one\n"),
    ]:
        (tmp_path / f"{name}_one.py").write_text(module)
        info = tmp_path / f"twin_{name}-1.0.dist-info"
        info.mkdir()
        if name != "nameless":
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: twin-{name}\nVersion: 1.0\n"
            )
        (info / "entry_points.txt").write_text(points)
    (environment.packages / "more.pth").write_text(f"{tmp_path}\n")
    try:
        done = environment.twin("plugins", "--json")
    finally:
        (environment.packages / "more.pth").unlink()
    assert done.returncode == 0, done.stderr
    told = {p["name"]: p for p in json.loads(done.stdout)["plugins"]}
    assert told["good"]["state"] == "loaded"
    assert told["bad"]["failure"] == "ZeroDivisionError: division by zero"
    assert told["nameless"]["state"] == "failed"


def test_settings_that_are_broken_do_not_hide_the_plugins(environment: Environment) -> None:
    home = environment.folder / "broken-home"
    home.mkdir()
    (home / "twin.toml").write_text("nonsense = [\n")
    done = environment.twin("--home", str(home), "plugins", "--json")
    assert done.returncode == 0
    assert "twin.toml" in json.loads(done.stdout)["settings_error"]
    assert "warning: 1 mistake in the settings" in done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    into = tmp_path_factory.mktemp("written")
    return {kind: write_plugin(f"twin-my-{kind}", kind, into) for kind in KINDS}


def _tool(*arguments: str, cwd: Path, paths: list[Path] | None = None) -> None:
    found = os.pathsep.join(map(str, [*(paths or []), REPOSITORY]))
    environment = {**os.environ, "PYTHONPATH": found, "MYPYPATH": found}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_new_writes_passes_its_own_tests(written: dict[str, Path]) -> None:
    sources = [folder / "src" for folder in written.values()]
    tests = [str(folder / "tests") for folder in written.values()]
    _tool(
        "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio", "-c", os.devnull, *tests,
        cwd=sources[0].parent.parent, paths=sources,
    )  # fmt: skip


def test_what_new_writes_is_clean(written: dict[str, Path]) -> None:
    for folder in written.values():
        _tool("ruff", "check", "--no-cache", ".", cwd=folder)
        _tool("ruff", "format", "--no-cache", "--check", ".", cwd=folder)
    sources = [folder / "src" for folder in written.values()]
    modules = [str(path) for source in sources for path in source.iterdir()]
    # The cache that `make lint` leaves spares a minute of reading LlamaIndex again.
    options = ["--strict", "--python-version", "3.11"]
    options += ["--cache-dir", str(REPOSITORY / ".mypy_cache")]
    _tool("mypy", *options, *modules, cwd=sources[0].parent.parent, paths=sources)


def ingested(environment: Environment, source: Path, folder: Path) -> list[dict[str, object]]:
    """Take a source into a new home, and return what the warehouse then holds."""
    home = str(folder / "home")
    taken = environment.twin("--home", home, "ingest", str(source), "--no-index", "--json")
    assert taken.returncode == 0, taken.stderr
    dump = folder / "dump.jsonl"
    dumped = environment.twin("--home", home, "warehouse", "export", str(dump))
    assert dumped.returncode == 0, dumped.stderr
    lines = [json.loads(line) for line in dump.read_text("utf-8").splitlines()]
    found = [line["document"] for line in lines if "document" in line]
    return [{**document, **document["versions"][-1]} for document in found]


@pytest.fixture
def backend() -> None:
    if find_spec("hatchling") is None:
        pytest.skip("the build backend hatchling is not installed, and may not be fetched")


@pytest.mark.usefixtures("backend")
def test_the_example_of_the_guide_works(environment: Environment, tmp_path: Path) -> None:
    guide = (REPOSITORY / "docs" / "plugins.md").read_text("utf-8")
    section = guide.partition("## A complete one")[2].partition("\n## ")[0]
    project_file, module = re.findall(r"```(?:toml|python)\n(.*?)```", section, re.DOTALL)
    folder = tmp_path / "quotations"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(project_file, "utf-8")
    (folder / "twin_quotations.py").write_text(module, "utf-8")
    (folder / "some.quotes").write_text("Tea is best black.\n\nMilk is a mistake.\n", "utf-8")
    done = environment.twin("install", str(folder))
    assert done.stdout == "installed: twin-quotations 0.1.0 (reader quotations)\n", done.stderr
    found = ingested(environment, folder / "some.quotes", tmp_path)
    checked = json.loads(environment.twin("plugins", "test", "quotations", "--json").stdout)
    assert environment.twin("uninstall", "quotations").returncode == 0
    states = {check["check"]: check["state"] for check in checked["checks"]}
    assert f"meet {list(states.values()).count('met')}, two do" in guide
    assert states["no-machine-paths"] == "met"
    assert [document["source"] for document in found] == [
        "file:quotations/some.quotes#1",
        "file:quotations/some.quotes#3",
    ]


@pytest.mark.usefixtures("backend")
def test_what_new_writes_is_installed_and_read_with(
    environment: Environment, written: dict[str, Path], tmp_path: Path
) -> None:
    folder = written["reader"]
    done = environment.twin("install", "-e", str(folder))
    assert done.returncode == 0, done.stderr
    assert "reader my-reader" in done.stdout
    source = folder / "examples" / "sample.journal"
    found = ingested(environment, source, tmp_path)
    assert [(d["title"], d["published_at"], d["audience"]) for d in found] == [
        ("A walk to the weir", "2024-03-01", "private"),
        ("", "2024-03-09", "private"),
        ("Later", "2024-03-09", "private"),
    ]
    assert environment.twin("uninstall", "my-reader").returncode == 0


@pytest.mark.parametrize("name", ["twin", "json", "class", "", "-x", "a/b", "Zoë", "x" * 41, "9x"])
def test_new_refuses_a_name_that_cannot_be_one(
    environment: Environment, tmp_path: Path, name: str
) -> None:
    done = environment.twin("plugins", "new", "--into", str(tmp_path), "--", name)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_new_writes_over_nothing(environment: Environment, tmp_path: Path) -> None:
    first = environment.twin("plugins", "new", "Notes.Of_mine", "--into", str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert "twin-notes-of-mine" in first.stderr
    assert (tmp_path / "notes-of-mine" / "src" / "notes_of_mine" / "reader.py").is_file()
    again = environment.twin("plugins", "new", "notes-of-mine", "--into", str(tmp_path))
    assert again.returncode == 2
    assert "is there already" in again.stderr
