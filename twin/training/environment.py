"""Axolotl's own environment: made in the home, or one that a person has already.

In: the home and `[training]` of twin.toml. Out: an `Axolotl`, whose versions were checked, or an
error that says what to do. Axolotl pins some forty common packages exactly, so it never shares the
product's environment.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from twin.errors import AxolotlMissing, DiskFull, TrainingError
from twin.resources import resource
from twin.tables import TrainingSettings

FOLDER: Final = "axolotl"
"""Of the environment, in the home."""

REQUIREMENTS: Final = ("torch==2.13.0", "axolotl==0.19.0")
"""What `twin train setup` installs: the newest Axolotl for Python 3.11, and a torch that it takes."""

SUPPORTED: Final = SpecifierSet(">=0.19,<0.22")
"""Versions of Axolotl whose keys and hooks this code was written for."""

NEEDED: Final = 6 * 2**30
"""Bytes free before it is installed: with torch for the CPU 5.2 GB were taken at most (4.3 GB stay)."""

WITH_CUDA: Final = 12 * 2**30
"""Bytes that a torch with CUDA takes: 7.8 GB stay, and pip unpacks beside them. Which torch it will
be is for pip's index to say, so with less than this it is tried, and a disk that fills is told of."""

CONSTRAINTS: Final = "axolotl_configs/constraints.txt"
"""The versions that were tested together; with them pip need not search, which takes it minutes."""

FREEZE: Final = "twin-freeze.txt"
PACKAGE: Final = "twin_axolotl"
TAIL: Final = 3000

_PROBE: Final = (
    "import json,sys\n"
    "from importlib.metadata import version, PackageNotFoundError\n"
    "def of(name):\n"
    "    try: return version(name)\n"
    "    except PackageNotFoundError: return ''\n"
    "names = ('axolotl','torch','transformers','trl','peft','bitsandbytes','accelerate','datasets','flash-attn')\n"
    "print(json.dumps({'python': '.'.join(map(str, sys.version_info[:3])), **{n: of(n) for n in names}}))\n"
)


