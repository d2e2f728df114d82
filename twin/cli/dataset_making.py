"""`twin dataset sft` and `dpo`: make a set, hold it to the gates, and write it or say why not.

In: a home and what was asked for. Out: the set's folder, and what became of every document and row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.cli.dataset import FOLDER
from twin.cli.dataset_asking import ANSWERS, Desk, shares
from twin.datasets.building import DPO, Draft, Parts, Request, build
from twin.datasets.card import write_card
from twin.datasets.corpus import Wanted, whose
from twin.datasets.gates import GATES, Breach
from twin.datasets.journal import Journal
from twin.datasets.manifest import Making
from twin.datasets.references import read_references
from twin.datasets.writing import checked_name, write
from twin.documents import Audience
from twin.errors import DatasetError, UsageError
from twin.home import Home
from twin.samples import Split

SHOWN = 5
"""Breaches of a gate that are named; all are counted."""

UNTOLD = {"curators", "workers", "attempts", "feedback_users"}
"""Settings that the manifest does not repeat: it has the steps and counts, and names nobody's login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says."""

    kind: str
    name: str | None
    authors: tuple[str, ...]
    audience: str
    collections: tuple[str, ...]
    most: int | None
    seed: int
    benchmarks: tuple[Path, ...]
    allowed: tuple[str, ...]
    into: Path | None
    as_json: bool
    teacher: bool
    feedback: bool
    rejected: tuple[str, ...] = ()
    model: str = ""
    citations: bool | None = None


def make(home: Home, given: Given) -> int:
    """Make a set and write it.

    Raises:
        UsageError: if a gate, a name or an author is none.
        DatasetError: if there is nothing to make it from, or it breaks a gate.
    """
    if unknown := [gate for gate in given.allowed if gate not in GATES]:
        message = f"--allow: there is no gate {unknown[0]!r}"
        raise UsageError(message, f"the gates are: {', '.join(GATES)}")
    name = checked_name(given.name or given.kind)
    folder = given.into or home.folder / FOLDER / name
    settings, warehouse = home.settings, home.warehouse
    authors = whose(warehouse, given.authors, settings.person.name)
    names = {author.slug: author.name for author in warehouse.authors()}
    registry = home.indexes.wanted.registry
    chosen = settings.datasets
    if given.rejected:
        chosen = chosen.model_copy(update={"rejected": shares(given.rejected)})
    if given.citations is not None:
        chosen = chosen.model_copy(update={"citations": given.citations})
    request = Request(
        kind=given.kind,
        wanted=Wanted(
            authors=authors,
            audience=Audience(given.audience),
            kinds=chosen.kinds,
            collections=given.collections,
            copies=home.copies.refresh(warehouse) if settings.ingest.copies else {},
        ),
        person=settings.person.name or names[authors[0]],
        settings=chosen,
        seed=given.seed,
        most=given.most,
        language=settings.index.language,
        references=tuple(read_references(given.benchmarks)),
    )
    with output.steps() as told, Journal(home.folder / FOLDER / ANSWERS) as journal:
        desk = Desk(registry, request, journal, told, warehouse)
        parts = Parts(
            warehouse=warehouse,
            cleaners=registry.cleaners(),
            curators=registry.curators(),
            ask=desk.wording if given.teacher else None,
            rejecting=desk.rejecting(given.model) if given.kind == DPO else {},
            given=desk.corrections if given.feedback else None,
        )
        draft = build(request, parts, told)
    refused = [b for b in draft.breaches if b.gate not in given.allowed]
    if refused:
        # After the bar of the steps, which would be drawn over it.
        _show(refused)
        raise _refusal(refused)
    making = Making(
        name=name,
        seed=given.seed,
        settings=_settings(request, given),
        curators=registry.curators_fingerprint(),
        allowed=given.allowed,
        asked=desk.report(),
        of_others=desk.left_out.acts,
    )
    with output.waiting("writing"):
        values = write(draft, making, folder, write_card)
    _report(draft, values, folder, as_json=given.as_json)
    desk.complain()
    return 1 if draft.failed or draft.failed_others else 0


def _settings(request: Request, given: Given) -> dict[str, Any]:
    """Return what decides a set besides its sources, for the manifest."""
    settings = request.settings.model_dump(mode="json", exclude=UNTOLD)
    return {
        "authors": list(request.wanted.authors),
        "person": request.person,
        "audience": request.wanted.audience.value,
        "collections": list(given.collections),
        "language": request.language,
        "rows_at_most": request.most,
        "benchmarks": sorted({reference.name for reference in request.references}),
        **settings,
    }


def _show(refused: Sequence[Breach]) -> None:
    for gate, count in Counter(breach.gate for breach in refused).items():
        those = [breach for breach in refused if breach.gate == gate]
        click.echo(f"gate {gate}: {count} {'breach' if count == 1 else 'breaches'}", err=True)
        for breach in those[:SHOWN]:
            where = f"row {breach.sample_id}: " if breach.sample_id else ""
            click.echo(output.plain(f"  {where}{breach.reason}"), err=True)
        if count > SHOWN:
            click.echo(f"  and {count - SHOWN} more", err=True)


def _refusal(refused: Sequence[Breach]) -> DatasetError:
    gates = list(dict.fromkeys(breach.gate for breach in refused))
    message = f"the set breaks the gate {', '.join(gates)}: nothing was written"
    if gates == ["size"]:
        hint = "take in more writing, or lower datasets.rows; --allow size writes it all the same"
    else:
        hint = f"mend it, or write it all the same with --allow {' --allow '.join(gates)}"
    return DatasetError(message, hint)


def _report(draft: Draft, values: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    if as_json:
        keys = (
            "name",
            "kind",
            "audience",
            "rows",
            "forms",
            "rejected_by",
            "made",
            "steps",
            "yield",
        )
        more = ("files", "allowed", "breaches", "failed", "failed_others", "asked")
        output.emit_json({"folder": str(folder), **{key: values[key] for key in (*keys, *more)}})
        return
    for step in draft.steps:
        if step.before != step.after:
            reasons = "; ".join(f"{reason}: {count}" for reason, count in step.reasons.items())
            click.echo(f"{step.name}: {step.before - step.after} rows left out ({reasons})")
    whole = values["yield"]
    click.echo(
        f"{whole['documents_with_rows']} of {whole['documents']} documents gave rows; "
        f"{whole['taken'] / max(whole['characters'], 1):.0%} of their text is in a target"
    )
    rows = ", ".join(f"{len(draft.of(s))} to {s.value}" for s in Split if draft.of(s))
    click.echo(f"{draft.kind} set for {draft.audience} eyes: {rows}, in {folder}")
    _show_failed(draft.failed, "")
    _show_failed(draft.failed_others, " of other authors")


def _show_failed(failed: Mapping[str, str], whose: str) -> None:
    for source, reason in failed.items():
        click.echo(output.plain(f"failed: {source}: {reason}"), err=True)
    if failed:
        count = f"{len(failed)} {'document' if len(failed) == 1 else 'documents'}{whose}"
        output.note(f"{count} could not be read, and the rest was")
