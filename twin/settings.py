"""What a person has set: twin.toml in the home, overlaid by TWIN_* variables.

In: a home folder and the environment. Out: frozen `Settings`, or a `SettingsError` that lists every
mistake with its path. Component names and options are checked later, by the registry, which knows
the plugins. Secrets are never settings: a component names the environment variable that holds one.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from twin.documents import Audience, Kind
from twin.errors import SettingsError
from twin.fetch.settings import FetchSettings

FILE_NAME: Final = "twin.toml"
PREFIX: Final = "TWIN_"
HOME_VARIABLE: Final = "TWIN_HOME"


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
    node_parsers: NodeParsers = NodeParsers()
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


class ChatSettings(_Section):
    """From passages to an answer."""

    minimum_relevance: float = Field(
        default=0.44,
        ge=0,
        le=1.3,
        description="Below this evidence (cosine, and 0.3 for having all of the question's words) "
        "the twin says that it has not written about it.",
    )


class Models(_Section):
    """The language model of each role."""

    chat: Choice = Choice(use="quotes")
    teacher: Choice | None = None


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


class Settings(BaseSettings):
    """Everything that twin.toml may say. Unknown keys are refused."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    person: Person = Person()
    warehouse: WarehouseSettings = WarehouseSettings()
    ingest: IngestSettings = IngestSettings()
    fetch: FetchSettings = FetchSettings()
    index: IndexSettings = IndexSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    chat: ChatSettings = ChatSettings()
    models: Models = Models()
    plugins: PluginSettings = PluginSettings()
    sources: tuple[SourceSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which comes in as init values."""
        del env_settings, dotenv_settings, file_secret_settings
        return _Environment(settings_cls), init_settings


class _Environment(EnvSettingsSource):
    """The TWIN_* variables. A component may be named without quotes; all else complex is JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            if field.annotation is Choice and not str(value).lstrip().startswith(tuple('{["')):
                return value
            names = (name for name, text in os.environ.items() if text == value)
            name = next((name for name in names if name.upper().startswith(PREFIX)), field_name)
            message = f"{name}: it must be JSON ({error})"
            raise ValueError(message) from error


def home_folder(given: Path | None = None) -> Path:
    """Return the home: `given`, else ``TWIN_HOME``, else the platform's data directory."""
    if given is not None:
        return given.expanduser().absolute()
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser().absolute()
    return Path(platformdirs.user_data_dir("twin", appauthor=False))


def load_settings(home: Path) -> Settings:
    """Read twin.toml in `home`, if there is one, and overlay the environment.

    Raises:
        SettingsError: with every mistake, each with its path.
    """
    path = home / FILE_NAME
    hint = f"edit {path}; twin.example.toml shows every key with its default"
    values = _read(path)
    problems = [f"{name}: no such setting" for name in _unknown_variables(os.environ)]
    # pydantic-settings takes keys such as `_env_file` for its own arguments.
    foreign = [key for key in values if key.startswith("_")]
    problems += [f"{key}: no such setting" for key in foreign]
    values = {key: value for key, value in values.items() if key not in foreign}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [
            f"{_path(item['loc'])}: {_plain(item['msg'])}"
            for item in error.errors(include_url=False)
        ]
        raise SettingsError(problems, hint) from error
    except ValueError as error:
        # pydantic-settings wraps what `_Environment` says of a variable that is no JSON.
        raise SettingsError([*problems, str(error.__cause__ or error)], hint) from error
    if problems:
        raise SettingsError(problems, "unset it, or compare its name with docs/settings.md")
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        # Some editors begin a file with a byte-order mark.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"], "make the file readable") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {error}"], "mend the line that it names") from error


def _path(location: tuple[int | str, ...]) -> str:
    """Return a location as a person would write it: ``retrieve.rerankers[0].use``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "twin.toml"


def _plain(message: str) -> str:
    if message == "Extra inputs are not permitted":
        return "no such setting"
    return message[:1].lower() + message[1:]


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    return sorted(
        name
        for name in environment
        if name.startswith(PREFIX)
        and name != HOME_VARIABLE
        and not _known(Settings, name.removeprefix(PREFIX).lower().split("__"))
    )


def _known(model: type[BaseModel], parts: list[str]) -> bool:
    head, *rest = parts
    field = model.model_fields.get(head)
    if field is None:
        return model.model_config.get("extra") == "allow" and bool(head)
    if not rest:
        return True
    annotation = field.annotation
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return any(
        isinstance(kind, type) and issubclass(kind, BaseModel) and _known(kind, rest)
        for kind in candidates
    )
