"""`twin prompts`: which templates there are, in which version, and from where.

In: the files, and what Langfuse manages. Out: a list; or the files as the first versions in Langfuse.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from twin.cli import output
from twin.errors import ConfigurationError, UsageError
from twin.home import Home
from twin.observe.targets import Keys, langfuse
from twin.prompts import Prompt, from_file, names


@click.group("prompts", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, with the templates.")
@click.pass_context
def prompts_command(ctx: click.Context, *, as_json: bool) -> int:
    """List the prompts: their versions, where they come from, and their blanks."""
    if ctx.invoked_subcommand is not None:
        return 0
    with Home(ctx.obj) as home:
        found = _used(home)
    if as_json:
        output.emit_json(
            [
                {
                    "name": one.name,
                    "label": one.label,
                    "origin": one.origin.value,
                    "blanks": sorted(one.blanks),
                    "template": one.template,
                }
                for one in found
            ]
        )
    else:
        rows = [[one.label, one.origin.value, ", ".join(sorted(one.blanks))] for one in found]
        output.table(["prompt", "from", "blanks"], rows)
    return 0


@prompts_command.command("push")
@click.argument("wanted", nargs=-1, metavar="[NAME]...")
@click.option("--label", help="Which the new versions get. [default: prompts.label]")
@click.pass_obj
def push_command(home_option: Path | None, wanted: tuple[str, ...], label: str | None) -> int:
    """Put the files into Langfuse, each as the newest version of its prompt; all by default."""
    from twin.observe.api import Langfuse  # noqa: PLC0415 - only where it is asked
    from twin.observe.prompts import as_langfuse  # noqa: PLC0415

    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        message = f"no such prompt: {', '.join(unknown)}"
        raise UsageError(message, f"there are {', '.join(names())}")
    with Home(home_option) as home:
        labels = (label or home.settings.prompts.label,)
    with Langfuse(_keys()) as client:
        for name in wanted or names():
            made = client.add_prompt(name, as_langfuse(from_file(name)), labels)
            click.echo(f"{from_file(name).label} is version {made.version} in Langfuse")
    return 0


def _used(home: Home) -> list[Prompt]:
    """Return the prompts as an answer would use them now, by a look at what is there."""
    wanted, keys = home.settings.prompts, langfuse(os.environ)
    if wanted.source != "langfuse" or keys is None:
        return [from_file(name) for name in names()]
    from twin.observe.api import Langfuse  # noqa: PLC0415 - only where it is asked
    from twin.observe.prompts import fitting  # noqa: PLC0415

    found = []
    with Langfuse(keys) as client:
        for name in names():
            version = client.prompt(name, wanted.label)
            try:
                found.append(fitting(version) if version else from_file(name))
            except ValueError as error:
                output.note(f"{error}; the file is used")
                found.append(from_file(name))
    return found


def _keys() -> Keys:
    keys = langfuse(os.environ)
    if keys is None:
        message = "the keys of Langfuse are not set"
        raise ConfigurationError(message, "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")
    return keys
