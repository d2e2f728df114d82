"""What a source states about a piece: from keys as blogs use them to twin's vocabulary.

In: front matter, or what a page says of itself. Out: `Facts`, of which each may be missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

import twin
from twin_files.dates import stated_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from twin_files.front_matter import Value

_ABSENT: Final = {"", "~", "null", "none"}
_TRUE: Final = {"true", "yes", "on", "1"}
_FALSE: Final = {"false", "no", "off", "0"}

_PUBLISHED: Final = ("date", "published", "published_at", "publisheddate", "pubdate", "created")
_UPDATED: Final = ("updated", "updated_at", "lastmod", "modified", "last_modified_at")
_URLS: Final = ("canonical_url", "canonical", "url", "permalink", "link")
_PLATFORM: Final = re.compile(r"[a-z0-9][a-z0-9.-]*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is stated; None or empty where nothing is.

    Attributes:
        doubts: what is stated and cannot be used, one sentence each.
    """

    title: str = ""
    author: str = ""
    authors: tuple[str, ...] = ()
    description: str = ""
    published: date | datetime | None = None
    updated: date | datetime | None = None
    url: str | None = None
    kind: twin.Kind | None = None
    platform: str = ""
    audience: twin.Audience | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def over(self, other: Facts) -> Facts:
        """Return these facts, with those of `other` where these are missing."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        return replace(other, **found)


def stated_facts(values: Mapping[str, Value]) -> Facts:
    """Return what front matter states."""
    doubts: list[str] = []
    authors = _several(values, "author", "authors")
    return Facts(
        title=_one(values, "title"),
        author=authors[0] if authors else "",
        authors=authors if len(authors) > 1 else (),
        description=_one(values, "description", "subtitle", "summary"),
        published=_date(values, _PUBLISHED, doubts),
        updated=_date(values, _UPDATED, doubts),
        url=next((url for key in _URLS if (url := web_address(_one(values, key)))), None),
        kind=_kind(_one(values, "kind")),
        platform=_platform(_one(values, "platform")),
        audience=_audience(values),
        language=language_tag(_one(values, "language", "lang")),
        tags=_tags(values),
        doubts=tuple(doubts),
    )


def web_address(value: str) -> str | None:
    """Return `value` if it is an absolute http(s) URL, else None."""
    try:
        twin.canonical_url(value)
    except twin.ReadError:
        return None
    return value.strip()


def language_tag(value: str) -> str | None:
    """Return `value` as a BCP 47 tag if it has the shape of one, else None."""
    return value.replace("_", "-") if _LANGUAGE.fullmatch(value) else None


def _several(values: Mapping[str, Value], *keys: str) -> tuple[str, ...]:
    found: list[str] = []
    for key in keys:
        value = values.get(key, "")
        found += [value] if isinstance(value, str) else value
    return tuple(dict.fromkeys(item for item in found if item.lower() not in _ABSENT))


def _one(values: Mapping[str, Value], *keys: str) -> str:
    return next(iter(_several(values, *keys)), "")


def _date(
    values: Mapping[str, Value], keys: Iterable[str], doubts: list[str]
) -> date | datetime | None:
    for key in keys:
        stated = _one(values, key)
        if not stated or stated.lower() in _TRUE | _FALSE:
            continue
        if found := stated_date(stated):
            return found
        doubts.append(f"its {key} {stated[:60]!r} is no date")
    return None


def _kind(value: str) -> twin.Kind | None:
    known = {kind.value: kind for kind in twin.Kind}
    return known.get(value.lower())


def _platform(value: str) -> str:
    return value.lower() if _PLATFORM.fullmatch(value.lower()) else ""


def _audience(values: Mapping[str, Value]) -> twin.Audience | None:
    """Return the narrowest audience that the keys ask for: a draft is private whatever else is."""
    if any(_one(values, key).lower() in _TRUE for key in ("draft", "private")):
        return twin.Audience.PRIVATE
    if _one(values, "published").lower() in _FALSE:
        return twin.Audience.PRIVATE
    known = {audience.value: audience for audience in twin.Audience}
    return known.get(_one(values, "audience").lower())


def _tags(values: Mapping[str, Value]) -> tuple[str, ...]:
    found: list[str] = []
    for key in ("tags", "categories", "keywords", "filetags"):
        value = values.get(key, ())
        found += _listed(value) if isinstance(value, str) else value
    # Jekyll: the plural is a list or words, the singular is one tag.
    found += _several(values, "tag", "category")
    plain = (tag.strip().lstrip("#").strip() for tag in found)
    return tuple(dict.fromkeys(tag for tag in plain if tag.lower() not in _ABSENT))


def _listed(value: str) -> list[str]:
    if ":" in value and value.startswith(":"):
        return value.strip(":").split(":")
    return value.split(",") if "," in value else value.split()
