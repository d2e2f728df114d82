"""Read the filters out of a question by the teacher, where one is configured.

In: a question and what there is to choose from. Out: the same `Found` as the rules give. The teacher
chooses from lists; what is not on them is ignored.
"""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.documents import Kind, epoch, moment
from twin.prompts import prompt
from twin.retrieve.filters import Found
from twin.warehouse.protocol import Author


class Plan(BaseModel):
    """The form that the teacher fills in."""

    authors: list[str] = Field(default_factory=list)
    platforms: list[str] = Field(default_factory=list)
    kinds: list[str] = Field(default_factory=list)
    since: str | None = None
    until: str | None = None


def plan_filters(
    question: str,
    teacher: Teacher,
    *,
    authors: Sequence[Author],
    platforms: Sequence[str],
    today: date,
) -> Found:
    """Return what the teacher reads out of a question.

    Raises:
        ModelError: if the teacher does not answer.
    """
    system = prompt("plan").fill(
        authors=", ".join(author.name for author in authors) or "none",
        platforms=", ".join(platforms) or "none",
        today=today.isoformat(),
    )
    form = teacher.structured(Plan, system, question)
    slugs = {name.casefold(): a.slug for a in authors for name in (a.name, a.slug, *a.aliases)}
    named = [slugs[name.casefold()] for name in form.authors if name.casefold() in slugs]
    asked = {name.casefold() for name in form.platforms}
    kinds = {name.casefold() for name in form.kinds}
    since, until = _date(form.since), _date(form.until)
    if since and until and epoch(since) >= epoch(until):
        # No day lies between them, so whatever was meant was not this.
        since = until = None
    return Found(
        authors=tuple(dict.fromkeys(named)) if len(authors) > 1 else (),
        platforms=tuple(p for p in platforms if p.casefold() in asked),
        kinds=tuple(kind for kind in Kind if kind.value in kinds),
        since=since,
        until=until,
    )


def _date(value: str | None) -> str | None:
    try:
        return moment(value) if value else None
    except ValueError:
        return None
