"""The steps behind an answer, and the settings panel, as they are shown and read."""

from __future__ import annotations

from typing import Any

import pytest

from twin.chat import steps
from twin.chat.answer import Answer
from twin.chat.drafts import Brief, Draft, DraftVariant
from twin.chat.opinions import about_draft
from twin.chat.panel import LONGEST_QUESTION, Defaults, question_of, read_wish
from twin.chat.wish import NO_WISH, Usage
from twin.documents import Audience, Kind
from twin.errors import UsageError
from twin.retrieve.filters import Found
from twin.retrieve.passages import Passage, Retrieval

DEFAULTS = Defaults(passages=8, temperature=0.2)


def passage(**more: Any) -> Passage:
    values: dict[str, Any] = {
        "document_id": "d0c",
        "version": 3,
        "start": 0,
        "end": 1,
        "text": "x",
        "title": "A title",
        "source": "file:notes/a.md",
        "url": None,
        "author": "Ines Marlow",
        "author_slug": "ines-marlow",
        "kind": Kind.ARTICLE,
        "platform": "file",
        "published_at": "2022-05-17",
        "score": 1.0,
        "similarity": 0.5,
    }
    return Passage(**values | more)


def retrieval(**more: Any) -> Retrieval:
    values: dict[str, Any] = {
        "passages": (passage(title="Pipes | and\nlines"),),
        "asked": ("the question", "another *way*"),
        "found": Found(kinds=(Kind.POST,), since="2022-01-01"),
        "audience": Audience.PUBLIC,
        "timings": {"filters": 0.001, "variants": 0.5, "search": 0.0123, "rerank": 1.2},
        "notes": ("a note",),
    }
    return Retrieval(**values | more)


def answer(**more: Any) -> Answer:
    values: dict[str, Any] = {
        "text": "It is. [1]",
        "sources": (),
        "retrieval": retrieval(),
        "answered": True,
        "timings": {"first_token": 0.25, "generate": 1.5},
        "notes": (),
        "prompt": (("system", "Speak as ```Ines```."), ("user", "Why?")),
        "prompt_version": "answer@1",
        "model": "gemma",
        "adapter": "sft",
        "usage": Usage(prompt_tokens=1234, completion_tokens=56, finish_reason="stop"),
    }
    return Answer(**values | more)


def test_every_step_has_its_time_and_says_what_it_did() -> None:
    shown = {stage.name: stage.text for stage in steps.stages(retrieval())}
    assert list(shown) == [
        "Filters (1 ms)",
        "Variants: 1 (500 ms)",
        "Search (12 ms)",
        "Rerank (1.2 s)",
    ]
    assert "posts only, from 1 January 2022" in shown["Filters (1 ms)"].replace("\\", "")
    assert "another \\*way\\*" in shown["Variants: 1 (500 ms)"]
    assert "| Pipes \\| and lines | 17 May 2022 | 0.50 |" in shown["Search (12 ms)"]
    assert steps.summary(retrieval()) == "Looked through what was written: 1 passage (1.7 s)"
    assert "a note" in steps.notes(retrieval())


def test_the_generation_says_by_what_and_from_what() -> None:
    stage = steps.generation(answer())
    assert stage.name == "Generation: sft (1.5 s)"
    plain = stage.text.replace("\\", "")
    for part in ("Model: gemma", "Adapter: sft", "answer@1", "250 ms", "1,234", "56"):
        assert part in plain
    # The prompt stands behind a fence that nothing in it can end.
    assert "````\nSYSTEM\nSpeak as ```Ines```." in stage.text


def test_where_no_model_was_asked_it_is_said() -> None:
    stage = steps.generation(answer(model="", adapter="", prompt=()))
    assert stage.name == "Generation: no model was asked"


def test_a_follow_up_is_shown_as_it_was_understood() -> None:
    asked = retrieval(asked=("How long? (Kubernetes)",), timings={"follow-up": 0.001})
    assert steps.understood(asked) == "Understood as: How long\\? \\(Kubernetes\\)"
    assert steps.stages(asked)[0].name == "Follow-up (1 ms)"
    assert steps.understood(retrieval()) == ""


