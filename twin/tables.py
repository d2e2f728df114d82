"""The tables of twin.toml, each with its keys, their defaults and what they are for.

In: values of a file or of the environment. Out: frozen models that refuse what they do not know.
`twin.settings` reads them; `fetch` has its own beside the client.
"""

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from twin.documents import Audience, Kind

FORMS = ("instruction", "continuation", "rewrite", "context")
"""Forms of rows in an instruction set."""

REJECTED = ("corruption", "others", "model", "teacher")
"""Where the rejected texts of a preference set may come from; feedback comes by itself."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Section):
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


class Person(_Section):
    """Whose twin this is."""

    name: str = Field(default="", description="Author of whatever states none.")


class WarehouseSettings(_Section):
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


class NodeParsers(_Section):
    """The node parser of each kind."""

    article: Choice = Choice(use="structure")
    post: Choice = Choice(use="sentences")
    code: Choice = Choice(use="syntax")
    message: Choice = Choice(use="conversation")

    def of(self, kind: Kind) -> Choice:
        """Return the choice for a kind."""
        choice: Choice = getattr(self, kind.value)
        return choice


class IngestSettings(_Section):
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


class IndexSettings(_Section):
    """From the warehouse to vectors."""

    store: Choice = Choice(use="qdrant-edge")
    embedding: Choice = Choice(use="sentence-transformers")
    language: str = Field(
        default="english", description="Snowball language of the keyword index, in English."
    )


class RetrieveSettings(_Section):
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
    token_budget: int = Field(default=3000, ge=100, description="Tokens of the whole context.")


class AdapterSettings(_Section):
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
        "with what is served.",
    )


class DatasetSettings(_Section):
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


class Models(_Section):
    """The language model of each role."""

    chat: Choice = Choice(use="quotes")
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


class ObserveSettings(_Section):
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


class PromptSettings(_Section):
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


class TrainingSettings(_Section):
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


class PluginSettings(_Section):
    """Which plugins must not be loaded."""

    disabled: tuple[str, ...] = ()


class SourceSettings(_Section):
    """A source that `twin ingest` takes in when none is named: ``[[sources]]``."""

    source: str = Field(min_length=1, description="An address, or a path relative to the home.")
    reader: str | None = Field(default=None, description="None takes the one that claims it.")
    name: str | None = Field(default=None, description="Name of the collection.")
    author: str = Field(default="", description="Author of whatever states none.")
    audience: Audience | None = Field(default=None, description="Who may see it.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the reader.")
