"""`twin search`: find the passages that fit a question.

In: a question. Out: passages with their exact spans, best first.
"""

from pathlib import Path

import click

from twin import observe
from twin.cli import output
from twin.cli.narrowing import hint_at_names, narrowed, narrowing
from twin.documents import Audience
from twin.home import Home
from twin.retrieve.retriever import Searching

EXCERPT = 280
"""Characters of a passage on the terminal; ``--json`` has it whole."""


@click.command("search")
@click.argument("query")
@click.option("--limit", "-n", type=click.IntRange(1, 100), help="How many passages.")
@click.option("--audience", type=click.Choice([a.value for a in Audience]), help="Who asks.")
@narrowing
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def search_command(
    home_option: Path | None,
    /,
    query: str,
    limit: int | None,
    audience: str | None,
    *,
    as_json: bool,
    **said: tuple[str, ...],
) -> int:
    """Find the passages that fit QUERY, without asking a language model."""
    query = output.asked(query)
    with (
        Home(home_option) as home,
        observe.start(home.settings, folder=home.folder, mask=home.mask),
    ):
        asker = Audience(audience) if audience else home.settings.retrieve.audience
        with output.waiting("searching"):
            searching = Searching(within=narrowed(said))
            found = home.retriever.retrieve(
                query, audience=asker, searching=searching, passages=limit
            )
    if as_json:
        output.emit_json(
            {
                "results": [p.as_json(n) for n, p in enumerate(found.passages, start=1)],
                "filters": found.filters_json(),
                "timings": found.timings_json(),
            }
        )
        return 0
    for text in found.notes:
        output.note(text)
    for n, passage in enumerate(found.passages, start=1):
        date = f"  {passage.published_at[:10]}" if passage.published_at else ""
        click.secho(f"[{n}] {output.plain(passage.title or passage.source)}{date}", bold=True)
        where = output.plain(passage.url or passage.source)
        click.secho(f"    {where}  {passage.start}:{passage.end}", dim=True)
        for other in passage.also_at:
            click.secho(f"    also at {output.plain(other)}", dim=True)
        text = output.plain(" ".join(passage.text.split()))
        click.echo(f"    {text[:EXCERPT]}{'…' if len(text) > EXCERPT else ''}\n")
    if not found.passages:
        click.echo("Nothing was found.")
        hint_at_names(said)
    return 0
