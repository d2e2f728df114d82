"""Try a plugin in a process of its own, where it can break nothing.

In: the name of an installed distribution. Out: its `Plugin`s as `Offered`, or a `PluginError` that
says how it broke: by an error, by ending the process, by a crash, or by never coming back.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distribution as installed_distribution
from pathlib import Path
from typing import Final

from twin import hookspecs
from twin.errors import PluginError
from twin.plugins import discover

DEFAULT_TIMEOUT: Final = 20.0
"""Seconds that a plugin may take to be imported and listed. A heavy import takes about five."""

TAIL: Final = 2000
"""Characters of a broken plugin's own output that are shown."""


class DeadProcess(PluginError):
    """A plugin hangs its process, ends it, or crashes it: nothing can catch that."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A component that a plugin offers, as the other process told it."""

    hook: str
    noun: str
    name: str
    summary: str


def probe(
    distribution: str, *, timeout: float = DEFAULT_TIMEOUT, disabled: Sequence[str] = ()
) -> tuple[Offered, ...]:
    """Import the plugins of one distribution in a child process, and return what they offer.

    Args:
        distribution: the name of an installed distribution.
        timeout: seconds until the child must have ended.
        disabled: names of plugins that must not be imported.

    Raises:
        DeadProcess: if it ends its process, crashes or hangs.
        PluginError: if it fails otherwise, or is no plugin.
    """
    with tempfile.TemporaryDirectory(prefix="twin-probe-") as folder:
        report, output = Path(folder, "report.json"), Path(folder, "output.txt")
        status = _run_child([distribution, str(report), *disabled], output, timeout)
        said = output.read_text("utf-8", "replace").strip()[-TAIL:]
        if status is None:
            what = "keeps its process from ending" if report.exists() else "was still importing"
            message = f"{distribution} {what} after {timeout:g} s"
            raise DeadProcess(message, "give it more time with --timeout, if it needs it")
        if not report.exists():
            message = f"{distribution} {_ending(status)} while it was imported"
            raise DeadProcess(f"{message}:\n{said}" if said else message)
        told = json.loads(report.read_text("utf-8"))
    if told["failures"]:
        message = f"{distribution} cannot be used: {'; '.join(told['failures'])}"
        raise PluginError(message)
    return tuple(Offered(**component) for component in told["components"])


def _run_child(arguments: Sequence[str], output: Path, timeout: float) -> int | None:
    """Return the child's exit status, None if it had to be killed."""
    command = [sys.executable, "-P", "-X", "faulthandler", "-m", "twin.installing.probing"]
    # A file, not a pipe: a grandchild that lives on would keep a pipe open for ever.
    with (
        output.open("wb") as sink,
        subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as child,
    ):
        try:
            return child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end_group(child.pid)


def _end_group(pid: int) -> None:
    """Kill whatever the plugin started, and the child itself if it still runs."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended its process (exit status {status})"
    try:
        return f"crashed its process ({signal.Signals(-status).name})"
    except ValueError:
        return f"crashed its process (signal {-status})"


def _tell(distribution: str, report: Path, disabled: Sequence[str]) -> None:
    """Load the plugins of a distribution and write down what they are; runs in the child."""
    try:
        points = installed_distribution(distribution).entry_points
        plugins = discover(disabled, points.select(group=hookspecs.PROJECT)).plugins
        failures = [f"the plugin {p.name!r}: {p.failure}" for p in plugins if p.failure]
    except Exception as error:  # noqa: BLE001 - metadata that cannot be read are a finding too
        plugins, failures = (), [f"{type(error).__name__}: {error}"]
    if not plugins and not failures:
        failures = [f"it has no entry point in the group {hookspecs.PROJECT!r}"]
    components = [
        {
            "hook": provided.component.hook,
            "noun": provided.component.noun,
            "name": provided.component.name,
            "summary": provided.component.summary,
        }
        for plugin in plugins
        for provided in plugin.provides
    ]
    unfinished = report.with_suffix(".part")
    unfinished.write_text(json.dumps({"failures": failures, "components": components}), "utf-8")
    unfinished.replace(report)


if __name__ == "__main__":
    _tell(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
