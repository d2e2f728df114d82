"""`twin install` and `twin uninstall`: plugins come and go in the running environment.

In: package names, project folders or wheels. Out: a line for each plugin on standard output, what
to look out for on standard error.
"""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from twin.installing.plugins import Installed
    from twin.plugins import PluginSet


@click.command("install", short_help="Install a plugin, after a look at whether it works.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("-e", "--editable", is_flag=True, help="Let edits of a folder take effect at once.")
@click.option("--upgrade", is_flag=True, help="Take the newest version even if one is installed.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a plugin may take to be imported.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show pip's output.")
@click.pass_context
def install_command(
    ctx: click.Context,
    targets: tuple[str, ...],
    *,
    editable: bool,
    upgrade: bool,
    timeout: float,
    verbose: bool,
) -> None:
    """Install plugins into the environment that runs twin.

    TARGET is a package, a project folder (./twin-journal) or a wheel. A new plugin is imported in
    a process of its own first; one that breaks or hangs is removed again.
    """
    from twin.installing.plugins import Order, install  # noqa: PLC0415 - only when called

    order = Order(targets, editable, upgrade, timeout, verbose)
    others = _installed_plugins(ctx.obj)
    with _status(quiet=verbose) as note:
        installed = install(order, note)
    for plugin in installed:
        offered = ", ".join(f"{o.noun} {o.name}" for o in plugin.offers) or "nothing yet"
        verb = "already installed" if plugin.unchanged else "installed"
        click.echo(f"{verb}: {plugin.name} {plugin.version} ({offered})")
        _warn(plugin, others)


@click.command("uninstall", short_help="Remove a plugin.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("-v", "--verbose", is_flag=True, help="Show pip's output.")
@click.pass_context
def uninstall_command(ctx: click.Context, names: tuple[str, ...], *, verbose: bool) -> None:
    """Remove plugins from the environment that runs twin, and nothing else."""
    from twin.errors import PluginError  # noqa: PLC0415 - only when called
    from twin.installing.plugins import plugin_distribution, uninstall  # noqa: PLC0415
    from twin.installing.probing import probe  # noqa: PLC0415

    found = {plugin.name: plugin for plugin in map(plugin_distribution, names)}
    for name, plugin in found.items():
        version = plugin.version
        with _status(quiet=verbose) as note:
            note(f"looking at {name}")
            try:
                offers = probe(name)
            except PluginError:
                # A broken plugin must be removable; it only cannot say what it offered.
                offers = ()
            note(f"removing {name}")
            uninstall(plugin, verbose=verbose)
        click.echo(f"removed: {name} {version}")
        _name_settings(ctx.obj, {(offer.hook, offer.name) for offer in offers})


def _installed_plugins(given: Path | None) -> "PluginSet":
    from twin.errors import SettingsError  # noqa: PLC0415 - only when called
    from twin.plugins import discover  # noqa: PLC0415
    from twin.settings import home_folder, load_settings  # noqa: PLC0415

    try:
        disabled = load_settings(home_folder(given)).plugins.disabled
    except SettingsError:
        disabled = ()
    return discover(disabled)


def _warn(plugin: "Installed", others: "PluginSet") -> None:
    """Say what the new plugin replaces or shares a name with."""
    from twin.plugins import normal_name  # noqa: PLC0415 - only when called

    if plugin.replaced and plugin.replaced != plugin.version:
        back = f"`twin install {plugin.name}=={plugin.replaced}` goes back"
        click.echo(f"note: it replaces version {plugin.replaced}; {back}", err=True)
    for offer in plugin.offers:
        for provided in others.provided(offer.hook):
            same = provided.component.name == offer.name
            if same and normal_name(provided.distribution) != normal_name(plugin.name):
                click.echo(
                    f"note: the {offer.noun} {offer.name!r} is also provided by "
                    f"{provided.provider}; disable one with plugins.disabled in twin.toml",
                    err=True,
                )


def _name_settings(given: Path | None, gone: Collection[tuple[str, str]]) -> None:
    """Say which settings name a component that has gone."""
    from twin.choosing import choices  # noqa: PLC0415
    from twin.errors import SettingsError  # noqa: PLC0415 - only when called
    from twin.settings import FILE_NAME, home_folder, load_settings  # noqa: PLC0415

    home = home_folder(given)
    try:
        settings = load_settings(home)
    except SettingsError as error:
        click.echo(f"note: whether {FILE_NAME} names it is unknown: {error}", err=True)
        return
    for path, kind, choice in choices(settings):
        if (kind.hook, choice.use) in gone:
            where = home / FILE_NAME
            click.echo(f"note: {path} = {choice.use!r} needs it; change it in {where}", err=True)


@contextmanager
def _status(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done, on a terminal alone."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - heavy
    from rich.markup import escape  # noqa: PLC0415

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(escape(text))
