"""Two embedders of different dimension as a plugin, quick and without weights.

In: ``TEST_REFUSES``, a word whose texts the embedders refuse, as a model does that fails for a
while. Out: components like any other; `installed` makes their distribution.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import twin
from twin.testing.fakes import hash_embedding

FIRST, SECOND = "crash-first", "crash-second"
DIMENSIONS = {FIRST: 48, SECOND: 80}


def _refuses(text: str) -> bool:
    time.sleep(float(os.environ.get("TEST_SECONDS_A_TEXT", "0")))
    word = os.environ.get("TEST_REFUSES", "")
    return bool(word) and word in text


def _component(name: str) -> twin.EmbeddingComponent[Any]:
    return twin.EmbeddingComponent(
        name=name,
        summary="of a test",
        options=twin.NoOptions,
        build=lambda _options, _ctx: hash_embedding(refuses=_refuses, dimension=DIMENSIONS[name]),
    )


@twin.hookimpl
def twin_embeddings() -> Iterable[object]:
    """Yield both."""
    yield from map(_component, DIMENSIONS)


def installed(folder: Path) -> Path:
    """Make a distribution that has this plugin, for whoever puts the folder on its path."""
    info = folder / "twin_crash-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: twin-crash\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[twin]\ncrash = {__name__}\n")
    return folder
