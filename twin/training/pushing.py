"""A run's result on the Hugging Face Hub.

In: a run and the name of a repository. Out: its address. The repository is private unless it is asked
to be public, and then only if what the run learned from is public too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from twin.documents import Audience
from twin.errors import TrainingError, UsageError
from twin.training import curves, metrics, runs
from twin.training.runs import Run

BESIDE: Final = (runs.MANIFEST, runs.CONFIG, metrics.CSV, curves.NAME)
"""Files of a run that travel with its result: what it was made from, and how it went."""

TOLD: Final = (
    runs.MANIFEST,
    runs.CONFIG,
    "adapter_config.json",
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
)
"""Files of values, among which may be folders of this machine."""

UNTOLD: Final = ("pid", "launcher_arguments")
"""Of the manifest: what is of this machine and its network alone."""

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
    found = [(path.name, path) for path in sorted(folder.iterdir()) if path.is_file()]
    found += [(name, run.folder / name) for name in BESIDE if (run.folder / name).is_file()]
    files: list[tuple[str, Path | bytes]] = [
        (name, _without_folders(path, run) if name in TOLD else path) for name, path in found
    ]
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


def _without_folders(path: Path, run: Run) -> bytes:
    """Return a file of values in which of a folder of this machine only the last name is left.

    Raises:
        TrainingError: if it cannot be read, and so not be looked through.
    """
    import yaml  # noqa: PLC0415 - only here

    roots = (str(run.folder.parent.parent.absolute()), str(Path.home()))
    try:
        text = path.read_text("utf-8")
        values: Any = yaml.safe_load(text) if path.suffix == ".yaml" else json.loads(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"{path} cannot be read: {error}"
        raise TrainingError(message, "it might name folders of this machine") from error
    cleaned = without_folders(values, roots)
    if path.name == runs.MANIFEST:
        cleaned = {key: value for key, value in cleaned.items() if key not in UNTOLD}
    if cleaned == values:
        return text.encode()
    if path.suffix == ".yaml":
        said: str = yaml.safe_dump(cleaned, sort_keys=False, allow_unicode=True)
        return said.encode()
    return json.dumps(cleaned, indent=2, ensure_ascii=False).encode()


def without_folders(value: Any, roots: tuple[str, ...]) -> Any:
    """Return plain values in which of every absolute path the last name is left.

    Args:
        value: of JSON or YAML.
        roots: folders that are taken out of longer texts too, as of the reason of a failure.
    """
    if isinstance(value, Mapping):
        return {key: without_folders(one, roots) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(one, roots) for one in value]
    if not isinstance(value, str):
        return value
    # A token such as "/no_think" is no folder.
    if value.startswith("/") and value.count("/") > 1 and not any(c in value for c in "\n<>{}"):
        return Path(value).name
    for root in roots:
        if len(root) > 1:
            value = value.replace(root, "…")
    return value


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