@dataclass(frozen=True, slots=True)
class Axolotl:
    """An environment that has Axolotl.

    Attributes:
        python: its interpreter.
        versions: of Python and of the packages that decide a run, by name.
        overlay: the folder that holds our plugin, and nothing else, for PYTHONPATH.
    """

    python: Path
    versions: Mapping[str, str]
    overlay: Path

    @property
    def folder(self) -> Path:
        """The environment's folder."""
        return self.python.parent.parent

    def environ(self, *, online: bool = False) -> dict[str, str]:
        """Return the variables that everything in this environment runs with.

        Without `AXOLOTL_DO_NOT_TRACK` Axolotl sends usage data, and where there is no network it
        hangs at its exit; `HF_*_OFFLINE` keep it from asking the hub at every start.
        """
        taken = {
            name: value
            for name, value in os.environ.items()
            # Variables of the environment that runs twin would lead Python astray.
            if name not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
        }
        taken |= {
            "AXOLOTL_DO_NOT_TRACK": "1",
            "DO_NOT_TRACK": "1",
            "PYTHONPATH": str(self.overlay),
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "TOKENIZERS_PARALLELISM": "false",
            "TQDM_DISABLE": "1",
        }
        offline = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
        if online:
            return {name: value for name, value in taken.items() if name not in offline}
        return taken | dict.fromkeys(offline, "1")

    def module(self, name: str, *arguments: str, told: str = "") -> object:
        """Run one of our modules in it and return the JSON that it prints last.

        Args:
            name: of the module, as in ``twin_axolotl.schema``.
            arguments: for it.
            told: what it reads on standard input.

        Raises:
            TrainingError: if it fails, with the end of what it said.
        """
        done = subprocess.run(  # noqa: S603 - the person's own interpreter, arguments as a list
            [str(self.python), "-m", name, *arguments],
            input=told,
            env=self.environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"{name} failed in {self.folder}:\n{done.stderr.strip()[-TAIL:]}"
            raise TrainingError(message, "`twin train setup` makes the environment anew")
        return json.loads(done.stdout.strip().splitlines()[-1])


def find(settings: TrainingSettings, home: Path) -> Axolotl:
    """Return the environment that the settings name, or that of the home.

    Raises:
        AxolotlMissing: if there is none, or it holds no Axolotl.
        TrainingError: if its versions are not those that twin works with.
    """
    folder = place(settings, home)
    python = _python(folder)
    if python is None:
        message = f"there is no Axolotl: {folder} has no Python"
        raise AxolotlMissing(message, _setup_hint(settings))
    versions = probe(python)
    if not versions["axolotl"]:
        message = f"there is no Axolotl in {folder}"
        raise AxolotlMissing(message, _setup_hint(settings))
    try:
        fits = Version(versions["axolotl"]) in SUPPORTED
    except InvalidVersion:
        fits = False
    if not fits:
        message = f"{folder} has axolotl {versions['axolotl']}; twin works with {SUPPORTED}"
        hint = f"{python} -m pip install {' '.join(f'{one!r}' for one in REQUIREMENTS)}"
        raise AxolotlMissing(message, hint)
    return Axolotl(python, versions, overlay(home))


def place(settings: TrainingSettings, home: Path) -> Path:
    """Return the folder where the environment is, or will be."""
    return (home / settings.environment).expanduser() if settings.environment else home / FOLDER


def probe(python: Path) -> dict[str, str]:
    """Return the versions in an environment; an empty text for what it does not have.

    Raises:
        AxolotlMissing: if its Python does not run.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the person's own interpreter
            [str(python), "-c", _PROBE], capture_output=True, text=True, check=True, timeout=60
        )
        versions: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        message = f"{python} does not run: {error}"
        raise AxolotlMissing(message, "`twin train setup` makes it anew") from error
    return versions


def overlay(home: Path) -> Path:
    """Return a folder that holds our plugin alone, made anew where the product's copy differs.

    It lies on PYTHONPATH of a run, so nothing is installed into an environment that a person lent.

    Raises:
        TrainingError: if the product came without it.
    """
    source = _package()
    target = home / "cache" / "overlay" / PACKAGE
    wanted = {path.name: path.read_bytes() for path in sorted(source.glob("*.py"))}
    there = {path.name: path.read_bytes() for path in target.glob("*.py")}
    if wanted != there:
        target.mkdir(parents=True, exist_ok=True)
        for name in there.keys() - wanted.keys():
            (target / name).unlink()
        for name, content in wanted.items():
            unfinished = target / f"{name}.part{os.getpid()}"
            unfinished.write_bytes(content)
            unfinished.replace(target / name)
    return target.parent


def _package() -> Path:
    carried = resource(f"plugins/twin-axolotl/{PACKAGE}")
    if carried is not None:
        return carried
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = "the plugin twin-axolotl did not come with twin"
        raise TrainingError(message, "install twin anew, or `twin install ./plugins/twin-axolotl`")
    return Path(spec.submodule_search_locations[0])


def set_up(
    settings: TrainingSettings, home: Path, told: Callable[[str], None], *, verbose: bool = False
) -> Axolotl:
    """Make the environment in the home, or check the one that the settings name.

    Args:
        settings: of twin.toml.
        home: where it is made.
        told: told each line that pip prints.
        verbose: let pip write to standard error as it goes.

    Raises:
        DiskFull: if it would not fit, or did not.
        TrainingError: if pip fails; the folder that it left is removed.
    """
    folder = place(settings, home)
    python = _python(folder)
    if python is not None and probe(python)["axolotl"]:
        found = find(settings, home)
        _freeze(found)
        return found
    if settings.environment and python is None:
        message = f"training.environment names {folder}, which is no environment of Python"
        raise TrainingError(message, "correct it in twin.toml, or empty it to have one made")
    maker = settings.python or _maker()
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < NEEDED:
        message = f"the disk of {home} has {free / 2**30:.1f} GB left; Axolotl takes {NEEDED / 2**30:.0f} at least"
        raise DiskFull(message, "make room, or name another place as training.environment")
    made = python is None
    try:
        if made:
            told(f"making {folder}")
            _run([maker, "-m", "venv", str(folder)], told, verbose=verbose)
        python = _python(folder) or folder / "bin" / "python"
        told(f"installing Axolotl and torch (some minutes, 4 to 8 GB of {free / 2**30:.1f})")
        pins = resource(CONSTRAINTS)
        tested = ["--constraint", str(pins)] if pins is not None else []
        _run([str(python), "-m", "pip", "install", *tested, *REQUIREMENTS], told, verbose=verbose)
    except BaseException:
        # Half an environment would be taken for a whole one; nothing of the person's is in it.
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    found = find(settings, home)
    _freeze(found)
    return found


def freeze(axolotl: Axolotl) -> list[str]:
    """Return every package of an environment with its version, as ``pip freeze`` tells them."""
    done = subprocess.run(  # noqa: S603 - the person's own interpreter
        [str(axolotl.python), "-m", "pip", "freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def _freeze(axolotl: Axolotl) -> None:
    path = axolotl.folder / FREEZE
    if not path.exists() and os.access(axolotl.folder, os.W_OK):
        path.write_text("\n".join(freeze(axolotl)) + "\n", "utf-8")


def _run(command: list[str], told: Callable[[str], None], *, verbose: bool) -> None:
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    environ.pop("PYTHONPATH", None)
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - arguments as a list
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        for line in child.stdout or ():
            lines.append(line)
            if verbose:
                sys.stderr.write(line)
            told(line.strip()[:100])
    if child.returncode:
        said = "".join(lines)[-TAIL:].strip()
        message = f"{' '.join(command[:4])} failed:\n{said}"
        if "No space left" in said:
            raise DiskFull(
                message, f"make room: with CUDA it takes up to {WITH_CUDA / 2**30:.0f} GB"
            )
        raise TrainingError(message, "is the index reachable?")


def _python(folder: Path) -> Path | None:
    if folder.is_file():
        return folder
    found = folder / "bin" / "python"
    return found if found.exists() else None


def _maker() -> str:
    """Return a Python 3.11, which Axolotl 0.19 is installed on; this one, if it is.

    Raises:
        TrainingError: if there is none.
    """
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    found = shutil.which("python3.11")
    if found is None:
        message = "Axolotl 0.19 is installed on Python 3.11, and there is none"
        raise TrainingError(message, "install it, or name one as training.python in twin.toml")
    return found


def _setup_hint(settings: TrainingSettings) -> str:
    if settings.environment:
        return "correct training.environment in twin.toml, or empty it and run `twin train setup`"
    return "`twin train setup` makes it (some minutes, 4 to 8 GB)"
