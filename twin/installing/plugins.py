"""Install and remove plugins in the running environment, and try each before it stays.

In: package names, project folders or wheels. Out: what was installed, or a `PluginError` after
which the environment is as it was before.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from twin import hookspecs
from twin.errors import PluginError, UsageError
from twin.installing.pip import Planned, plan, run_pip, version_of
from twin.installing.probing import Offered, probe
from twin.installing.targets import distribution_name, pip_arguments
from twin.installing.undoing import undoing
from twin.plugins import OWN_DISTRIBUTION, normal_name
from twin.resources import resource
from twin.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is now installed.

    Attributes:
        replaced: the version that was there before; empty if there was none.
        unchanged: whether it was there already, and nothing was done.
    """

    name: str
    version: str
    replaced: str
    unchanged: bool
    offers: tuple[Offered, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What to install, and how.

    Attributes:
        targets: package requirements, project folders or wheels.
        editable: install folders so that edits take effect at once.
        upgrade: take the newest version even if one is installed.
        timeout: seconds a plugin may take to be imported.
        verbose: let pip write to standard error as it goes.
    """

    targets: tuple[str, ...]
    editable: bool
    upgrade: bool
    timeout: float
    verbose: bool


def install(order: Order, note: Callable[[str], None]) -> list[Installed]:
    """Install plugins, try each in a child process, and undo everything if one does not work.

    Args:
        order: what to install.
        note: told what is being done, for a status line.

    Raises:
        UsageError: if a target cannot be meant.
        PluginError: if pip fails or a plugin does not work; the environment is as it was.
    """
    own = version_of(OWN_DISTRIBUTION)
    if not own:
        message = "twin itself is not installed in this environment, so no plugin can rest on it"
        raise PluginError(message, "install it first: pip install -e . in its folder")
    asked = pip_arguments(order.targets, editable=order.editable, upgrade=order.upgrade)
    with tempfile.TemporaryDirectory(prefix="twin-install-") as name:
        folder = Path(name)
        arguments = [*_constraints(folder, own), *asked]
        note("asking pip what it would do")
        planned = plan(arguments, folder, verbose=order.verbose)
        if any(normal_name(item.name) == OWN_DISTRIBUTION for item in planned):
            message = "twin is the product itself, not a plugin of it"
            raise UsageError(message, "install or upgrade it with pip")
        before = {item.name: version_of(item.name) for item in planned}
        with undoing(before, folder / "before") as check:
            if planned:
                note(f"installing {', '.join(f'{p.name} {p.version}' for p in planned)}")
                run_pip("install", *arguments, verbose=order.verbose)
                check()
            return [_try(name, before, order, note) for name in _requested(order, planned)]


def _try(
    name: str, before: Mapping[str, str], order: Order, note: Callable[[str], None]
) -> Installed:
    note(f"trying {name}")
    version = version_of(name)
    try:
        offers = probe(name, timeout=order.timeout)
    except PluginError as error:
        if name not in before:
            hint = "it was installed before and was left alone; `twin uninstall` removes it"
        elif earlier := before[name]:
            hint = f"it was not installed: {name} {earlier} is back as it was"
        else:
            hint = "it was not installed; nothing was changed"
        raise PluginError(error.message, f"{error.hint}; {hint}" if error.hint else hint) from error
    return Installed(name, version, before.get(name, ""), name not in before, offers)


def uninstall(plugin: Distribution, *, verbose: bool) -> None:
    """Remove a plugin's distribution.

    Raises:
        PluginError: if pip could not remove it.
    """
    name = plugin.name
    output = run_pip("uninstall", "--yes", name, verbose=verbose)
    if version_of(name):
        message = f"pip left {name} where it is:\n{output.strip()}"
        raise PluginError(message, "it may belong to another environment, which must remove it")


def plugin_distribution(name: str) -> Distribution:
    """Return the distribution of a plugin, by its own name or by that of its entry point.

    Raises:
        UsageError: if it is twin itself, no plugin, or not installed.
    """
    wanted = normal_name(name)
    if wanted == OWN_DISTRIBUTION:
        message = "twin does not remove itself"
        raise UsageError(message, "pip uninstall twin")
    plugins: dict[str, Distribution] = {}
    for found in distributions():
        if points := _own_points(found):
            plugins.setdefault(normal_name(found.name), found)
            for point in points:
                plugins.setdefault(normal_name(point), found)
    plugins = {k: v for k, v in plugins.items() if normal_name(v.name) != OWN_DISTRIBUTION}
    if wanted in plugins:
        return plugins[wanted]
    if version_of(name):
        message = f"{name} is no plugin of twin"
        raise UsageError(message, f"pip uninstall {name}, if you do not need it")
    message = f"there is no plugin {name!r}"
    raise UsageError(message, did_you_mean(wanted, plugins, "`twin plugins` lists them"))


def _own_points(found: Distribution) -> list[str]:
    text = found.read_text("entry_points.txt") or ""
    if f"[{hookspecs.PROJECT}]" not in text or not found.metadata["Name"]:
        return []
    try:
        return [point.name for point in found.entry_points.select(group=hookspecs.PROJECT)]
    except (TypeError, ValueError):
        # A malformed file: the distribution can still be removed by its own name.
        return [found.name]


def _constraints(folder: Path, own: str) -> list[str]:
    """Return the options that keep pip from changing twin or what it was tested with."""
    pin = folder / "twin.txt"
    pin.write_text(f"{OWN_DISTRIBUTION}=={own}\n", "utf-8")
    arguments = ["--constraint", str(pin)]
    shipped = resource("constraints.txt")
    return [*arguments, "--constraint", str(shipped)] if shipped else arguments


def _requested(order: Order, planned: Sequence[Planned]) -> list[str]:
    """Return the names of the distributions that the targets are, installed now or before."""
    names = [item.name for item in planned if item.requested]
    known = {normal_name(name) for name in names}
    # A wheel or requirement that is installed already is not in pip's plan.
    others = (distribution_name(target) for target in order.targets)
    return names + [name for name in others if name and normal_name(name) not in known]