def test_a_panel_that_was_not_touched_wishes_nothing() -> None:
    untouched = {
        "author": "anyone",
        "since": None,
        "until": "",
        "kinds": [],
        "passages": 8,
        "temperature": 0.2,
        "expand": True,
        "rerank": True,
    }
    assert read_wish(untouched, DEFAULTS) == (NO_WISH, [])
    assert read_wish({}, DEFAULTS) == (NO_WISH, [])


def test_what_is_chosen_is_wished() -> None:
    chosen = {
        "author": "ines-marlow",
        "since": "2021",
        "until": "2022-12",
        "kinds": ["post", "nonsense"],
        "passages": 3.0,
        "temperature": 1,
        "expand": False,
        "rerank": False,
    }
    wish, notes = read_wish(chosen, DEFAULTS, "sft")
    assert notes == []
    assert wish.filters == Found(
        authors=("ines-marlow",), kinds=(Kind.POST,), since="2021-01-01", until="2023-01-01"
    )
    assert (wish.passages, wish.temperature, wish.model) == (3, 1.0, "sft")
    assert (wish.expand, wish.rerank) == (False, False)


@pytest.mark.parametrize(
    ("until", "expected"),
    [("2022", "2023-01-01"), ("2022-02", "2022-03-01"), ("2024-02-29", "2024-03-01")],
)
def test_the_last_day_is_included(until: str, expected: str) -> None:
    wish, _ = read_wish({"until": until}, DEFAULTS)
    assert wish.filters.until == expected


@pytest.mark.parametrize("said", ["yesterday", "2022-13", "2023-02-30", "0000", "9999-12-31"])
def test_what_is_no_date_is_left_out_with_a_note(said: str) -> None:
    wish, notes = read_wish({"since": said, "until": said}, DEFAULTS)
    assert notes
    assert wish.filters.until is None


def test_a_period_that_ends_before_it_begins_is_left_out() -> None:
    wish, [note] = read_wish({"since": "2023", "until": "2021"}, DEFAULTS)
    assert wish == NO_WISH
    assert "before the first" in note


@pytest.mark.parametrize(
    ("passages", "temperature", "expected"),
    [
        (10**9, 40.0, (100, 2.0)),
        (-3, -1, (1, 0.0)),
        ("all", float("nan"), (None, None)),
        (True, None, (None, None)),
    ],
)
def test_no_setting_goes_farther_than_the_panel_does(
    passages: Any, temperature: Any, expected: tuple[int | None, float | None]
) -> None:
    wish, _ = read_wish({"passages": passages, "temperature": temperature}, DEFAULTS)
    assert (wish.passages, wish.temperature) == expected


def test_a_draft_leads_to_its_trace_and_its_feedback_too() -> None:
    retrieval = Retrieval(passages=(), asked=("x",), found=Found(), audience=Audience.PUBLIC)
    variant = DraftVariant(number=1, text="So.", sentences=(), prompt=(("system", "Write."),))
    draft = Draft(
        brief=Brief(about="x", audience=Audience.PUBLIC),
        variants=(variant,),
        retrieval=retrieval,
        assembled=False,
        prompt_version="draft@1",
        model="m",
        adapter="",
        timings={"variant 1": 0.5, "total": 2.0},
        notes=(),
        trace_id="ab" * 16,
    )
    stage = steps.drafting(draft, "https://traces.example/1")
    assert stage.name == "Generation: m (500 ms)"
    assert "(<https://traces.example/1>)" in stage.text
    assert "Write." in stage.text
    given = about_draft(draft, variant, thread_id="t", message_id="a:0", user="")
    assert given.trace_id == draft.trace_id


def test_a_question_has_no_halves_of_signs() -> None:
    assert question_of("Why \ud83d\ude00 \ud800?") == "Why \U0001f600 \ufffd?"
    whole = "\U0001f469\u200d\U0001f469 \x00 e\u0301"
    assert question_of(whole) == whole


def test_a_question_without_end_is_refused() -> None:
    assert question_of("x" * LONGEST_QUESTION)
    with pytest.raises(UsageError, match="20,001 characters"):
        question_of("x" * (LONGEST_QUESTION + 1))
