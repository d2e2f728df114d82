"""Who words what the person did not write: the teacher and chat models, asked for a set's rows.

In: the components of a home and a request. Out: a `Wording`, rejected texts and rows of feedback, and
afterwards what was asked, what failed and what it cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from twin.cli import output
from twin.dataset_tables import REJECTED
from twin.datasets import wording
from twin.datasets.asking import Answering, Ask, Asked, ask_all, by_model, by_teacher
from twin.datasets.building import SFT, Request, Told
from twin.datasets.corrections import LeftOut, corrections, own_acts
from twin.datasets.forms import fitting
from twin.datasets.journal import Journal
from twin.datasets.preferences import Written
from twin.datasets.targets import Target
from twin.errors import UsageError
from twin.registry import Registry
from twin.samples import Sample, Split
from twin.tables import Choice
from twin.warehouse.protocol import Warehouse

ANSWERS = ".answers.jsonl"
"""In the folder of the sets: what models wrote, so that a row is paid for once."""

NAMED = 3
LINE = 160


def shares(given: Sequence[str]) -> dict[str, float]:
    """Return what ``--rejected SOURCE[=SHARE]`` says.

    Raises:
        UsageError: if it names no source, or a share is no positive number.
    """
    found: dict[str, float] = {}
    for one in given:
        source, _, part = one.partition("=")
        try:
            value = float(part or 1)
        except ValueError:
            value = 0
        if source not in REJECTED or not 0 < value < float("inf"):
            message = f"--rejected {one}: it is SOURCE or SOURCE=SHARE"
            raise UsageError(
                message, f"sources: {', '.join(REJECTED)}; a share is a positive number"
            )
        found[source] = value
    return found


class Desk:
    """Asks models for a set, and keeps account of it.

    Args:
        registry: where the teacher and the chat models are.
        request: what the set is to be.
        journal: what was answered before.
        told: told how far it is.
        warehouse: where the feedback is.
    """

    def __init__(
        self,
        registry: Registry,
        request: Request,
        journal: Journal,
        told: Told,
        warehouse: Warehouse,
    ) -> None:
        self._registry = registry
        self._request = request
        self._journal = journal
        self._told = told
        self._warehouse = warehouse
        self._asked: dict[str, Asked] = {}
        self.left_out = LeftOut()

    def wording(self, targets: Sequence[tuple[Target, Split]]) -> wording.TeachersWords:
        """Return what the teacher words, for the forms that the targets have."""
        teacher, who = self._registry.teacher(), _who(self._registry.settings.models.teacher)
        person, settings = self._request.person, self._request.settings
        asks: list[Ask] = []
        for target, _ in targets:
            form = fitting(target, settings.forms, self._request.seed)
            if self._request.kind != SFT or form == "instruction":
                asks.append(wording.instruct(target, who, person))
            elif form == "context":
                asks.append(wording.question(target, who, person))
            elif form == "rewrite":
                asks.append(wording.plain(target, who))
        answers = self._ask("teacher", asks, by_teacher(teacher))
        return wording.TeachersWords(answers, who, person)

    def rejecting(self, model: str) -> Mapping[str, Written]:
        """Return the models that write what is rejected, by source, where the request wants them."""
        wanted = self._request.settings.rejected
        found: dict[str, Written] = {}
        if wanted.get("model"):
            chosen = self._registry.chat_model(model)
            adapters = {one.name: one.model for one in self._registry.settings.models.adapters}
            who = _who(adapters.get(model, self._registry.settings.models.chat))
            person = self._request.person

            def ask_model(text: str, target: Target) -> Ask:
                return wording.of_model(text, target, who, person)

            found["model"] = self._written(f"model {model}".strip(), by_model(chosen), ask_model)
        if wanted.get("teacher"):
            teacher, named = self._registry.teacher(), _who(self._registry.settings.models.teacher)

            def ask_teacher(text: str, target: Target) -> Ask:
                return wording.generic(text, target, named)

            found["teacher"] = self._written("teacher, generic", by_teacher(teacher), ask_teacher)
        return found

    def corrections(self, splits: Mapping[str, Split]) -> Iterator[Sample]:
        """Yield the rows that the person's own feedback in the chat gives."""
        self.left_out = LeftOut()
        yield from corrections(
            own_acts(
                self._warehouse.feedback(),
                self._request.settings.feedback_users,
                self.left_out,
            ),
            self._request.kind,
            splits,
            audience=self._request.wanted.audience,
            test=self._request.settings.test,
            seed=self._request.seed,
        )

    def report(self) -> dict[str, Any]:
        """Return what was asked, for the manifest: the same whether it was asked now or before."""
        prices = self._request.settings.prices
        return {
            name: {
                "answers": len(asked.answers),
                "failed": len(asked.failed),
                "tokens_read": asked.read,
                "tokens_written": asked.written,
                "cost": round(asked.price(prices), 6),
            }
            for name, asked in self._asked.items()
        }

    def complain(self) -> None:
        """Say which rows had no answer of use, and how many edits were not the person's."""
        if acts := self.left_out.acts:
            output.note(
                f"{acts} edits and choices of other users were left out; datasets.feedback_users "
                "names those that are you"
            )
        for name, asked in self._asked.items():
            new = len(asked.answers) - asked.kept
            text = f"{name}: {new} rows answered, {asked.kept} known from before"
            read = asked.read + asked.read_for_nothing
            text += f", {read} tokens read and {asked.written + asked.written_for_nothing} written"
            cost = asked.price_of_all(self._request.settings.prices)
            output.note(text + (f", for {cost:.4f}" if cost else ""))
            reasons = list(dict.fromkeys(_line(reason) for reason in asked.failed.values()))
            if reasons:
                output.note(
                    f"{name}: {len(asked.failed)} rows had no answer of use and were left out"
                )
                for reason in reasons[:NAMED]:
                    output.note(f"  {reason}")

    def _written(
        self, name: str, answering: Answering, ask: Callable[[str, Target], Ask]
    ) -> Written:
        def write(wanted: Sequence[tuple[Target, str]]) -> list[str]:
            asks = [ask(text, target) for target, text in wanted]
            answers = self._ask(name, asks, answering)
            return [answers.get(one.key, "") for one in asks]

        return write

    def _ask(self, name: str, asks: Sequence[Ask], answering: Answering) -> dict[str, str]:
        settings = self._request.settings

        def told(asked: Asked, total: int) -> None:
            cost = asked.price_of_all(settings.prices)
            price = f", {cost:.2f} so far" if cost else ""
            label = f"{name} ({asked.read + asked.written:,} tokens{price})"
            self._told(label, len(asked.answers) + len(asked.failed), total)

        done = ask_all(
            asks,
            answering,
            self._journal,
            told,
            workers=settings.workers,
            attempts=settings.attempts,
        )
        self._asked[name] = done
        return done.answers


def _line(reason: str) -> str:
    """Return a reason on one line; what a validator says of an answer may be long."""
    line = " ".join(reason.split())
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"


def _who(choice: Choice | None) -> str:
    """Return what tells one model from another: its component and what is set for it."""
    return choice.model_dump_json() if choice is not None else ""
