"""`twin dataset`: sets for training, from the person's own words.

In: what the warehouse holds. Out: folders of JSON lines below ``datasets`` in the home, each with its
manifest and card; or the audit of anyone's set.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.documents import Audience
from twin.home import Home

FOLDER = "datasets"
"""Of the home, in which the sets are."""


@click.group("dataset")
def dataset_command() -> None:
    """Make, check and publish sets for training, from your own words."""


_OPTIONS: tuple[Callable[[Callable[..., int]], Callable[..., int]], ...] = (
    click.option("--name", help="Of the set. [default: sft or dpo]"),
    click.option(
        "--author", "authors", multiple=True, help="Whose writing. [default: person.name]"
    ),
    click.option(
        "--audience",
        type=click.Choice([a.value for a in Audience]),
        default=Audience.PRIVATE.value,
        show_default=True,
        help="Take nothing that is for fewer eyes.",
    ),
    click.option("--collection", "collections", multiple=True, help="Only of this source."),
    click.option(
        "--teacher", is_flag=True, help="Have models.teacher word what you did not write."
    ),
    click.option(
        "--feedback/--no-feedback", default=True, help="Take edits and choices of the chat."
    ),
    click.option("--rows", "most", type=click.IntRange(1), help="At most, of all splits."),
    click.option("--seed", type=int, default=0, show_default=True, help="Decides every choice."),
    click.option(
        "--benchmark",
        "benchmarks",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        help="Texts that must not be trained on: JSON, JSON lines, TOML, TSV or text.",
    ),
    click.option(
        "--allow", "allowed", multiple=True, metavar="GATE", help="Let it break this gate."
    ),
    click.option(
        "--output",
        "into",
        type=click.Path(path_type=Path, file_okay=False),
        help="The set's folder. [default: datasets/NAME in the home]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
)


def _making(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that every set has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataset_command.command("sft")
@click.option("--citations/--no-citations", default=None, help="[default: datasets.citations]")
@_making
@click.pass_obj
def sft_command(home_option: Path | None, /, **given: Any) -> int:
    """Make an instruction set: every answer is a passage of yours, word for word."""
    from twin.cli.dataset_making import Given, make  # noqa: PLC0415

    with Home(home_option) as home:
        return make(home, Given(kind="sft", **given))


@dataset_command.command("dpo")
@click.option(
    "--rejected",
    multiple=True,
    metavar="SOURCE[=SHARE]",
    help="corruption, others, model or teacher. [default: datasets.rejected]",
)
@click.option("--model", default="", help="Adapter that writes what SOURCE model rejects.")
@_making
@click.pass_obj
def dpo_command(home_option: Path | None, /, **given: Any) -> int:
    """Make a preference set: chosen is a passage of yours, rejected somebody else's words."""
    from twin.cli.dataset_making import Given, make  # noqa: PLC0415

    with Home(home_option) as home:
        return make(home, Given(kind="dpo", **given))


@dataset_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def list_command(home_option: Path | None, *, as_json: bool) -> int:
    """List the sets of the home."""
    from twin.datasets.writing import MANIFEST, read_manifest  # noqa: PLC0415

    with Home(home_option) as home:
        folder = home.folder / FOLDER
    found = [read_manifest(path.parent) for path in sorted(folder.glob(f"[!.]*/{MANIFEST}"))]
    keys = ("name", "kind", "audience", "rows", "allowed", "breaches")
    if as_json:
        output.emit_json([{key: one[key] for key in keys} for one in found])
    elif found:
        rows = [
            [
                one["name"],
                one["kind"],
                str(one["rows"]["train"]),
                str(one["rows"]["test"]),
                one["audience"],
                ", ".join(one["breaches"]),
            ]
            for one in found
        ]
        output.table(["name", "kind", "train", "test", "audience", "breaks"], rows)
    else:
        click.echo("There is no set yet: twin dataset sft")
    return 0


@dataset_command.command("check")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--against", help="A warehouse that the answers must be in: a file, a home, sqlite, mongo."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def check_command(
    home_option: Path | None, path: Path, against: str | None, *, as_json: bool
) -> int:
    """Audit anyone's set: FILE is JSON, JSON lines or Parquet, or a folder of them.

    Known are instruction/output, messages, conversations, prompt/chosen/rejected, and the sets of the
    LLM Engineer's Handbook. Exits with 1 if something is wrong.
    """
    from twin.cli.dataset_checking import check  # noqa: PLC0415

    with Home(home_option) as home:
        return check(home, path, against, as_json=as_json)


@dataset_command.command("report")
@click.argument("name", metavar="NAME")
@click.option("--teacher", is_flag=True, help="Have models.teacher mark how answers fit questions.")
@click.option(
    "--sample", type=click.IntRange(1), default=50, show_default=True, help="Rows to mark."
)
@click.option(
    "--model", "size", default="", help="Say whether it is enough for this model, as in 8B."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def report_command(home_option: Path | None, /, name: str, **given: Any) -> int:
    """Say how good a set is: NAME is one of `twin dataset list`, or a folder."""
    from twin.cli.dataset_reporting import report  # noqa: PLC0415

    with Home(home_option) as home:
        return report(home, name, **given)


@dataset_command.command("push")
@click.argument("name", metavar="NAME")
@click.argument("repository", metavar="OWNER/REPOSITORY")
@click.option("--public", is_flag=True, help="For everybody to see; only a public set may be.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def push_command(
    home_option: Path | None, name: str, repository: str, *, public: bool, as_json: bool
) -> int:
    """Upload a set to the Hugging Face Hub, private by default.

    NAME is one of `twin dataset list`, or a folder. The token stands in HF_TOKEN.
    """
    from twin.datasets.publishing import push  # noqa: PLC0415

    with Home(home_option) as home, output.waiting(f"uploading {name}"):
        done = push(folder_of(home, name), repository, public=public)
    if as_json:
        output.emit_json({"url": done.url, "private": done.private, "files": done.files})
    else:
        kind = "private" if done.private else "public"
        click.echo(f"{done.files} files are in {done.url} ({kind})")
    return 0


def folder_of(home: Home, name: str) -> Path:
    """Return the folder of a set, by its name in the home or its path."""
    inside = home.folder / FOLDER / name
    return inside if inside.is_dir() else Path(name).expanduser()
