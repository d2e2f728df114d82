"""What every entailment model must pass.

In: a subclass that builds the model. Out: the tests of `twin.components.Entailment`::

    class TestMyModel(EntailmentContract):
        @pytest.fixture
        def model(self):
            return build(Options(), context)

Whether it judges well is not tested here: that is a matter of the weights.
"""

# ruff: noqa: S101, D102 - tests: they assert, and their names say what

from typing import Any

import pytest

from twin.components import Entailment

PAIRS = [
    ("The tide waits for nobody. Our boats do wait.", "Nobody is waited for by the tide."),
    ("The tide waits for nobody.", "The tide waits for everybody."),
    ("It took eleven weeks — and a half.", "Es dauerte elf Wochen."),
    ("", "Nothing is said."),
    ("Something is said.", ""),
    ("a " * 5000, "b " * 5000),
]
"""Also what is empty, in another language, and longer than any model reads."""


class EntailmentContract:
    """All of an entailment model's contract; a subclass gives the fixture `model`."""

    @pytest.fixture
    def model(self, **_: Any) -> Entailment:
        """Return the model."""
        raise NotImplementedError

    def test_every_pair_has_a_probability(self, model: Entailment) -> None:
        found = list(model(PAIRS))
        assert len(found) == len(PAIRS)
        assert all(0 <= float(one) <= 1 for one in found)

    def test_no_pairs_are_no_answer(self, model: Entailment) -> None:
        assert list(model([])) == []

    def test_a_pair_alone_or_among_others_is_judged_alike(self, model: Entailment) -> None:
        together = model(PAIRS)
        for pair, found in zip(PAIRS, together, strict=True):
            [alone] = model([pair])
            assert alone == pytest.approx(found, abs=0.05)

    def test_the_order_of_the_pairs_does_not_count(self, model: Entailment) -> None:
        assert list(model(PAIRS[::-1])) == pytest.approx(list(model(PAIRS))[::-1], abs=0.05)
