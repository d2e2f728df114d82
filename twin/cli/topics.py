"""`twin topics`: list what was written about, in which languages, and whom it names.

In: nothing. Out: topics, entities and languages with their numbers of documents, each a filter of
`twin search` and `twin ask`.
"""

from collections import Counter
from pathlib import Path

import click

from twin.cli import output
from twin.documents import topic_key
from twin.home import Home

SHOWN = 40
"""Names that are listed by default; ``--json`` has them all."""


@click.command("topics")
@click.option("--entities", "what", flag_value="entities", help="List names instead of topics.")
@click.option("--languages", "what", flag_value="languages", help="List languages.")
@click.option("--topics", "what", flag_value="topics", default=True, hidden=True)
@click.option("--limit", "-n", type=click.IntRange(1), default=SHOWN, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print all three as JSON.")
@click.pass_obj
def topics_command(home_option: Path | None, what: str, limit: int, *, as_json: bool) -> int:
    """List what was written about: topics, names or languages, the most frequent first."""
    with Home(home_option) as home:
        counts, waiting = _counted(home)
    if as_json:
        report = {
            name: [{"name": one, "documents": n} for one, n in _ordered(counted)]
            for name, counted in counts.items()
        }
        output.emit_json({**report, "not_enriched": waiting})
        return 0
    ordered = _ordered(counts[what])
    if ordered:
        output.table(
            [what, "documents"], [[output.plain(one), str(n)] for one, n in ordered[:limit]]
        )
        if len(ordered) > limit:
            output.note(f"and {len(ordered) - limit:,} more (--limit, or --json for all)")
    else:
        click.echo(f"There are no {what} yet.")
    if waiting:
        output.note(f"{waiting} documents are not enriched yet; `twin sync` does it")
    return 0


def _counted(home: Home) -> tuple[dict[str, Counter[str]], int]:
    """Return the numbers of documents by name, and how many were not enriched yet."""
    counts: dict[str, Counter[str]] = {"topics": Counter(), "entities": Counter()}
    languages: Counter[str] = Counter()
    shown: dict[str, str] = {}
    waiting = 0
    for summary in home.warehouse.summaries():
        found = summary.enrichment
        waiting += not found.recipe
        counts["topics"].update({topic_key(topic) for topic in found.topics})
        for name in found.entities:
            # One name in several spellings is one: the first one met is shown.
            shown.setdefault(topic_key(name), name)
        counts["entities"].update({shown[topic_key(name)] for name in found.entities})
        if language := found.language:
            languages[language] += 1
    enriching = home.settings.ingest.enrichers
    return {**counts, "languages": languages}, waiting if enriching else 0


def _ordered(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
