"""`twin init`: make a home.

In: a folder and a name. Out: the folder with a twin.toml in which every key stands explained.
"""

from pathlib import Path

import click

from twin.errors import TwinError, UsageError
from twin.home import Home
from twin.resources import resource


@click.command("init")
@click.option("--person", default="", help="Whose twin it is.")
@click.pass_obj
def init_command(home_option: Path | None, person: str) -> int:
    """Make a home with a twin.toml that explains itself; an existing one is left alone."""
    with Home(home_option) as home:
        path = home.settings_path
        if path.exists():
            message = f"{path} is there already"
            raise UsageError(message, "edit it, or choose another home with --home")
        template = resource("twin.example.toml")
        if template is None:
            message = "the installation lacks twin.example.toml"
            raise TwinError(message, "install twin again")
        text = template.read_text(encoding="utf-8")
        if person:
            quoted = person.replace("\\", "\\\\").replace('"', '\\"')
            text = text.replace('name = ""', f'name = "{quoted}"', 1)
        try:
            home.folder.mkdir(parents=True, exist_ok=True)
            home.folder.chmod(0o700)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            message = f"{home.folder} cannot be made a home: {error.strerror}"
            raise UsageError(message, "choose another folder with --home or TWIN_HOME") from error
    click.echo(f"{path} is written. Next: twin ingest FOLDER, and then: twin ask QUESTION")
    return 0
