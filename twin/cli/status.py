"""`twin status`: what the home holds, and how far the index is.

In: a home. Out: counts of documents, passages and what is still to do. The store is not opened, so
it works beside a running chat.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from twin.cli import output
from twin.home import Home


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status_command(home_option: Path | None, *, as_json: bool) -> int:
    """Show what the home holds and how far the index is."""
    with Home(home_option) as home:
        counts = home.warehouse.counts()
        collections = Counter(s.collection for s in home.warehouse.summaries())
        documents, points = home.ledger.counts()
        failures = home.ledger.failures()
        settings = home.settings
        report = {
            "home": str(home.folder),
            "person": settings.person.name,
            "warehouse": {
                "engine": settings.warehouse.engine,
                "documents": counts.documents,
                "versions": counts.versions,
                "authors": counts.authors,
                "forgotten": counts.tombstones,
                "quarantine": home.warehouse.quarantined(),
                "characters": counts.characters,
                "collections": dict(sorted(collections.items())),
            },
            "index": {
                "store": settings.index.store.use,
                **_generation(home),
                "documents": documents,
                "points": points,
                **_behind(home),
                "failed": [f.reason for f in failures],
            },
            "models": {
                "chat": settings.models.chat.use,
                "teacher": settings.models.teacher.use if settings.models.teacher else None,
            },
        }
    if as_json:
        output.emit_json(report)
        return 0
    for section, values in report.items():
        if not isinstance(values, dict):
            click.echo(f"{section:<10} {values}")
            continue
        click.secho(section, bold=True)
        for name, value in values.items():
            if isinstance(value, dict):
                click.echo(f"  {name}")
                for key, number in value.items():
                    click.echo(f"    {output.plain(key):<40} {number:>8,}")
            elif isinstance(value, list):
                click.echo(f"  {name:<12} {len(value)}")
                for line in value:
                    click.echo(output.plain(f"    {line}"))
            else:
                shown = f"{value:,}" if isinstance(value, int) else value
                if name == "lag" and value is not None:
                    shown = f"{value:,.1f} s"
                click.echo(f"  {name:<12} {shown}")
    return 0


def _behind(home: Home) -> dict[str, int | float | None]:
    """Return how many documents the index is behind, and for how many seconds the oldest waits."""
    cursor = home.warehouse.cursor(home.consumer)
    behind: dict[str, int | float | None] = {"backlog": home.warehouse.backlog(cursor)}
    waiting = home.warehouse.changes(cursor, limit=1)
    if not waiting:
        behind["lag"] = 0.0
    elif waiting[0].at:
        age = datetime.now(UTC) - datetime.fromisoformat(waiting[0].at)
        behind["lag"] = round(max(0.0, age.total_seconds()), 3)
    else:
        behind["lag"] = None  # an older twin wrote the change, and no time
    return behind


def _generation(home: Home) -> dict[str, str]:
    """Return which collection answers, and whether twin.toml names another embedder."""
    active, wanted = home.active.generation, home.indexes.wanted.generation
    report = {"generation": active.name or "1", "embedder": active.fingerprint}
    if wanted.fingerprint != active.fingerprint:
        report["wanted"] = f"{wanted.fingerprint} (`twin index rebuild` changes over to it)"
    if building := home.indexes.generations.read().building:
        report["being filled"] = building.fingerprint
    return report
