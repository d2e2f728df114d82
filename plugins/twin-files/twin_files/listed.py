"""What readers of folders are told in words: lists, globs, and the name of a collection.

In: what a person wrote on a command line or in twin.toml. Out: the types of options that check it, for
this plugin and for those that read folders of other things.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from twin_files.patterns import pattern_regex


def collection_name(value: str) -> str:
    """Return `value` as the name of a collection, NFC-normalised.

    Raises:
        ValueError: if it is empty, holds a slash, or holds what cannot be printed.
    """
    name = unicodedata.normalize("NFC", value).strip()
    if not name or "/" in name or not name.isprintable():
        message = f"a collection is named by printable text without a slash, not {value!r}"
        raise ValueError(message)
    return name


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _checked(globs: tuple[str, ...]) -> tuple[str, ...]:
    for glob in globs:
        pattern_regex(glob)
    return globs


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Words; also ``"Ada, ada@example.org"`` from a command line, where a list cannot be written."""

Globs = Annotated[Words, AfterValidator(_checked)]
"""Globs, which `pattern_regex` can read; also ``"*.md, drafts"``."""

Collection = Annotated[str, AfterValidator(collection_name)]
"""The name of a collection."""
