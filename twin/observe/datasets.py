"""Datasets in Langfuse, made of turns that were traced.

In: turns, and what people would have written instead. Out: items of a dataset, each linked to its
trace. An item's id comes from the dataset and the trace, so the same trace twice is the same item.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.observe.api import Observation


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a dataset.

    Attributes:
        id: unique in the project.
        edited: whether the expected output is what a person wrote instead of the answer.
        body: as Langfuse takes it.
    """

    id: str
    edited: bool
    body: Mapping[str, Any]


def item_of(dataset: str, turn: Observation, edits: Mapping[str, str]) -> Item | None:
    """Return a turn as an item; None if its texts were not traced.

    Args:
        dataset: its name.
        turn: the first step of a trace.
        edits: by trace, what the person would have written; it is then what is expected.
    """
    if not turn.trace_id or turn.input is None or turn.output is None:
        return None
    edited = edits.get(turn.trace_id)
    metadata = turn.metadata if isinstance(turn.metadata, Mapping) else {}
    return Item(
        str(uuid.uuid5(uuid.NAMESPACE_OID, f"twin:{dataset}:{turn.trace_id}")),
        edited is not None,
        {
            "input": {"question": turn.input},
            "expectedOutput": {"answer": edited if edited is not None else turn.output},
            "metadata": {
                "documents": _documents(metadata.get("documents")),
                "edited": edited is not None,
                "asked_at": turn.started.isoformat(),
            },
            "sourceTraceId": turn.trace_id,
            "sourceObservationId": turn.id,
        },
    )


def _documents(value: Any) -> list[str]:
    """Return what a turn cites, which comes as a list or as the text of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return []
    return [str(one) for one in value] if isinstance(value, list) else []
