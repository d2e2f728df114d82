"""The manifest of a set: what it was made from, with what, and what every step left out.

In: a draft, and what it was made with. Out: plain values, the same for the same inputs: no time and no
path of this machine is among them.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from twin.datasets.building import Draft
from twin.documents import sha256
from twin.prompts import prompt
from twin.samples import Split

FORMAT = 1
"""Raised when a key changes its meaning."""

PROMPTS = ("answer", "voice", "instruct", "question", "plain", "generic")
TOOLS = ("twin", "rensa", "numpy", "pydantic", "qdrant-edge-py", "matplotlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a set was made with, besides its sources.

    Attributes:
        settings: as they were asked for, as plain values.
        curators: every step with its provider's version and its options.
        allowed: gates that the person let it pass although it breaks them.
        asked: what the teacher or a model wrote: rows, failures, tokens and their price.
        of_others: edits and choices in the chat that were left out, since others did them.
    """

    name: str
    seed: int
    settings: Mapping[str, Any]
    curators: Sequence[str]
    allowed: Sequence[str] = ()
    asked: Mapping[str, Any] | None = None
    of_others: int = 0


def manifest(draft: Draft, making: Making, files: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest.

    Args:
        draft: the set.
        making: what it was made with.
        files: SHA-256 of every file of rows, by name.
    """
    kept = Counter(breach.gate for breach in draft.breaches)
    return {
        "format": FORMAT,
        "name": making.name,
        "kind": draft.kind,
        "audience": draft.audience.value,
        "seed": making.seed,
        "rows": {split.value: len(draft.of(split)) for split in Split},
        "files": dict(files),
        "settings": dict(making.settings),
        "allowed": sorted(making.allowed),
        "breaches": dict(sorted(kept.items())),
        "forms": dict(sorted(Counter(s.form for s in draft.samples).items())),
        "rejected_by": dict(
            sorted(Counter(s.rejected_by.partition(":")[0] for s in draft.samples).items())
        )
        if draft.kind != "sft"
        else {},
        "made": draft.made,
        "steps": [
            {
                "name": step.name,
                "before": step.before,
                "after": step.after,
                "reasons": dict(step.reasons),
            }
            for step in draft.steps
        ],
        "curators": list(making.curators),
        "asked": dict(making.asked or {}),
        "feedback": {"of_others": making.of_others},
        "failed": dict(sorted(draft.failed.items())),
        "failed_others": dict(sorted(draft.failed_others.items())),
        "prompts": {name: _prompt(name) for name in PROMPTS},
        "tools": {"python": platform.python_version(), **{name: _version(name) for name in TOOLS}},
        "yield": _whole_yield(draft),
        "sources": [
            {
                "document_id": one.document_id,
                "version": one.version,
                "text_sha256": one.text_hash,
                "source": one.source,
                "split": one.split.value,
                **asdict(one.given),
                "targets": one.targets,
                "rows": one.rows,
            }
            for one in draft.sources
        ],
    }


def _whole_yield(draft: Draft) -> dict[str, int]:
    given = [one.given for one in draft.sources]
    return {
        "documents": len(given),
        "documents_with_rows": sum(one.rows > 0 for one in draft.sources),
        "characters": sum(one.characters for one in given),
        "own": sum(one.own for one in given),
        "taken": sum(one.taken for one in given),
        "short": sum(one.short for one in given),
        "targets": sum(one.targets for one in draft.sources),
        "rows": sum(one.rows for one in draft.sources),
    }


def _prompt(name: str) -> str:
    found = prompt(name)
    return f"{found.label} {sha256(found.template)[:16]}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
