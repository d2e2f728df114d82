"""`twin chat`: open the chat page in the browser.

In: an address to listen on. Out: the page, until Ctrl-C.
"""

import os
import sys
from pathlib import Path

import click

from twin.cli import output
from twin.documents import Audience
from twin.errors import UsageError
from twin.home import Home
from twin.settings import HOME_VARIABLE, Settings


@click.command("chat")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--open/--no-open",
    "opening",
    default=None,
    help="Whether to open the browser. [default: only from a terminal]",
)
@click.option(
    "--anyone-may-read",
    is_flag=True,
    help="Serve other machines although more than the public writing is shown: there is no login.",
)
@click.pass_obj
def chat_command(
    home_option: Path | None, *, port: int, host: str, opening: bool | None, anyone_may_read: bool
) -> None:
    """Open the chat page: answers as they are written, their sources beside them.

    Port 0 takes any that is free. Ctrl-C ends it.
    """
    from twin.serving import page  # noqa: PLC0415 - only where it is served

    page.check_installed()
    home = Home(home_option)
    _check_readers(host, home.settings, anyone_may_read=anyone_may_read)
    bound = page.bind(host, port)
    with bound:
        os.environ[HOME_VARIABLE] = str(home.folder)
        page.prepare(home.folder)
        address = page.address_of(bound)
        wanted = opening if opening is not None else _at_a_desktop()

        def ready() -> None:
            click.echo(f"The twin answers at {address}")
            if sys.stdout.isatty():
                output.note("Ctrl-C ends it")
            if wanted:
                click.launch(address)

        page.serve(bound, ready)


def _check_readers(host: str, settings: Settings, *, anyone_may_read: bool) -> None:
    from twin.serving.guard import is_loopback  # noqa: PLC0415

    audience = settings.retrieve.audience
    if is_loopback(host) or audience is Audience.PUBLIC or anyone_may_read:
        return
    message = (
        f"--host {host} would show everybody who reaches this machine what the audience "
        f"“{audience.value}” may see: there is no login"
    )
    hint = 'set retrieve.audience = "public" in twin.toml, or say --anyone-may-read if they all may'
    raise UsageError(message, hint)


def _at_a_desktop() -> bool:
    """Return whether somebody sits at a terminal on a machine that can show a browser."""
    shown = (
        sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return sys.stdout.isatty() and bool(shown)
