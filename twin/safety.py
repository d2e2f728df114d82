"""The ``[guard]`` table of twin.toml: what tries to instruct the model, and what is personal.

In: values of a file or of the environment. Out: a frozen model that refuses what it does not know.
"""

from pydantic import BaseModel, ConfigDict, Field

from twin.tables import Choice


class GuardSettings(BaseModel):
    """What tries to instruct the model, and what is personal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quarantine: bool = Field(
        default=True,
        description="Whether a document that looks like an order to a model is held back at ingest "
        "until `twin quarantine release`.",
    )
    trusted: tuple[str, ...] = Field(
        default=(),
        description="Collections that are never held, as in `files:notes`; `*` stands for anything.",
    )
    questions: bool = Field(
        default=True,
        description="Whether an order that comes as a question is told so, and no model is asked.",
    )
    passages: bool = Field(
        default=True,
        description="Whether sentences that try to instruct are left out of prompts.",
    )
    masks: tuple[Choice, ...] = Field(
        default=(),
        description="What finds personal data, which no model is then given: `patterns`, or a plugin's.",
    )
