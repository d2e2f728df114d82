"""`twin doctor`: check everything the twin rests on.

In: a home. Out: each check with its state and, where it is not well, how to mend it. Nothing is
changed, and one check that breaks never hides another.
"""

import importlib.util
import os
import sqlite3
import sys
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

import click

from twin import hookspecs
from twin.cli import output
from twin.cli.model_checks import BAD, FAIR, GOOD, model_checks
from twin.errors import ComponentUnavailable, PluginError, TwinError
from twin.home import Home
from twin.installing.probing import DeadProcess, probe
from twin.plugins import discover, normal_name


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        state: ``ok``, ``note`` (works, but could be better) or ``broken``.
        mend: what to do; empty where nothing needs doing.
    """

    name: str
    state: str
    what: str
    mend: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a plugin may take to be imported.",
)
@click.option(
    "--run",
    default="",
    metavar="RUN",
    help="A training run, or a folder with a tokenizer, that the chat models must agree with.",
)
@click.pass_obj
def doctor_command(home_option: Path | None, *, as_json: bool, timeout: float, run: str) -> int:
    """Check everything the twin rests on: what, state, and how to mend it.

    Each plugin is imported in a process of its own first; one that hangs or ends its process is
    named, and the other checks go on without it. Each language model is asked what it serves; one that
    names the run that trained it must read a conversation as that run's tokenizer does.
    """
    checks = {"plugins": partial(_plugins, timeout=timeout)}
    with Home(home_option) as home, output.waiting("checking"):
        done = [_run(name, checks.get(name, check), home) for name, check in CHECKS.items()]
        done += [_run(name, check, home) for name, check in model_checks(home, run).items()]
    if as_json:
        output.emit_json([asdict(check) for check in done])
    else:
        output.table(
            ["check", "state", "what"], [[check.name, check.state, check.what] for check in done]
        )
        for check in done:
            if check.mend:
                click.echo(f"{check.name}: {check.mend}")
    return 1 if any(check.state == BAD for check in done) else 0


def _run(name: str, check: Callable[[Home], tuple[str, str, str]], home: Home) -> Check:
    try:
        return Check(name, *check(home))
    except TwinError as error:
        return Check(name, BAD, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - the boundary of one check
        # What the disk or a file in the home does is no bug, as in `twin.cli.run`.
        files = isinstance(error, OSError | sqlite3.Error)
        mend = "is the disk full, or the home not yours?" if files else "this is a bug: report it"
        return Check(name, BAD, f"{type(error).__name__}: {error}", mend)


def _python(home: Home) -> tuple[str, str, str]:
    del home
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] <= (3, 12)
    return GOOD if good else FAIR, f"Python {version}", "" if good else "use Python 3.11 or 3.12"


def _folder(home: Home) -> tuple[str, str, str]:
    if not home.folder.exists():
        return FAIR, f"{home.folder} is not there yet", "`twin init` makes it"
    if not os.access(home.folder, os.W_OK):
        return BAD, f"{home.folder} cannot be written", "give yourself the right to write there"
    return GOOD, str(home.folder), ""


def _settings(home: Home) -> tuple[str, str, str]:
    _ = home.settings
    there = home.settings_path.exists()
    return GOOD, str(home.settings_path) if there else "defaults, without a twin.toml", ""


def _plugins(home: Home, timeout: float = 20.0) -> tuple[str, str, str]:
    disabled = home.settings.plugins.disabled
    unfit = _unfit(disabled, timeout)
    if unfit:
        # From here on nothing imports them, so that the other checks can be made.
        home.plugins = discover([*disabled, *unfit])
    failures = home.plugins.failures
    conflicts = [str(conflict) for conflict in home.plugins.conflicts()]
    if unfit:
        names = ", ".join(f'"{name}"' for name in (*disabled, *unfit))
        lines = [*unfit.values(), *(f"{f.name}: {f.failure}" for f in failures), *conflicts]
        mend = f"uninstall {', '.join(unfit)}, or in twin.toml: [plugins] disabled = [{names}]"
        return BAD, "; ".join(lines), mend
    if failures or conflicts:
        lines = [f"{f.distribution or f.name} {f.version}: {f.failure}" for f in failures]
        return FAIR, "; ".join([*lines, *conflicts]), "mend, uninstall or disable what is named"
    return GOOD, f"{len(home.plugins.plugins)} loaded", ""


def _unfit(disabled: Collection[str], timeout: float) -> dict[str, str]:
    """Return the distributions whose plugins never come back or end the process, each with how."""
    off = {normal_name(name) for name in disabled}
    names = {
        point.dist.name: None
        for point in entry_points(group=hookspecs.PROJECT)
        if point.dist is not None
        and not {normal_name(point.name), normal_name(point.dist.name)} & off
    }

    def attempt(name: str) -> str:
        try:
            probe(name, timeout=timeout, disabled=tuple(disabled))
        except DeadProcess as error:
            return error.message
        except PluginError:
            # An error is no danger: it is caught and named where the plugins are loaded.
            return ""
        return ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(names, pool.map(attempt, names), strict=True))
    return {name: failure for name, failure in found.items() if failure}


def _components(home: Home) -> tuple[str, str, str]:
    _ = home.registry
    return GOOD, "everything that the settings name is there", ""


def _warehouse(home: Home) -> tuple[str, str, str]:
    counts = home.warehouse.counts()
    return GOOD, f"{home.settings.warehouse.engine}: {counts.documents:,} documents", ""


def _embedder(home: Home) -> tuple[str, str, str]:
    info = home.embedder.info()
    return GOOD, f"{info.embedder}, {info.dimension} dimensions", ""


def _index(home: Home) -> tuple[str, str, str]:
    home.index.open()
    backlog = home.warehouse.backlog(home.warehouse.cursor(home.consumer))
    failed = len(home.ledger.failures())
    what = f"{home.index.store.count():,} points, {backlog} documents behind, {failed} failed"
    return (FAIR, what, "run `twin sync`") if backlog or failed else (GOOD, what, "")


def _rerankers(home: Home) -> tuple[str, str, str]:
    names = []
    for name, build in home.registry.rerankers():
        try:
            build()
        except ComponentUnavailable as error:
            return FAIR, f"{name}: {error.message}; search goes on without it", error.hint
        names.append(name)
    return GOOD, ", ".join(names) or "none is set", ""


def _entailment(home: Home) -> tuple[str, str, str]:
    made_by = home.registry.entailment()
    if made_by is None:
        return GOOD, "none is set: words and the embedder judge citations", ""
    name, build = made_by
    said = "The tide waits for nobody."
    try:
        same, denied = build()([(said, said), (said, "The tide waits for everybody.")])
    except ComponentUnavailable as error:
        what = f"{name}: {error.message}; citations are checked without it"
        return FAIR, what, error.hint
    if same <= denied:
        what = f"{name}: it gives a sentence {same:.2f} of itself, and {denied:.2f} of its contrary"
        return FAIR, what, "is it a model for NLI, and `label` the number of entailment?"
    return GOOD, name, ""


def _page(home: Home) -> tuple[str, str, str]:
    del home
    if importlib.util.find_spec("chainlit") is None:
        return FAIR, "the chat extra is not installed", "pip install 'twin[chat]'"
    return GOOD, "chainlit is installed", ""


def _tracing(home: Home) -> tuple[str, str, str]:
    from twin.observe.targets import collector, langfuse  # noqa: PLC0415

    keys, plain = langfuse(os.environ), collector(os.environ)
    if keys is None and plain is None:
        return GOOD, "off: no keys in the environment", ""
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        return FAIR, "keys are set, but the trace extra is missing", "pip install 'twin[trace]'"
    kept = sum(1 for _ in (home.folder / "traces").glob("*/[0-9]*"))
    waiting = f", {kept} batches wait to be sent" if kept else ""
    if keys is None:
        return GOOD, f"to {plain.shown if plain else ''}{waiting}", ""
    from twin.observe.api import Langfuse  # noqa: PLC0415

    with Langfuse(keys) as client:
        try:
            project = client.project()
        except TwinError as error:
            return FAIR, f"{error.message}{waiting}", error.hint
    return GOOD, f"Langfuse at {keys.base_url}, project {project}{waiting}", ""


def _training(home: Home) -> tuple[str, str, str]:
    """Whether Axolotl is there, and whether the newest result was trained as it will be served."""
    from twin.training import environment, parity, runs  # noqa: PLC0415

    settings = home.settings.training
    folder = environment.place(settings, home.folder)
    if not settings.environment and not folder.exists():
        return GOOD, "no Axolotl yet; `twin train setup` makes its environment", ""
    axolotl = environment.find(settings, home.folder)
    what = f"axolotl {axolotl.versions['axolotl']}, torch {axolotl.versions['torch']}"
    done = [run for run in runs.runs(home.folder) if run.state is runs.State.DONE]
    if not done:
        return GOOD, f"{what}; no run yet", ""
    newest = done[-1]
    found = parity.kept(newest) or parity.check(newest, axolotl)
    if found.good:
        return GOOD, f"{what}; {newest.id} was trained on the tokens that are served", ""
    mend = "name in its file the chat_template that the server uses, and train again"
    return FAIR, f"{newest.id}: {found.first}", mend


CHECKS: dict[str, Callable[[Home], tuple[str, str, str]]] = {
    "python": _python,
    "home": _folder,
    "settings": _settings,
    "plugins": _plugins,
    "components": _components,
    "warehouse": _warehouse,
    "embedder": _embedder,
    "index": _index,
    "reranker": _rerankers,
    "entailment": _entailment,
    "chat page": _page,
    "tracing": _tracing,
    "training": _training,
}
