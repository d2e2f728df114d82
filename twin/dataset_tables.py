"""The table ``[datasets]`` of twin.toml: how sets for training are made.

In: values of a file or of the environment. Out: a frozen model that refuses what it does not know.
"""

from pydantic import Field, ValidationInfo, field_validator, model_validator

from twin.documents import Kind
from twin.tables import Choice, Section

FORMS = ("instruction", "continuation", "rewrite", "context")
"""Forms of rows in an instruction set."""

REJECTED = ("corruption", "others", "model", "teacher")
"""Where the rejected texts of a preference set may come from; feedback comes by itself."""


class DatasetSettings(Section):
    """From one's own writing to sets for training: ``twin dataset``."""

    kinds: tuple[Kind, ...] = Field(
        default=(Kind.ARTICLE, Kind.POST), description="What is taken; messages have two authors."
    )
    minimum: int = Field(default=300, ge=40, description="Code points of a target, of an article.")
    maximum: int = Field(default=1500, ge=100, description="Code points of a target.")
    test: float = Field(default=0.1, gt=0, lt=1, description="Share of the documents in the test.")
    validation: float = Field(default=0.0, ge=0, lt=1, description="The same of a validation set.")
    rows: int = Field(default=30, ge=1, description="Rows that a training set has at least.")
    context: int = Field(default=4, ge=1, le=20, description="Passages of an answer from context.")
    citations: bool = Field(
        default=False,
        description="Whether an answer from context ends its sentences with the passage's number, as "
        "the chat asks; it is verbatim but for these.",
    )
    forms: dict[str, float] = Field(
        default={"instruction": 0.5, "continuation": 0.2, "rewrite": 0.15, "context": 0.15},
        description="Share of each form of row in an instruction set.",
    )
    rejected: dict[str, float] = Field(
        default={"corruption": 0.5, "others": 0.5},
        description="Share of each source of rejected texts: corruption, others, model, teacher.",
    )
    curators: tuple[Choice, ...] = (
        Choice(use="rules"),
        Choice(use="keys"),
        Choice(use="personal-data"),
        Choice(use="exact-duplicates"),
        Choice(use="near-duplicates"),
        Choice(use="decontamination"),
        Choice(use="coverage"),
        Choice(use="length-balance"),
    )
    feedback_users: tuple[str, ...] = Field(
        default=(),
        description="Names by which you log in to the page: only your own edits are learned from.",
    )
    workers: int = Field(default=4, ge=1, le=64, description="Rows that the teacher is at at once.")
    attempts: int = Field(default=3, ge=1, le=10, description="Tries of the teacher at one row.")
    prices: tuple[float, float] = Field(
        default=(0.0, 0.0), description="Of a million tokens that the teacher reads and writes."
    )

    @field_validator("forms", "rejected")
    @classmethod
    def _shares(cls, value: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        known = FORMS if info.field_name == "forms" else REJECTED
        if unknown := sorted(set(value) - set(known)):
            message = f"there is no {unknown[0]!r}; there are: {', '.join(known)}"
            raise ValueError(message)
        if min(value.values(), default=0) < 0 or sum(value.values()) <= 0:
            message = "shares are positive numbers"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _lengths(self) -> "DatasetSettings":
        if self.maximum < 2 * self.minimum:
            message = "maximum must be at least twice the minimum"
            raise ValueError(message)
        if self.test + self.validation >= 1:
            message = "test and validation leave nothing to train on"
            raise ValueError(message)
        return self
