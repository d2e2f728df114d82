"""The keys that this plugin adds to Axolotl's configuration.

In: values of a YAML file. Out: checked by pydantic with all the others; Axolotl merges this model
into its own schema.
"""

from pydantic import BaseModel, Field


class TwinArguments(BaseModel):
    """Keys of a run of `twin train`; every one may be left out."""

    twin_run: str | None = Field(
        default=None, description="The folder that the events of this run are written to."
    )
    twin_run_id: str | None = Field(default=None, description="The name of the run in a trace.")
    use_langfuse: bool | None = Field(
        default=None,
        description="Send a trace of the run; the keys stand in LANGFUSE_PUBLIC_KEY and "
        "LANGFUSE_SECRET_KEY, the server in LANGFUSE_BASE_URL.",
    )
