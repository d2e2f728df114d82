"""Ask the teacher or a chat model, a row at a time: tried again, resumable, counted.

In: requests, and who answers them. Out: the answers by key, and the rows that had none, with the reason.
Several rows are asked at once; an answer that is of no use is asked for again with what was wrong with
it, and one that never comes costs its row and no more.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.datasets.journal import Answered, Journal
from twin.documents import sha256
from twin.errors import ModelError, TwinError
from twin.models.usage import counting

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

HOPELESS: Final = 8
"""Rows in a row that fail before any succeeded, after which the server is taken to be down."""


class Written(BaseModel):
    """The form that the teacher fills in."""

    text: str = Field(description="What is asked for, and nothing else.")


class Unanswered(ModelError):
    """No try at a request gave an answer of use.

    Attributes:
        read: tokens of its answers that were refused.
        written: likewise.
    """

    def __init__(self, error: TwinError, read: int, written: int) -> None:
        super().__init__(error.message, error.hint)
        self.read = read
        self.written = written


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        key: what its answer is kept under.
        fault: what is wrong with an answer, for the next try; empty if it can be used.
        words: of the answer, about; 0 leaves it open.
    """

    key: str
    system: str
    user: str
    fault: Callable[[str], str]
    words: int = 0


@dataclass(slots=True)
class Asked:
    """What came of requests.

    Attributes:
        answers: by key.
        failed: the reason of every request that had no answer of use, by key.
        kept: how many answers were there from an earlier run.
        read: tokens, of all answers together, those of earlier runs included.
        written: likewise.
        read_for_nothing: tokens of this run's requests that had no answer of use.
        written_for_nothing: likewise.
    """

    answers: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    kept: int = 0
    read: int = 0
    written: int = 0
    read_for_nothing: int = 0
    written_for_nothing: int = 0

    def add(self, key: str, answer: Answered) -> None:
        """Take an answer."""
        self.answers[key] = answer.text
        self.read += answer.read
        self.written += answer.written

    def price(self, prices: tuple[float, float]) -> float:
        """Return what the tokens of the answers cost, at the prices of a million read and written."""
        return (self.read * prices[0] + self.written * prices[1]) / 1e6

    def price_of_all(self, prices: tuple[float, float]) -> float:
        """Return what all tokens cost, also those that came to nothing."""
        read, written = self.read + self.read_for_nothing, self.written + self.written_for_nothing
        return (read * prices[0] + written * prices[1]) / 1e6


Answering = Callable[[str, str, int], Answered]
"""Given system, user and words, returns what a model answers; raises a `TwinError` where it fails."""


def key_of(who: str, system: str, user: str) -> str:
    """Return the key of a request: who is asked, and all that is said to them."""
    return sha256(f"{who}\x1f{system}\x1f{user}")[:32]


def ask_all(
    asks: Sequence[Ask],
    answering: Answering,
    journal: Journal,
    told: Callable[[Asked, int], None],
    *,
    workers: int,
    attempts: int,
) -> Asked:
    """Return the answers of all requests.

    Args:
        asks: the requests; those of one key are one.
        answering: asks a model.
        journal: what was answered before, and where answers are kept.
        told: told what there is so far, and of how many.
        workers: requests at once.
        attempts: tries at a request.

    Raises:
        ModelError: if the first rows all fail, as where no server answers.
    """
    done = Asked()
    todo: list[Ask] = []
    for one in {one.key: one for one in asks}.values():
        known = journal.get(one.key)
        if known is None or one.fault(known.text):
            todo.append(one)
        else:
            done.add(one.key, known)
            done.kept += 1
    total = len(todo) + done.kept
    told(done, total)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="twin-asking")
    running: dict[Future[Answered], Ask] = {}
    try:
        left = iter(todo)
        running |= {_submit(pool, one, answering, attempts): one for one in islice(left, workers)}
        while running:
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                one = running.pop(future)
                _take(one, future, journal, done)
                told(done, total)
                running |= {_submit(pool, n, answering, attempts): n for n in islice(left, 1)}
    finally:
        # What is under way ends by its own time limit; what waits is not begun.
        pool.shutdown(wait=True, cancel_futures=True)
        for future, one in running.items():
            # After Ctrl-C: it was asked for, and so it is kept.
            if not future.cancelled() and future.exception() is None:
                journal.put(one.key, future.result())
    return done


def _submit(
    pool: ThreadPoolExecutor, one: Ask, answering: Answering, attempts: int
) -> Future[Answered]:
    return pool.submit(contextvars.copy_context().run, _tried, one, answering, attempts)


def _take(one: Ask, future: Future[Answered], journal: Journal, done: Asked) -> None:
    try:
        answer = future.result()
    except TwinError as error:
        done.failed[one.key] = error.message
        if isinstance(error, Unanswered):
            done.read_for_nothing += error.read
            done.written_for_nothing += error.written
        if not done.answers and len(done.failed) >= HOPELESS:
            message = f"the first {HOPELESS} rows were not answered: {error.message}"
            raise ModelError(message, error.hint) from error
    else:
        journal.put(one.key, answer)
        done.add(one.key, answer)


def _tried(one: Ask, answering: Answering, attempts: int) -> Answered:
    """Return an answer of use.

    Raises:
        Unanswered: says what was wrong at the last try, and what all of them took.
    """
    user, read, written = one.user, 0, 0
    last: TwinError = ModelError("it was never asked")
    for _ in range(attempts):
        try:
            answer = answering(one.system, user, one.words)
        except TwinError as error:
            last = error
            continue
        read, written = read + answer.read, written + answer.written
        text = answer.text.strip()
        fault = one.fault(text)
        if not fault:
            return Answered(text, read, written)
        last = ModelError(f"its answer is of no use: {fault}")
        user = f"{one.user}\n\nAn answer before this one was refused, because {fault}."
    raise Unanswered(last, read, written) from last


def by_teacher(teacher: Teacher) -> Answering:
    """Return what asks the teacher, by structured output."""

    def answering(system: str, user: str, words: int) -> Answered:
        del words
        with counting() as usage:
            text = teacher.structured(Written, system, user).text
        return Answered(text, usage.read, usage.written)

    return answering


def by_model(model: LLM) -> Answering:
    """Return what asks a chat model."""

    def answering(system: str, user: str, words: int) -> Answered:
        from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415 - heavy

        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=system),
            ChatMessage(role=MessageRole.USER, content=user),
        ]
        text, last = "", None
        try:
            # Three tokens for two words, and room to come to an end.
            limit = {"max_tokens": 2 * words + 64} if words else {}
            for response in model.stream_chat(messages, **limit):
                text += response.delta or ""
                last = response
        except TwinError:
            raise
        except Exception as error:  # the clients of models raise dozens of kinds
            message = f"the chat model {model.metadata.model_name} failed: {error}"
            raise ModelError(message, "does its server answer? `twin doctor` asks it") from error
        told = last.additional_kwargs if last is not None else {}
        read, written = told.get("prompt_tokens"), told.get("completion_tokens")
        return Answered(text, int(read or 0), int(written or 0))

    return answering
