"""Personal data, masked by Presidio's recognisers: in the prompt, in the trace, and in nothing that stays."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.langfuse import langfuse
from tests.speaking import Speaking
from tests.unit.test_retriever import House
from twin import observe
from twin.chat.answer import Answer, Answerer
from twin.chat.drafting import Drafter
from twin.chat.drafts import Brief
from twin.chat.guarding import Guard
from twin.chat.wish import Turn
from twin.components import BuildContext
from twin.documents import Audience, Span
from twin.guard.personal import KINDS, Masking, personal
from twin.settings import Settings
from twin.tracing import asked_by

MAIL, PHONE, ASKED = "ada@example.com", "+44 20 7946 0958", "joan@example.org"
QUESTION = f"Do they write to {ASKED} at the tide?"


def presidio(context: BuildContext) -> Callable[[str], Any]:
    pytest.importorskip("presidio_analyzer", reason="twin-presidio is not installed")
    from twin_presidio import PresidioOptions, build

    return build(PresidioOptions(), context)


def patterns(context: BuildContext) -> Callable[[str], Sequence[tuple[Span, str]]]:
    del context
    return lambda text: personal(text, KINDS)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "house").mkdir()
    opened = House(tmp_path / "house")
    text = f"Boats at the tide write to {MAIL}, or they call {PHONE} at noon."
    opened.add("tide", text, title=f"Tide of {MAIL}", author="Xanthippe")
    yield opened
    opened.close()


@pytest.mark.parametrize("finder", [patterns, presidio], ids=lambda one: one.__name__)
def test_neither_a_model_nor_whoever_watches_is_given_personal_data(
    house: House, tmp_path: Path, finder: Callable[[BuildContext], Any]
) -> None:
    find = finder(BuildContext(cache=tmp_path, data=tmp_path))
    mask = Masking(lambda: [find])
    model = Speaking(answers=[[f"Boats at the tide write to {MAIL}. [1]"]], listens=True)
    guard = Guard(mask=mask)
    retriever = house.retriever(mask=guard.question)
    answerer = Answerer(retriever, lambda _: model, person="X", minimum_relevance=0.0, guard=guard)
    drafter = Drafter(retriever, lambda _: model, person="X", guard=guard)
    brief = Brief(about=QUESTION, audience=Audience.PUBLIC)
    with (
        langfuse(None) as kept,
        observe.start(Settings(), kept.environment(), tmp_path, mask) as observer,
        asked_by(user=ASKED, session="s"),
    ):
        answer = answerer.answer(
            QUESTION,
            audience=Audience.PUBLIC,
            history=[Turn(f"Who is {ASKED}?", f"Nobody, says {MAIL}.")],
        )
        drafter.draft(brief, variants=1)
        observer.score(answer.trace_id, "thumb", 1.0, f"{ASKED} says so")
    told = " ".join(map(str, [*kept.spans, *kept.scores]))
    sent = " ".join(model.asked)
    assert len(model.asked) == 3  # the follow-up, the answer, the draft
    for secret in (MAIL, PHONE, ASKED):
        assert secret not in sent, secret
        assert secret not in told, secret
    assert "[" in sent
    assert {span.name for span in kept.spans} >= {"answer", "draft", "retrieve", "generation"}
    _what_stays_is_as_it_was(answer)


def _what_stays_is_as_it_was(answer: Answer) -> None:
    assert MAIL in answer.retrieval.passages[0].text
    assert MAIL in answer.sources[0].quoted()[0]
    assert PHONE in answer.sources[0].passage.text
