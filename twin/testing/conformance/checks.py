"""All checks, in order, and how one is run.

In: a `Subject`. Out: a `Result` for each check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from twin.testing.conformance import declaring, enriching, living, packaging, reading
from twin.testing.conformance.subject import NotHere, Subject, Unmet

CHECKS: tuple[Callable[[Subject], None], ...] = (
    packaging.no_network_at_import,
    packaging.light_at_import,
    packaging.nothing_started_at_import,
    packaging.nothing_written_at_import,
    packaging.described,
    packaging.licensed,
    packaging.versioned,
    packaging.bound_to_twin,
    packaging.python_stated,
    packaging.typed,
    packaging.documented,
    packaging.no_machine_paths,
    declaring.steady,
    declaring.summarised,
    declaring.named_apart,
    declaring.refuses_unknown_options,
    declaring.options_cannot_change,
    declaring.options_round_trip,
    declaring.options_described,
    declaring.no_secrets_in_options,
    declaring.builds_quietly,
    reading.gives_documents,
    reading.reads_lazily,
    reading.reads_the_same_twice,
    reading.sources_are_unique,
    reading.sources_name_no_machine,
    reading.moving_changes_nothing,
    reading.addresses_are_canonical,
    reading.dates_are_sound,
    reading.zones_change_nothing,
    reading.provenance_is_stated,
    reading.text_is_markdown,
    reading.private_stays_private,
    reading.stopping_early_is_harmless,
    reading.leaves_the_source_alone,
    reading.takes_each_path_alike,
    reading.what_is_missing_is_told,
    living.it_claims_its_example,
    living.it_accounts_for_every_item,
    living.a_refresh_changes_nothing,
    living.a_change_is_seen,
    living.an_empty_source_is_no_crash,
    living.damage_stays_where_it_is,
    living.memory_is_bounded,
    living.nothing_is_asked_of_the_network,
    living.walls_are_no_writing,
    living.ends_what_it_starts,
    enriching.enrichments_are_names,
    enriching.enriching_is_steady,
)


class State(StrEnum):
    """What became of a check."""

    MET = "met"
    UNMET = "not met"
    NOT_HERE = "does not apply"


@dataclass(frozen=True, slots=True)
class Result:
    """A check and what became of it.

    Attributes:
        name: of the check.
        about: what it asks for, in a line.
        message: why it is not met, or does not apply.
        hint: how to mend it.
    """

    name: str
    about: str
    state: State
    message: str = ""
    hint: str = ""


def name_of(check: Callable[[Subject], None]) -> str:
    """Return a check's name, as it is shown."""
    return check.__name__.replace("_", "-")


def run(check: Callable[[Subject], None], subject: Subject) -> Result:
    """Run one check. What else is raised counts as not met: the plugin's code ran in it."""
    name = name_of(check)
    about = (check.__doc__ or "").strip().splitlines()[0]
    try:
        check(subject)
    except NotHere as absent:
        return Result(name, about, State.NOT_HERE, str(absent))
    except Unmet as unmet:
        return Result(name, about, State.UNMET, unmet.message, unmet.hint)
    except Exception as error:  # noqa: BLE001 - the boundary of one check: the plugin's code runs in it
        message = f"{type(error).__name__}: {error}"
        return Result(
            name, about, State.UNMET, message, "the plugin raised this while it was checked"
        )
    return Result(name, about, State.MET)


def results(subject: Subject) -> Iterator[Result]:
    """Run all checks, one after the other."""
    for check in CHECKS:
        yield run(check, subject)
