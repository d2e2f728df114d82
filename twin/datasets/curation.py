"""Curation: named steps, one after the other, each counted.

In: rows and curators. Out: the rows that are left, and of each step how many it had, left out and why.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from twin.errors import PluginError
from twin.samples import Curation, Curator, Removal, Sample

EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did.

    Attributes:
        reasons: how many rows went for each.
        removed: the first of the rows that went.
    """

    name: str
    before: int
    after: int
    reasons: Mapping[str, int]
    removed: tuple[Removal, ...] = ()


def curate(
    samples: Sequence[Sample],
    curators: Sequence[tuple[str, Curator]],
    curation: Curation,
    told: Callable[[str, int, int], None] = lambda _name, _done, _all: None,
) -> tuple[list[Sample], list[Step]]:
    """Return the rows that every curator leaves, in their order, and what each of them did.

    Raises:
        PluginError: if a curator fails, or names a row that is not there.
    """
    left = list(samples)
    steps: list[Step] = []
    for done, (name, curator) in enumerate(curators):
        told(name, done, len(curators))
        there = {sample.id for sample in left}
        try:
            removals = {removal.sample_id: removal for removal in curator(left, curation)}
        except Exception as error:  # the boundary of plugins' curators
            message = f"the curator {name} failed: {error}"
            hint = getattr(error, "hint", "") or "leave it out of datasets.curators, or mend it"
            raise PluginError(message, hint) from error
        if strange := [one for one in removals if one not in there]:
            message = f"the curator {name} names a row that is not there: {strange[0]}"
            raise PluginError(message, "a removal names the id of a sample that it was given")
        left = [sample for sample in left if sample.id not in removals]
        reasons = Counter(removal.reason for removal in removals.values())
        steps.append(
            Step(
                name=name,
                before=len(there),
                after=len(left),
                reasons=dict(sorted(reasons.items(), key=lambda r: (-r[1], r[0]))),
                removed=tuple(list(removals.values())[:EXAMPLES]),
            )
        )
    return left, steps
