"""A run that was moved, with its home or alone: its configuration is made to name where it lies now.

In: a run. Out: the run, whose `config.yaml` and manifest name its own folder. Axolotl writes where its
configuration says: without this, what was moved would go on in the place that it was moved from, and what
was copied would write over the original.
"""

from pathlib import Path
from typing import Any

from twin.training import recipes
from twin.training.runs import Run


def settled(run: Run) -> Run:
    """Return a run with every path that lay in its folder, or in its home, where they are now.

    Raises:
        UsageError, TrainingError: if its configuration cannot be read.
    """
    config = recipes.read(run.config)
    folder, before = run.folder.absolute(), Path(str(config.get("twin_run") or run.folder))
    if before == folder:
        return run
    # A run lies in `runs/` of its home, and what it was made from mostly in the same home.
    places = {before: folder, before.parent.parent: folder.parent.parent}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(one) for key, one in value.items()}
        if isinstance(value, list):
            return [moved(one) for one in value]
        if isinstance(value, str) and value.startswith("/"):
            for old, new in places.items():
                if Path(value).is_relative_to(old):
                    return str(new / Path(value).relative_to(old))
        return value

    recipes.write(run.config, moved(config), f"run {run.id}, moved from {before}")
    return run.changed(base_model=moved(run.manifest.base_model))
