"""The ``[evaluation]`` table of twin.toml: what styles are compared with, and the gate.

In: values of a file or of the environment. Out: a frozen model that refuses what it does not know.
"""

from pydantic import BaseModel, ConfigDict, Field


class EvaluationSettings(BaseModel):
    """How the twin is measured, and the gate that `twin evaluate run` judges by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    others: tuple[str, ...] = Field(
        default=(),
        description="Files and folders of other people's writing to compare styles with, relative "
        "to the home; besides the other authors of the warehouse.",
    )
    style_gain: float = Field(
        default=0.1,
        ge=0,
        description="A candidate must be so much nearer to the author than the base (0 is the "
        "author, 1 other people), and the whole interval above 0.",
    )
    memorised: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of texts that may have 30 tokens in a row from the training set.",
    )
    perplexity_ratio: float = Field(
        default=1.0,
        gt=0,
        description="Perplexity on held-out text of the author, at most so many times the base's.",
    )
    accuracy_drop: float = Field(
        default=0.1, ge=0, description="What the judge's accuracy may lose, on its scale of 1 to 3."
    )
