"""Whether a run was trained on the tokens that its server will see.

In: a run. Out: a `Parity`, kept as ``parity.json`` in its folder. For some rows of its set, the ids
that Axolotl trains on are compared with those of the prompt as a server makes it, up to the answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from twin.errors import TrainingError
from twin.training.environment import Axolotl
from twin.training.recipes import read
from twin.training.runs import Run
from twin.training.shapes import model_folder
from twin.training.trainset import some

FILE: Final = "parity.json"
ROWS: Final = 8
"""Conversations that are compared; all rows go through the same template."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What the comparison of a run found.

    Attributes:
        rows: conversations that were compared.
        equal: how many of them are equal up to the answer.
        first: what differs in the first that is not; empty if none.
        axolotl: the version that was asked.
    """

    rows: int
    equal: int
    first: str
    axolotl: str

    @property
    def good(self) -> bool:
        """Whether all are equal."""
        return self.rows > 0 and self.rows == self.equal


def check(run: Run, axolotl: Axolotl) -> Parity:
    """Compare, and keep what was found.

    Raises:
        TrainingError: if the run has no result, or Axolotl does not answer.
    """
    folder = run.adapter or run.merged
    if folder is None:
        message = f"{run.id} has no result, so there is nothing to be served"
        raise TrainingError(message, f"`twin train resume {run.id}`")
    config = read(run.config)
    dataset = config["datasets"][0]
    rows = some(Path(dataset["path"]), ROWS)
    conversations = [conversation(row) for row in rows]
    asked = order(folder, config, conversations)
    if run.adapter is not None:
        # A server that loads an adapter beside its base takes tokenizer and template from the base.
        base = model_folder(run.manifest.base_model)
        asked["served_by"] = str(base) if base is not None else None
    told: Any = axolotl.module("twin_axolotl.parity", told=json.dumps(asked))
    differing = [text for text in map(difference, told) if text]
    found = Parity(
        len(told), len(told) - len(differing), differing[0] if differing else "",
        axolotl.versions["axolotl"],
    )  # fmt: skip
    unfinished = run.folder / f"{FILE}.part"
    unfinished.write_text(json.dumps(asdict(found), indent=1), "utf-8")
    unfinished.replace(run.folder / FILE)
    return found


def kept(run: Run) -> Parity | None:
    """Return what was found before, None if nothing was, or the result is newer."""
    path = run.folder / FILE
    folder = run.adapter or run.merged
    try:
        if folder is None or path.stat().st_mtime < folder.stat().st_mtime:
            return None
        return Parity(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def conversation(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a row with its answer last; of a pair, the chosen one."""
    messages = [dict(message) for message in row["messages"]]
    return [*messages, dict(row["chosen"])] if "chosen" in row else messages


def order(
    tokenizer: Path, config: Mapping[str, Any], conversations: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return what the module in Axolotl's environment is told."""
    dataset = {
        key: value
        for key, value in (config.get("datasets") or [{}])[0].items()
        if key.startswith("field_")
        or key in {"message_property_mappings", "roles_to_train", "train_on_eos"}
    }
    return {
        "tokenizer": str(tokenizer),
        "rl": config.get("rl"),
        "chat_template": config.get("chat_template"),
        "chat_template_jinja": config.get("chat_template_jinja"),
        "sequence_len": config.get("sequence_len"),
        "dataset": dataset,
        "conversations": conversations,
    }


def difference(ids: Mapping[str, Any]) -> str:
    """Return what differs between training and serving, empty if nothing does up to the answer.

    Args:
        ids: `trained` and `served` are token ids, `learnt` says of each of the first whether it is
            trained on, and `answers` how many the conversation has: earlier ones are, too.
    """
    trained, served, learnt = ids["trained"], ids["served"], ids["learnt"]
    for place, (one, other) in enumerate(zip(trained, served, strict=False)):
        if one != other:
            return f"token {place} is {one} in training and {other} when served"
    if len(trained) <= len(served):
        return (
            f"{len(served)} tokens are served as the prompt, and training has only {len(trained)}"
        )
    wrong = learnt[: len(served)] if ids["answers"] == 1 else learnt[len(served) - 1 : len(served)]
    if any(wrong):
        return f"token {learnt.index(True)} is trained on, and the prompt ends at {len(served)}"
    if not learnt[len(served)]:
        return f"the answer begins at token {len(served)}, which is not trained on"
    return ""
