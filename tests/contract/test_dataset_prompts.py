"""The prompt of a row is the prompt that the chat sends: training and serving read the same words."""

import json
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import MockLLM

from twin.chat.answer import Answerer
from twin.documents import Audience, Kind
from twin.prompts.passages import Numbered, parse
from twin.retrieve.filters import EVERYTHING
from twin.retrieve.passages import Passage, Retrieval

ROWS = Path(__file__).parent.parent.parent / "examples" / "datasets" / "sft.jsonl"
CONTEXT = [
    row for row in map(json.loads, ROWS.read_text("utf-8").splitlines()) if row["form"] == "context"
]


class Shelf:
    """Retrieves the passages that it was given."""

    def __init__(self, passages: list[Numbered]) -> None:
        self._passages = tuple(
            Passage(
                document_id=str(one.number),
                version=1,
                start=0,
                end=len(one.text),
                text=one.text,
                title=one.title,
                source="",
                url=None,
                author=one.author,
                author_slug="",
                kind=Kind.ARTICLE,
                platform="file",
                published_at=one.date or None,
                score=1.0,
                similarity=1.0,
            )
            for one in passages
        )

    def retrieve(self, question: str, *, audience: Audience, **_: Any) -> Retrieval:
        return Retrieval(
            passages=self._passages, asked=(question,), found=EVERYTHING, audience=audience
        )


@pytest.mark.parametrize("row", CONTEXT[:8], ids=lambda row: row["id"])
def test_a_row_asks_as_the_chat_does(row: dict[str, Any]) -> None:
    passages, question = parse(row["messages"][1]["content"])
    shelf: Any = Shelf(passages)
    answerer = Answerer(
        shelf, lambda _: MockLLM(max_tokens=3), person="Ines Marlow", minimum_relevance=0.4
    )
    answer = answerer.answer(question, audience=Audience.PUBLIC)
    assert [list(one) for one in answer.prompt] == [
        [message["role"], message["content"]] for message in row["messages"][:-1]
    ]
