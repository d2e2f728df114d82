"""The table [chat] of twin.toml: how it answers, who may log in to the page, where that is kept.

In: values of a file or of the environment. Out: a frozen model that refuses what it does not know.
"""

from pydantic import BaseModel, ConfigDict, Field


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
    history_url_env: str = Field(
        default="",
        description="The environment variable that holds the URL of a PostgreSQL database for the "
        "conversations; empty keeps them in a file in the home.",
    )
    oauth_allowed: tuple[str, ...] = Field(
        default=(),
        description="Who may log in by OAuth, as the provider names them (mostly a mail address); "
        "the provider itself is set by the environment variables of Chainlit.",
    )
