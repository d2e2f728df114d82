"""The tables of twin.toml, each with its keys, their defaults and what they are for.

In: values of a file or of the environment. Out: frozen models that refuse what they do not know.
`twin.settings` reads them; `fetch` has its own beside the client.
"""

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from twin.documents import Audience, Kind


class Section(BaseModel):
    """Base of every table: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Section):
    """A component by name, with its options: ``"name"`` or ``{ use = "name", option = ... }``."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"use": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """What was set besides the name."""
        return dict(self.model_extra or {})


class Person(Section):
    """Whose twin this is."""

    name: str = Field(default="", description="Author of whatever states none.")


class WarehouseSettings(Section):
    """Where the raw documents rest."""

    engine: str = Field(
        default="sqlite", description="`sqlite`, a file in the home; or `mongo`, a server."
    )
    url: str = Field(
        default="mongodb://127.0.0.1:27017", description="Of MongoDB, without a login."
    )
    url_env: str = Field(
        default="",
        description="The environment variable that holds the URL with its login, if it needs one; "
        "it then takes the place of `url`.",
    )
    database: str = Field(
        default="twin",
        min_length=1,
        max_length=63,
        pattern=r"^[^/\\. \"$\x00]+$",
        description="The name of MongoDB's database.",
    )
    patience: float = Field(
        default=30.0, gt=0, description="Seconds to go on trying while MongoDB is away."
    )

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str) -> str:
        # Whatever stands before an @ is a name and perhaps a password; neither is repeated.
        if "@" in value:
            message = (
                "it may hold no name or password: put the whole URL into an environment "
                "variable and name that in url_env"
            )
            raise ValueError(message)
        return value


class NodeParsers(Section):
    """The node parser of each kind."""

    article: Choice = Choice(use="structure")
    post: Choice = Choice(use="sentences")
    code: Choice = Choice(use="syntax")
    message: Choice = Choice(use="conversation")

    def of(self, kind: Kind) -> Choice:
        """Return the choice for a kind."""
        choice: Choice = getattr(self, kind.value)
        return choice


class IngestSettings(Section):
    """From sources to the warehouse, and what is left out on the way to the index."""

    engine: str = Field(
        default="local", description="What cleans, parses and embeds: `local`, or `ray`."
    )
    ray_address: str = Field(
        default="",
        description="Of a Ray cluster, as in `10.0.0.1:6379`; empty takes `RAY_ADDRESS`, or else "
        "starts Ray here for as long as it is needed.",
    )
    ray_workers: int = Field(
        default=0, ge=0, description="Embedding workers; 0 is one a machine, or one a GPU share."
    )
    ray_gpus: float = Field(default=0, ge=0, description="GPUs of each embedding worker.")
    cleaners: tuple[Choice, ...] = (Choice(use="boilerplate"),)
    enrichers: tuple[Choice, ...] = tuple(Choice(use=e) for e in ("language", "topics", "entities"))
    node_parsers: NodeParsers = NodeParsers()
    copies: bool = Field(
        default=True,
        description="Whether of a piece published in several places only the original is indexed.",
    )
    grace_days: float | None = Field(
        default=7.0,
        ge=0,
        description="Days that what a source dropped is kept; a reading that misses more than half "
        "counts for nothing.",
    )
    reader_timeout: float = Field(
        default=300.0,
        gt=0,
        le=86_400,
        description="Seconds without a document after which a reader is cut off.",
    )


class IndexSettings(Section):
    """From the warehouse to vectors."""

    store: Choice = Choice(use="qdrant-edge")
    embedding: Choice = Choice(use="sentence-transformers")
    language: str = Field(
        default="english", description="Snowball language of the keyword index, in English."
    )


class RetrieveSettings(Section):
    """From a question to passages."""

    query_transforms: tuple[Choice, ...] = ()
    rerankers: tuple[Choice, ...] = (Choice(use="cross-encoder"),)
    audience: Audience = Field(
        default=Audience.PRIVATE,
        description="Who asks. On one's own machine: oneself, who may see everything.",
    )
    candidates: int = Field(default=50, ge=1, le=1000, description="Hits of each single search.")
    passages: int = Field(default=8, ge=1, le=100, description="Passages in the context.")
    per_document: int = Field(default=3, ge=1, le=100, description="Passages of one document.")
    token_budget: int = Field(
        default=3000,
        ge=100,
        description="Tokens of all passages together, as the embedder counts them; what its chat model "
        "cannot read is left out besides.",
    )


class AdapterSettings(Section):
    """One more voice beside ``models.chat``, often an adapter that was trained: ``[[models.adapters]]``."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=64,
        description="What it is chosen by: lower-case letters, digits and hyphens.",
    )
    summary: str = Field(default="", max_length=200, description="One line for whoever chooses.")
    model: Choice
    run: str = Field(
        default="",
        description="The run that trained it, or a folder; `twin doctor` compares its tokenizer "
        "with what is served, and the page offers it to nobody whom its set was not for.",
    )


