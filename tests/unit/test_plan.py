"""The teacher chooses from lists; whatever else it says is ignored, and it may fail."""

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from twin.components import ModelT
from twin.documents import Kind
from twin.errors import ModelError
from twin.retrieve.filters import Found
from twin.retrieve.plan import plan_filters
from twin.warehouse.protocol import Author

AUTHORS = (
    Author(slug="ada", name="Ada Byron", aliases=("countess",)),
    Author(slug="alan", name="Alan Turing"),
)


class Scribe:
    """A teacher that writes what it was told into any form, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[type[BaseModel], str, str]] = []

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        self.asked.append((schema, system, user))
        return schema.model_validate(self.answers)


def plan(teacher: Any, authors: tuple[Author, ...] = AUTHORS) -> Found:
    return plan_filters(
        "what of 2020?",
        teacher,
        authors=authors,
        platforms=("mastodon", "x"),
        today=date(2026, 1, 10),
    )


def test_it_is_shown_the_lists_and_the_date() -> None:
    scribe = Scribe()
    assert plan(scribe) == Found()
    [(_, system, user)] = scribe.asked
    assert user == "what of 2020?"
    for shown in ("Ada Byron, Alan Turing", "mastodon, x", "2026-01-10"):
        assert shown in system


def test_what_is_on_the_lists_is_taken() -> None:
    scribe = Scribe(
        authors=["COUNTESS", "Ada Byron", "alan"],
        platforms=["X", "mastodon"],
        kinds=["Code", "post"],
        since="2020-01-01",
        until="2021-01-01T00:00:00+00:00",
    )
    assert plan(scribe) == Found(
        authors=("ada", "alan"),
        platforms=("mastodon", "x"),
        kinds=(Kind.POST, Kind.CODE),
        since="2020-01-01",
        until="2021-01-01T00:00:00+00:00",
    )


@pytest.mark.parametrize(
    "answers",
    [
        {"authors": ["Grace Hopper", ""], "platforms": ["facebook"], "kinds": ["poem", ""]},
        {"since": "last year", "until": "2021-13-45"},
        {"since": "", "until": "0000-00-00"},
        {"since": "2020-02-30", "until": "99999-01-01"},
        {"since": "2021-01-01", "until": "2020-01-01"},
        {"since": "2021-01-01", "until": "2021-01-01"},
        {"since": "2020-01-01T00:00:00+99:00"},
        {"audience": "private"},
    ],
)
def test_what_is_not_on_the_lists_is_ignored(answers: dict[str, Any]) -> None:
    assert plan(Scribe(**answers)) == Found()


def test_a_single_author_is_no_filter() -> None:
    assert plan(Scribe(authors=["Ada Byron"]), AUTHORS[:1]) == Found()


def test_a_teacher_that_fails_is_not_hidden_here() -> None:
    class Silent:
        def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
            message = f"{schema.__name__}: no answer to {len(system)} and {len(user)} characters"
            raise ModelError(message)

    with pytest.raises(ModelError, match="Plan"):
        plan(Silent())
