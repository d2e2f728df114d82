"""The entailment model beside the check of what is said: where it fails, the check goes on without it.

In: what builds the model, and a check that can ask one. Out: what the check finds, and a note where it
had to do without. The model is built when a check first asks it, and one that failed is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from twin.chat.bearing import Entails

T = TypeVar("T")


class Entailing:
    """The entailment model that is set, if any.

    Args:
        made_by: its name and what builds it; None if none is set.
    """

    def __init__(self, made_by: tuple[str, Callable[[], Entails]] | None = None) -> None:
        self._made_by = made_by
        self._failed = ""

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._made_by is not None

    def checked(self, check: Callable[[Entails | None], T], notes: list[str]) -> T:
        """Return what a check finds.

        Args:
            check: asks the model it is given, which is None where there is none.
            notes: is told if a model is set, and the check had to do without.
        """
        if self._made_by is None:
            return check(None)
        name, build = self._made_by

        def entails(pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
            # What is quoted word for word needs no model, and shall not wait for one.
            return build()(pairs)

        if not self._failed:
            try:
                return check(entails)
            except Exception as error:  # noqa: BLE001 - the boundary of plugins' models
                self._failed = str(error) or type(error).__name__
        notes.append(f"citations were checked without the entailment model {name}: {self._failed}")
        return check(None)


NO_MODEL = Entailing()
"""Words and the embedder alone judge, as by default."""
