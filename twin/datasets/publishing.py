"""Put a set on the Hugging Face Hub: private unless the person says otherwise.

In: the folder of a set, a repository's name and a token from the environment. Out: the address. What is
above the public audience goes into no public repository.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twin.datasets.writing import CARD, MANIFEST, read_manifest
from twin.documents import Audience
from twin.errors import ComponentUnavailable, DatasetError, UsageError

TOKEN: Final = "HF_TOKEN"  # noqa: S105 - the variable's name
FILES: Final = ("*.jsonl", MANIFEST, CARD, "plots/*.png")
"""Of the folder, what is uploaded: whatever else somebody put there stays there."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where a set is now."""

    url: str
    private: bool
    files: int


def push(
    folder: Path, repository: str, *, public: bool, environ: dict[str, str] | None = None
) -> Pushed:
    """Upload a set in one commit, and return where it is.

    Args:
        folder: of the set.
        repository: as in ``ines/my-writing``.
        public: whether anyone may see it; only a set for public eyes may be.
        environ: where the token is, and ``HF_ENDPOINT`` of another Hub.

    Raises:
        UsageError: if it is to be public and is not for public eyes, or breaks a gate.
        ComponentUnavailable: if huggingface_hub is not installed, or there is no token.
        DatasetError: if there is no set, or the Hub refuses.
    """
    environ = dict(os.environ) if environ is None else environ
    values = read_manifest(folder)
    if public and values["audience"] != Audience.PUBLIC:
        message = f"{values['name']} is for {values['audience']} eyes, and must not be public"
        raise UsageError(
            message, "make it again with --audience public, or push it without --public"
        )
    try:
        from huggingface_hub import CommitOperationAdd, HfApi  # noqa: PLC0415 - an extra
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = "pushing needs huggingface_hub, which is not installed"
        raise ComponentUnavailable(message, "pip install 'twin[datasets]'") from error
    token = environ.get(TOKEN, "")
    if not token:
        message = f"the variable {TOKEN} is not set"
        raise ComponentUnavailable(
            message, "make a token with write access on the Hub's settings page"
        )
    api = HfApi(endpoint=environ.get("HF_ENDPOINT") or None, token=token)
    paths = sorted(path for pattern in FILES for path in folder.glob(pattern))
    # The Hub shows the file of this name.
    names = {path: str(path.relative_to(folder)).replace(CARD, "README.md") for path in paths}
    operations = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(path))
        for path, name in names.items()
    ]
    try:
        made = api.create_repo(repository, repo_type="dataset", private=not public, exist_ok=True)
        there = api.repo_info(made.repo_id, repo_type="dataset")
        if not public and not there.private:
            message = f"{made.repo_id} is there already, and is public"
            raise DatasetError(message, "name another repository, or push with --public")
        api.create_commit(
            made.repo_id,
            operations,
            commit_message=f"{values['name']}: {sum(values['rows'].values())} rows",
            repo_type="dataset",
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        # The Hub's client says much, and the token is in none of it; the first line is what failed.
        reason = str(error).replace(token, "[token]").strip().splitlines()[0]
        message = f"{repository}: the Hub did not take the set: {reason}"
        raise DatasetError(message, f"has {TOKEN} write access, and is the name right?") from None
    return Pushed(str(made), bool(there.private), len(operations))
