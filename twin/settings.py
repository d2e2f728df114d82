"""What a person has set: twin.toml in the home, overlaid by TWIN_* variables.

In: a home folder and the environment. Out: frozen `Settings`, or a `SettingsError` that lists every
mistake with its path. Component names and options are checked later, by the registry, which knows
the plugins. Secrets are never settings: a component names the environment variable that holds one.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import platformdirs
from pydantic import (
    BaseModel,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from twin.chatting import ChatSettings
from twin.dataset_tables import DatasetSettings
from twin.errors import SettingsError
from twin.fetch.settings import FetchSettings
from twin.gate import EvaluationSettings
from twin.safety import GuardSettings
from twin.spelling import nearest
from twin.tables import (
    Choice,
    IndexSettings,
    IngestSettings,
    Models,
    ObserveSettings,
    Person,
    PluginSettings,
    PromptSettings,
    RetrieveSettings,
    SourceSettings,
    TrainingSettings,
    WarehouseSettings,
)

FILE_NAME: Final = "twin.toml"
PREFIX: Final = "TWIN_"
HOME_VARIABLE: Final = "TWIN_HOME"
UNKNOWN: Final = "extra_forbidden"
"""pydantic's name for a key that no table has."""


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
    datasets: DatasetSettings = DatasetSettings()
    guard: GuardSettings = GuardSettings()
    models: Models = Models()
    prompts: PromptSettings = PromptSettings()
    observe: ObserveSettings = ObserveSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
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
            single = field.annotation in {Choice, Choice | None}
            if single and not str(value).lstrip().startswith(tuple('{["')):
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
    strange = {tuple(_parts(name)): name for name in _unknown_variables(os.environ)}
    problems = [f"{name}: no such setting{_meant(parts)}" for parts, name in strange.items()]
    # pydantic-settings takes keys such as `_env_file` for its own arguments.
    foreign = [key for key in values if key.startswith("_")]
    problems += [f"{key}: no such setting" for key in foreign]
    values = {key: value for key, value in values.items() if key not in foreign}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [
            f"{_path(item['loc'])}: {_plain(item['msg'])}{_meant(item['loc'], item['type'])}"
            for item in error.errors(include_url=False)
            if item["loc"] not in strange
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


def _meant(location: Sequence[int | str], kind: str = UNKNOWN) -> str:
    """Ask whether another key of the same table was meant by one that there is not."""
    *place, last = location
    known = {name for table in _tables(place) for name in table.model_fields}
    near = nearest(str(last), known) if kind == UNKNOWN else ""
    return f"; did you mean {near!r}?" if near else ""


def _tables(place: Sequence[int | str]) -> list[type[BaseModel]]:
    """Return the tables that lie at a place; of a list, those of its items."""
    tables: list[type[BaseModel]] = [Settings]
    for part in place:
        if isinstance(part, str):
            fields = [table.model_fields[part] for table in tables if part in table.model_fields]
            tables = [table for field in fields for table in _models(field.annotation)]
    return tables


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models of an annotation, such as ``tuple[Choice, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models(one)


def _parts(variable: str) -> list[str]:
    return variable.removeprefix(PREFIX).lower().split("__")


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    return sorted(
        name
        for name in environment
        if name.startswith(PREFIX) and name != HOME_VARIABLE and not _known(Settings, _parts(name))
    )


def _known(model: type[BaseModel], parts: list[str]) -> bool:
    head, *rest = parts
    field = model.model_fields.get(head)
    if field is None:
        return model.model_config.get("extra") == "allow" and bool(head)
    if not rest:
        return True
    return any(_known(table, rest) for table in _models(field.annotation))
