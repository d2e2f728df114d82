"""`twin plugins`: what is installed, what failed and why, and the beginning of a new one.

In: the entry points of the environment. Out: a table, or JSON whose shape docs/plugins.md states.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.scaffolding import KINDS

if TYPE_CHECKING:
    from twin.plugins import Plugin, PluginSet


@click.group("plugins", invoke_without_command=True, short_help="List or begin plugins.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plugins_command(ctx: click.Context, *, as_json: bool) -> None:
    """List the plugins with what they provide, those that failed, and conflicts.

    A plugin that failed is told with the reason, and does not change the exit code.
    """
    if ctx.invoked_subcommand is not None:
        return
    from twin.cli import output  # noqa: PLC0415 - only when called
    from twin.errors import SettingsError  # noqa: PLC0415
    from twin.plugins import discover  # noqa: PLC0415
    from twin.settings import home_folder, load_settings  # noqa: PLC0415

    mistake = None
    disabled: tuple[str, ...] = ()
    try:
        disabled = load_settings(home_folder(ctx.obj)).plugins.disabled
    except SettingsError as error:
        mistake = error.message
        click.echo(f"warning: {mistake}", err=True)
        click.echo("hint: so plugins.disabled is unknown, and none is disabled here", err=True)
    plugins = discover(disabled)
    if as_json:
        output.emit_json(_as_json(plugins, mistake))
    else:
        _print_table(plugins)


@plugins_command.command("new", short_help="Begin a plugin of your own.")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="reader",
    show_default=True,
    help="What the plugin provides.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="here",
    metavar="DIR",
    help="Folder in which the plugin's folder is made.",
)
def new_command(name: str, kind: str, into: Path) -> None:
    """Write a plugin that works, with tests, in a new folder of that NAME."""
    from twin.scaffolding import write_plugin  # noqa: PLC0415 - only when called

    folder = write_plugin(name, kind, into)
    if not folder.name.startswith("twin-"):
        suggestion = f"plugins are easier to find under a name such as twin-{folder.name}"
        click.echo(f"note: {suggestion}", err=True)
    place = folder if folder.is_absolute() else Path(".", folder)
    shown = str(place) if place.is_absolute() else f"./{place}"
    click.echo(f"made {shown}; its README.md says how to try it:")
    click.echo(f"  twin install -e {shown}")
    click.echo("  twin plugins")


@plugins_command.command("test", short_help="Check whether a plugin is one to rely on.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def test_command(name: str, *, as_json: bool) -> int:
    """Run the conformance kit over the plugin NAME, and say how to mend what is not met.

    Readers are checked over the example that they bring along; docs/plugins.md tells how.
    """
    from twin.cli import output  # noqa: PLC0415 - only when called
    from twin.testing.conformance.checks import State, results  # noqa: PLC0415
    from twin.testing.conformance.subject import subject  # noqa: PLC0415

    done = []
    with output.waiting(f"checking {name}"):
        for result in results(subject(name)):
            done.append(result)
            if not as_json:
                mark = {State.MET: "ok  ", State.UNMET: "FAIL", State.NOT_HERE: "-   "}
                click.echo(output.plain(f"{mark[result.state]} {result.name}: {result.about}"))
                if result.message:
                    click.echo(output.plain(f"       {result.message}"))
                if result.hint:
                    click.echo(output.plain(f"       hint: {result.hint}"))
    unmet = sum(result.state is State.UNMET for result in done)
    if as_json:
        rows = [
            {
                "check": result.name,
                "state": str(result.state),
                "message": result.message or None,
                "hint": result.hint or None,
            }
            for result in done
        ]
        output.emit_json({"plugin": name, "met": not unmet, "checks": rows})
    else:
        met = sum(result.state is State.MET for result in done)
        click.echo(f"{met} met, {unmet} not met, {len(done) - met - unmet} do not apply")
    return 1 if unmet else 0


def _as_json(plugins: "PluginSet", mistake: str | None) -> dict[str, object]:
    return {
        "plugins": [
            {
                "name": plugin.name,
                "distribution": plugin.distribution or None,
                "version": plugin.version or None,
                "state": plugin.state,
                "failure": plugin.failure or None,
                "hooks": list(plugin.hooks),
                "components": [
                    {
                        "hook": provided.component.hook,
                        "name": provided.component.name,
                        "summary": provided.component.summary,
                        "options": sorted(provided.component.options.model_fields),
                    }
                    for provided in plugin.provides
                ],
            }
            for plugin in plugins.plugins
        ],
        "conflicts": [
            {
                "claim": conflict.claim,
                "claimants": list(conflict.claimants),
                "message": str(conflict),
            }
            for conflict in plugins.conflicts()
        ],
        "settings_error": mistake,
    }


def _print_table(plugins: "PluginSet") -> None:
    from rich.console import Console  # noqa: PLC0415 - heavy
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Plugin", "Distribution", "State", "Provides"):
        table.add_column(heading, overflow="fold")
    for plugin in plugins.plugins:
        table.add_row(
            Text(plugin.name),
            Text(f"{plugin.distribution} {plugin.version}".strip() or "unknown"),
            Text(plugin.state, style={"failed": "red", "disabled": "dim"}.get(plugin.state, "")),
            Text(_provides(plugin)),
        )
    console.print(table if plugins.plugins else "no plugins")
    if plugins.failures:
        console.print("\nFailed", style="bold")
    for plugin in plugins.failures:
        owner = f"{plugin.distribution} {plugin.version}".strip()
        console.print(Text(f"{plugin.name} ({owner}): {plugin.failure}"), soft_wrap=True)
    conflicts = plugins.conflicts()
    if conflicts:
        console.print("\nConflicts", style="bold")
    for conflict in conflicts:
        console.print(Text(str(conflict)), soft_wrap=True)


def _provides(plugin: "Plugin") -> str:
    """Return the components by hook, one a line, with their summaries."""
    return "\n".join(
        f"{p.component.noun} {p.component.name}: {p.component.summary}" for p in plugin.provides
    )
