"""A teacher that is asked again where its answer is of no use, and whose tokens are counted.

In: a teacher, and how often it may be asked. Out: the same to its callers, with what it took. Several
threads may ask at once; once it is stopped none gets another answer, so that Ctrl-C waits for one call
of each and not for the rest of their questions.
"""

from __future__ import annotations

import threading

from twin.components import ModelT, Teacher
from twin.errors import ModelError
from twin.models.usage import Usage, counting


class PatientTeacher:
    """Asks a teacher up to so many times.

    Args:
        teacher: who is asked.
        attempts: tries at one form.

    Attributes:
        usage: tokens of all answers, those that were of no use included.
    """

    def __init__(self, teacher: Teacher, attempts: int) -> None:
        self._teacher = teacher
        self._attempts = attempts
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.usage = Usage()

    def stop(self) -> None:
        """Answer no more."""
        self._stopped.set()

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        """Return the teacher's answer as an instance of `schema`.

        Raises:
            ModelError: if no try gave one, or it was stopped.
        """
        last = ModelError("it was stopped before the teacher was asked")
        for _ in range(self._attempts):
            if self._stopped.is_set():
                raise last
            try:
                with counting() as used:
                    return self._teacher.structured(schema, system, user)
            except ModelError as error:
                last = error
            finally:
                with self._lock:
                    self.usage.read += used.read
                    self.usage.written += used.written
        raise last