class Models(Section):
    """The language model of each role."""

    chat: Choice = Choice(use="quotes")
    chat_run: str = Field(
        default="",
        description="The run that trained `chat`, or a folder, as `run` of an adapter: the page asks it "
        "for nobody whom its set was not for.",
    )
    teacher: Choice | None = None
    adapters: tuple[AdapterSettings, ...] = ()

    @field_validator("adapters")
    @classmethod
    def _each_name_once(cls, value: tuple[AdapterSettings, ...]) -> tuple[AdapterSettings, ...]:
        names = [adapter.name for adapter in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"two adapters have the name {twice[0]!r}"
            raise ValueError(message)
        return value


class ObserveSettings(Section):
    """What is told to the server that watches; which one, and its keys, the environment says."""

    content: bool = Field(
        default=True,
        description="Whether questions, passages, prompts and answers are traced; otherwise only "
        "names, numbers, times, models and the ids of documents are.",
    )
    link: str = Field(
        default="",
        description="Langfuse's address in the browser, where it differs from LANGFUSE_BASE_URL.",
    )
    keep_mb: int = Field(
        default=64,
        ge=1,
        description="Megabytes that are kept in the home while the server cannot be reached.",
    )


class PromptSettings(Section):
    """Where the templates of the prompts come from."""

    source: Literal["files", "langfuse"] = Field(
        default="files",
        description="`langfuse` fetches them in the background; the files stand in for what it "
        "does not have.",
    )
    label: str = Field(
        default="production", min_length=1, description="Which version: the one with this label."
    )
    refresh: float = Field(
        default=60.0, ge=1, description="Seconds after which it is looked for a newer version."
    )


class TrainingSettings(Section):
    """From a dataset to an adapter, by Axolotl."""

    environment: str = Field(
        default="",
        description="The folder of an environment that has Axolotl, relative to the home; empty is "
        "the one that `twin train setup` makes there.",
    )
    python: str = Field(
        default="", description="The Python 3.11 that it is made with; empty takes `python3.11`."
    )
    sft: str = Field(
        default="sft", description="The file for SFT: one of axolotl_configs, or a path."
    )
    dpo: str = Field(default="dpo", description="The file for DPO, likewise.")
    minimum_rows: int = Field(
        default=32, ge=1, description="Rows below which a set is refused as too small."
    )
    trackers: tuple[str, ...] = Field(
        default=(),
        description="Where curves are sent besides the run's folder: tensorboard, mlflow, comet, "
        "wandb, trackio, langfuse. Keys and addresses stand in the environment.",
    )
    llama_cpp: str = Field(
        default="", description="The folder of llama.cpp, for `twin export`; empty asks the PATH."
    )


class PluginSettings(Section):
    """Which plugins must not be loaded."""

    disabled: tuple[str, ...] = ()


class SourceSettings(Section):
    """A source that `twin ingest` takes in when none is named: ``[[sources]]``."""

    source: str = Field(min_length=1, description="An address, or a path relative to the home.")
    reader: str | None = Field(default=None, description="None takes the one that claims it.")
    name: str | None = Field(default=None, description="Name of the collection.")
    author: str = Field(default="", description="Author of whatever states none.")
    audience: Audience | None = Field(default=None, description="Who may see it.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the reader.")
