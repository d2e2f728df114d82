"""A run's result on the Hugging Face Hub.

In: a run and the name of a repository. Out: its address. The repository is private unless it is asked
to be public, and then only if what the run learned from is public too.
"""

from pathlib import Path
from typing import Final

from twin.documents import Audience
from twin.errors import TrainingError, UsageError
from twin.training import curves, metrics, runs
from twin.training.runs import Run

BESIDE: Final = (runs.MANIFEST, runs.CONFIG, metrics.CSV, curves.NAME)
"""Files of a run that travel with its result: what it was made from, and how it went."""

CARD: Final = """---
base_model: {base}
library_name: {library}
tags: [axolotl, twin, {kind}]
---

# {name}

{kind} of `{base}` by Axolotl {axolotl}, on {rows:,} rows of the set `{dataset}` (audience: {audience}).
`manifest.json` has the hashes of everything it was made from, `config.yaml` all that Axolotl was told.

| metric | at the end |
|---|---|
{metrics}
"""


def push(
    run: Run, repository: str, *, public: bool = False, merged: bool = False
) -> tuple[str, bool]:
    """Upload a run's adapter or model, with what it was made from.

    Returns:
        The address, and whether the repository is private.

    Args:
        run: that is done.
        repository: as in ``name/my-twin``.
        public: let everybody see it.
        merged: the merged model in place of the adapter.

    Raises:
        UsageError: if it may not be public.
        TrainingError: if there is no result, no client of the hub, or the hub refuses it.
    """
    if public and run.manifest.audience is not Audience.PUBLIC:
        message = f"{run.id} learned from writing for {run.manifest.audience.value} readers only"
        raise UsageError(message, "leave out --public: the repository is private then")
    folder = run.merged if merged or run.adapter is None else run.adapter
    if folder is None:
        message = f"{run.id} has no result to push"
        raise TrainingError(
            message, f"it is {run.state.value}; `twin runs show {run.id}` says more"
        )
    try:
        from huggingface_hub import CommitOperationAdd, HfApi  # noqa: PLC0415 - heavy
    except ImportError as error:
        message = "there is no client of the hub: huggingface_hub is not installed"
        raise TrainingError(message, "pip install 'twin[train]'") from error
    files: list[tuple[str, Path | bytes]] = [
        (path.name, path) for path in sorted(folder.iterdir()) if path.is_file()
    ]
    files += [(name, run.folder / name) for name in BESIDE if (run.folder / name).is_file()]
    files.append(("README.md", card(run, repository, adapter=folder == run.adapter).encode()))
    api = HfApi()
    try:
        address = api.create_repo(repository, private=not public, exist_ok=True)
        private = bool(api.repo_info(address.repo_id).private)
        if not public and not private:
            message = f"{address.repo_id} is there already, and is public"
            raise TrainingError(  # noqa: TRY301 - between two requests of one boundary
                message, "name another repository, or push with --public"
            )
        api.create_commit(
            repository,
            operations=[
                CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
                for name, content in files
            ],
            commit_message=f"{run.id}",
        )
    except TrainingError:
        raise
    except Exception as error:
        # The boundary of the hub's client, which lets the errors of its HTTP library through.
        message = f"the hub did not take it: {error}"
        raise TrainingError(
            message, "`hf auth login`, or set HF_TOKEN; is HF_HUB_OFFLINE set?"
        ) from error
    return str(address), private


def card(run: Run, repository: str, *, adapter: bool) -> str:
    """Return the card of a repository."""
    told = run.manifest
    base = told.base_model
    rows = [f"| {name} | {value:.4g} |" for name, value in told.final.items()]
    return CARD.format(
        # A folder of this machine is nobody else's business.
        base=Path(base).name if Path(base).is_absolute() else base,
        library="peft" if adapter else "transformers",
        kind=told.kind,
        name=repository.rsplit("/", 1)[-1],
        axolotl=told.versions.get("axolotl", ""),
        rows=told.rows,
        dataset=told.dataset,
        audience=told.audience.value,
        metrics="\n".join(rows),
    )
