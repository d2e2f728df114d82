"""What a person may set for a reader of LlamaIndex.

In: keywords of the command line or of twin.toml, or a recipe: a file of the same keys. Out: a
checked, frozen `HubOptions`.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, ValidationError, field_validator

import twin
from twin_files.decoding import read_bytes
from twin_files.listed import collection_name

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".llamahub.toml"
"""What the name of a recipe ends in."""

_LONGEST: Final = 100_000
"""Bytes of a recipe."""


class HubOptions(twin.Options):
    """Options of the reader `llamahub`."""

    reader: str = Field(
        default="",
        description="The class: module.Class, package:Class, or the class alone if it is of "
        "llama-index-readers-web. A recipe names its own.",
    )
    init: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of the class; env:NAME reads the environment."
    )
    load: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of its load_data; env:NAME likewise."
    )
    argument: str = Field(
        default="",
        pattern=r"^(?:none|(?:init|load)\.[A-Za-z_]\w*)?$",
        description="The argument that takes the source, as in load.urls; none for no argument. "
        "By default it is found by its name.",
    )
    name: str | None = Field(
        default=None,
        description="The collection that files are named by; by default the folder's name.",
    )
    identified_by: str = Field(
        default="", description="The key of the metadata that names an item and never changes."
    )
    author: str = Field(default="", description="The author of whatever states none.")
    kind: twin.Kind = Field(default=twin.Kind.ARTICLE, description="The kind of everything.")
    platform: str = Field(
        default="",
        pattern=r"^(?:[a-z0-9][a-z0-9.-]*)?$",
        description="Where it was published; by default the host of its address.",
    )
    max_documents: int = Field(
        default=10_000, ge=1, description="Documents after which reading is broken off."
    )
    max_characters: int = Field(
        default=2_000_000, ge=1, description="A longer text is reported and not taken."
    )

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        # The name of an address has slashes in it.
        return None if value is None else "/".join(map(collection_name, value.split("/")))


def of_recipe(path: Path, options: HubOptions) -> HubOptions:
    """Return the options of a recipe, over which those that were said win.

    Raises:
        ReadError: if it cannot be read, or has keys or values that are none.
    """
    raw = read_bytes(path, _LONGEST)
    try:
        said = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"{path.name} is no TOML: {error}"
        raise twin.ReadError(message, 'as in `reader = "SimpleWebPageReader"`') from error
    here = _placed(said, str(path.parent.resolve()))
    given = options.model_dump(exclude_unset=True)
    try:
        return HubOptions.model_validate({**here, **given})
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
        message = f"{path.name}: {what}"
        raise twin.ReadError(
            message, f"its keys are {', '.join(HubOptions.model_fields)}"
        ) from error


def _placed(value: Any, here: str) -> Any:
    """Return a value in which ``{here}`` is the recipe's folder."""
    if isinstance(value, str):
        return value.replace("{here}", here)
    if isinstance(value, dict):
        return {key: _placed(one, here) for key, one in value.items()}
    return [_placed(one, here) for one in value] if isinstance(value, list) else value
