"""`twin chat`: open the chat page in the browser, and say who may log in to it.

In: an address to listen on, or a name. Out: the page, until Ctrl-C; or a login.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli import output
from twin.documents import Audience
from twin.errors import UsageError
from twin.home import Home
from twin.settings import HOME_VARIABLE, home_folder

if TYPE_CHECKING:
    from twin.serving.users import Users


@click.group("chat", invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--open/--no-open",
    "opening",
    default=None,
    help="Whether to open the browser. [default: only from a terminal]",
)
@click.option(
    "--audience",
    type=click.Choice([a.value for a in Audience]),
    help="Serve guests: nothing above this audience is retrieved, and nothing of them is kept.",
)
@click.option(
    "--anyone-may-read",
    is_flag=True,
    help="Serve other machines although more than the public writing is shown: there is no login.",
)
@click.pass_context
def chat_command(
    ctx: click.Context,
    /,
    *,
    port: int,
    host: str,
    opening: bool | None,
    audience: str | None,
    anyone_may_read: bool,
) -> None:
    """Open the chat page: answers as they are written, their sources beside them.

    Port 0 takes any that is free. Ctrl-C ends it.
    """
    if ctx.invoked_subcommand is not None:
        return
    from twin.serving import access, page  # noqa: PLC0415 - only where it is served

    page.check_installed()
    home = Home(ctx.obj)
    wanted = Audience(audience) if audience else home.settings.retrieve.audience
    admitted = access.decide(
        host,
        audience=wanted,
        guests=audience is not None,
        logins=page.logins(home),
        anyone_may_read=anyone_may_read,
    )
    bound = page.bind(host, port)
    with bound:
        os.environ[HOME_VARIABLE] = str(home.folder)
        access.admit(admitted)
        page.prepare(home.folder, home.settings.chat.oauth_allowed)
        address = page.address_of(bound)
        opens = opening if opening is not None else _at_a_desktop()

        def ready() -> None:
            click.echo(f"The twin answers at {address}")
            if sys.stdout.isatty():
                output.note("Ctrl-C ends it")
            if opens:
                click.launch(address)

        page.serve(bound, ready)


@chat_command.group("user")
def user_group() -> None:
    """Say who may log in to the page; as long as nobody can, it asks for no login."""


@user_group.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def add_command(home_option: Path | None, name: str, *, password_stdin: bool) -> None:
    """Let NAME log in, or give them another password."""
    password = (
        sys.stdin.readline().rstrip("\r\n")
        if password_stdin
        else str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    )
    new = _users(home_option).add(name, password)
    click.echo(f"{name} can log in" if new else f"{name} has another password")
    output.note(
        "a page that is open takes it up once it is started anew; everybody logs in again then"
    )


@user_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def list_command(home_option: Path | None, *, as_json: bool) -> None:
    """List those who can log in."""
    names = _users(home_option).names()
    if as_json:
        output.emit_json({"users": names})
        return
    for name in names:
        click.echo(name)
    if not names:
        output.note("nobody logs in: on this machine alone, the page is open to whoever sits here")


@user_group.command("remove")
@click.argument("name")
@click.pass_obj
def remove_command(home_option: Path | None, name: str) -> None:
    """Let NAME log in no more. Everybody logs in anew once the page is started again."""
    if not _users(home_option).remove(name):
        message = f"nobody called {name} can log in"
        raise UsageError(message, "`twin chat user list` shows the names")
    click.echo(f"{name} can log in no more")


def _users(home_option: Path | None) -> "Users":
    from twin.serving.users import Users  # noqa: PLC0415 - only where it is asked for

    return Users(home_folder(home_option) / "chat")


def _at_a_desktop() -> bool:
    """Return whether somebody sits at a terminal on a machine that can show a browser."""
    shown = (
        sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return sys.stdout.isatty() and bool(shown)
