"""The command line: one verb a module, each imported only when it is called.

In: arguments. Out: text or JSON on standard output; `error:` and `hint:` on standard error with
exit code 2 for bad usage or configuration and 1 for everything else that went wrong.
"""

import os
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

import twin

COMMANDS = {
    "init": ("init", "Make a home, with a twin.toml that explains itself."),
    "doctor": ("doctor", "Check everything the twin rests on, and say how to mend it."),
    "ingest": ("ingest", "Take in a folder, file or address: read, keep, index."),
    "sync": ("sync", "Bring the index in step with the warehouse."),
    "index": ("index", "Change the index over to another embedder, and back."),
    "status": ("status", "Show what the home holds and how far the index is."),
    "search": ("search", "Find the passages that fit a question."),
    "ask": ("ask", "Answer a question, every sentence with its source."),
    "draft": ("draft", "Write as you would, with where each sentence was said before."),
    "chat": ("chat", "Open the chat page in the browser."),
    "evaluate": ("evaluate", "Measure what is found and answered, and whether it sounds like you."),
    "show": ("show", "Print the text of a document, exactly."),
    "forget": ("forget", "Delete what a source brought, from warehouse and index."),
    "author": ("author", "List the authors, and join the names of one person."),
    "feedback": ("feedback", "List, export and forget thumbs, edits and choices."),
    "topics": ("topics", "List what was written about: topics, names, languages."),
    "dataset": ("dataset", "Make sets for training from your own words, and check anyone's."),
    "quarantine": ("quarantine", "List, show and release documents that are held back."),
    "warehouse": ("warehouse", "Export, import and copy the raw documents."),
    "train": ("train", "Learn from a dataset: SFT and DPO by Axolotl."),
    "runs": ("runs", "List, show, compare and push what was trained."),
    "merge": ("merge", "Merge a run's adapter with its base model."),
    "export": ("export", "Write a run's model as a GGUF file for llama.cpp."),
    "traces": ("traces", "List traced answers, and make a dataset of them."),
    "prompts": ("prompts", "List the prompts with their versions, and hand them to Langfuse."),
    "plugins": ("plugins", "List the plugins, or begin a new one."),
    "install": ("install", "Install a plugin, after a look at whether it works."),
    "uninstall": ("install", "Remove a plugin."),
}
"""Command to its module under twin.cli and its line in the help. The function is NAME_command."""


class _Lazy(click.Group):
    """A group that imports a command's module when it is called, so that --help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"twin.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            if "--json" not in ctx.args:
                return super().invoke(ctx)
            from twin.cli.output import json_alone  # noqa: PLC0415 - only where something is printed

            with json_alone():
                return super().invoke(ctx)
        except BrokenPipeError as error:
            # click takes every broken pipe for the output's, and that for a failure.
            if _unread():
                # Whoever read it has gone (`twin show ID | head`). What is still to be written goes
                # nowhere, or Python complains when it ends.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return 0
            raise ConnectionError(str(error)) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            message = f"no such command: {name}"
            from twin.errors import UsageError  # noqa: PLC0415 - needed only for a slip
            from twin.spelling import nearest  # noqa: PLC0415 - likewise

            near = nearest(name, COMMANDS)
            hint = f"did you mean `twin {near}`?" if near else "`twin --help` lists the commands"

            raise UsageError(message, hint)
        return super().resolve_command(ctx, args)


def _unread() -> bool:
    """Return whether the output is a pipe that nobody reads any more."""
    import select  # noqa: PLC0415 - only where a pipe broke

    poll = select.poll()
    poll.register(sys.stdout, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(twin.__version__, prog_name="twin", message="%(prog)s %(version)s")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds the twin. [default: $TWIN_HOME, else the platform's data folder]",
)
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """Answers and writes as you would, from what you have written, with every statement cited."""
    ctx.obj = home


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    code = run(arguments)
    if any(thread.name == "twin-reader" for thread in threading.enumerate()):
        # `twin.ingest.limits` left it behind: a reader that was cut off runs on, and what it
        # started might keep the process from ending.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    from twin.errors import TwinError  # noqa: PLC0415 - after click has parsed --help

    try:
        result = cli.main(arguments, prog_name="twin", standalone_mode=False)
    except TwinError as error:
        complain(error.message, error.hint)
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "twin"
        complain(error.format_message(), f"`{command} --help` shows how it is called")
        return 2
    except click.ClickException as error:
        complain(error.format_message(), "")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        # What was being imported says so; click wraps it.
        if where := str(stop) or str(stop.__cause__ or ""):
            complain(f"interrupted {where}", "`twin doctor` finds a plugin that hangs")
        else:
            complain("interrupted", "run it again: it goes on where it was")
        return 130
    except Exception as error:
        # What the disk or a file in the home does is no bug of ours, and needs no traceback.
        if not isinstance(error, OSError) and type(error).__module__ != "sqlite3":
            raise
        complain(f"{type(error).__name__}: {error}", "is the disk full, or the home not yours?")
        return 1
    return result if isinstance(result, int) else 0


def complain(message: str, hint: str) -> None:
    """Print what is wrong and what to do, on standard error."""
    from twin.cli.output import plain  # noqa: PLC0415 - nothing has gone wrong yet

    click.echo(f"error: {plain(message)}", err=True)
    if hint:
        click.echo(f"hint: {plain(hint)}", err=True)
