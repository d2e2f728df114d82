"""The table [chat] of twin.toml: how it answers, who may log in to the page, where that is kept.

In: values of a file or of the environment. Out: a frozen model that refuses what it does not know.
"""

from pydantic import BaseModel, ConfigDict, Field

from twin.tables import Choice


class ChatSettings(BaseModel):
    """From passages to an answer, and the page that shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_relevance: float = Field(
        default=0.44,
        ge=0,
        le=1.3,
        description="Below this evidence (cosine, and 0.3 for having all of the question's words) "
        "the twin says that it has not written about it.",
    )
    entailment: Choice | None = Field(
        default=None,
        description="What has the last word on whether a cited passage says what rests on it, as in "
        "`nli`; None leaves it to words and the embedder.",
    )
    history_url_env: str = Field(
        default="",
        description="The environment variable that holds the URL of a PostgreSQL database for the "
        "conversations; empty keeps them in a file in the home.",
    )
    at_once: int = Field(
        default=64,
        ge=1,
        le=1000,
        description="Questions that the page answers at once; the next ones wait in line.",
    )
    at_once_each: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Questions of one who logs in, or of one guest's page, that are answered or wait.",
    )
    oauth_allowed: tuple[str, ...] = Field(
        default=(),
        description="Who may log in by OAuth, as in `github:ines` or `google:ines@example.org`: the "
        "provider, and how it names them. Without the provider where only one is set up, which the "
        "environment variables of Chainlit do.",
    )
