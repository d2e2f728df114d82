"""A small recipe, for checks and for trying things out.

In: a folder, and which edition. Out: notes in it, and the recipe that reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_RECIPE: Final = """\
reader = "llama_index.core.readers.SimpleDirectoryReader"
init = { input_dir = "{here}/notes", required_exts = [".txt"] }
"""


def write_sample(root: Path, edition: int = 1) -> Path:
    """Write notes and a recipe below `root`, and return the recipe.

    The second edition lacks a note, has more to say in another, and has a new one.
    """
    notes = root / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    texts = {"ford.txt": "One wades it in May only.\n", "heron.txt": "It stood in the weir.\n"}
    if edition > 1:
        texts = {
            "ford.txt": "One wades it in May only. In June there is no water at all.\n",
            "bridge.txt": "Nobody wades any more.\n",
        }
        (notes / "heron.txt").unlink(missing_ok=True)
    for name, text in texts.items():
        (notes / name).write_text(text, encoding="utf-8")
    recipe = root / "notes.llamahub.toml"
    recipe.write_text(_RECIPE, encoding="utf-8")
    return recipe
