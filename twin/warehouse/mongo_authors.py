"""Who wrote what, in a MongoDB warehouse: authors, their other names, and the labels they leave.

In: names, within the caller's transaction. Out: slugs, `Author`s, and re-labelled documents in the
change feed.
"""

from collections import Counter
from collections.abc import Iterable

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from twin.documents import author_slug
from twin.errors import NotFoundError, WarehouseError
from twin.warehouse.mongo_schema import Row, Tables
from twin.warehouse.mongo_server import Unit
from twin.warehouse.protocol import Author, metadata_hash
from twin.warehouse.rows import document_of, now


def resolve(tables: Tables, slug: str, session: ClientSession | None = None) -> str | None:
    """Return the author's slug for a slug that is an author's or an alias's; None if neither."""
    alias = tables.aliases.find_one({"_id": slug}, session=session)
    if alias is not None:
        return str(alias["author"])
    author = tables.authors.find_one({"_id": slug}, {"_id": 1}, session=session)
    return None if author is None else str(author["_id"])


class Claims:
    """The authors that a batch names, each looked up once and recorded where nobody has them."""

    def __init__(self, unit: Unit, slugs: Iterable[str]) -> None:
        self._unit = unit
        tables, session, wanted = unit.tables, unit.session, sorted({*slugs} - {""})
        found = tables.authors.find({"_id": {"$in": wanted}}, {"_id": 1}, session=session)
        self._known: dict[str, str] = {row["_id"]: row["_id"] for row in found}
        for row in tables.aliases.find({"_id": {"$in": wanted}}, session=session):
            self._known[row["_id"]] = row["author"]
        self._new: list[Row] = []

    def claim(self, slug: str, name: str) -> str:
        """Return the author's slug for `slug`, recording `name` as a new author if need be."""
        if slug and slug not in self._known:
            self._known[slug] = slug
            self._new.append({"_id": slug, "name": name or slug})
        return self._known[slug] if slug else ""

    def flush(self) -> None:
        """Write the new authors."""
        if self._new:
            self._unit.tables.authors.insert_many(self._new, session=self._unit.session)
        self._new = []


def prune(unit: Unit, slugs: Iterable[str]) -> None:
    """Drop those authors of whom no version is left and to whom nobody gave an alias."""
    tables, session = unit.tables, unit.session
    for slug in sorted({*slugs} - {""}):
        if (
            tables.versions.find_one({"author_slug": slug}, {"_id": 1}, session=session) is None
            and tables.aliases.find_one({"author": slug}, {"_id": 1}, session=session) is None
        ):
            tables.authors.delete_one({"_id": slug}, session=session)


def listed(tables: Tables, session: ClientSession, slug: str | None = None) -> list[Author]:
    """Return all authors by slug, or the one with this slug."""
    by_slug, by_author, by_version = (
        {} if slug is None else {column: slug} for column in ("_id", "author", "author_slug")
    )
    aliases: dict[str, list[str]] = {}
    for row in tables.aliases.find(by_author, session=session).sort("_id"):
        aliases.setdefault(row["author"], []).append(row["name"])
    wanted = {"latest": True, **by_version}
    found = tables.versions.find(wanted, {"author_slug": 1, "_id": 0}, session=session)
    documents = Counter(row["author_slug"] for row in found)
    return [
        Author(
            slug=row["_id"],
            name=row["name"],
            aliases=tuple(aliases.get(row["_id"], ())),
            documents=documents[row["_id"]],
        )
        for row in tables.authors.find(by_slug, session=session).sort("_id")
    ]


def add_alias(unit: Unit, slug: str, alias: str) -> Author:
    """Make `alias` another name of the author and re-label what it was written under."""
    tables, session = unit.tables, unit.session
    target = resolve(tables, slug, session)
    if target is None:
        message = f"there is no author {slug!r}"
        raise NotFoundError(message, "twin author lists them")
    name = author_slug(alias)
    if not name:
        message = f"an author cannot be called {alias!r}: it has neither letters nor digits"
        raise WarehouseError(message)
    owner = resolve(tables, name, session)
    if owner != target:
        merged = tables.authors.find_one_and_delete({"_id": name}, session=session)
        tables.aliases.update_many({"author": name}, {"$set": {"author": target}}, session=session)
        row = {"_id": name, "name": merged["name"] if merged else alias, "author": target}
        tables.aliases.replace_one({"_id": name}, row, upsert=True, session=session)
        _relabel(unit, name, target)
        if owner is not None:
            prune(unit, [owner])
    return listed(tables, session, target)[0]


def restore_author(unit: Unit, author: Author) -> None:
    """Record an author with their aliases, refusing an alias that is another author's."""
    claims = Claims(unit, [author.slug])
    slug = claims.claim(author.slug, author.name)
    claims.flush()
    for alias in author.aliases:
        row = unit.tables.aliases.find_one({"_id": author_slug(alias)}, session=unit.session)
        if row is not None and row["author"] != slug:
            message = f"{alias!r} is an alias of {row['author']!r} here, not of {slug!r}"
            raise WarehouseError(message, "settle it with twin author join before importing")
        add_alias(unit, slug, alias)


def _relabel(unit: Unit, name: str, target: str) -> None:
    tables, session = unit.tables, unit.session
    wanted = {
        "$or": [{"author_slug": name}, {"name_slug": name}],
        "author_slug": {"$ne": target},
    }
    rows = list(tables.versions.find(wanted, session=session).sort([("_id", 1)]))
    if not rows:
        return
    updates = []
    for row in rows:
        fingerprint = metadata_hash(document_of(row, text="", raw=None), target)
        moved = {"$set": {"author_slug": target, "metadata_hash": fingerprint}}
        updates.append(UpdateOne({"_id": row["_id"]}, moved))
    tables.versions.bulk_write(updates, session=session)
    newest = [row["document_id"] for row in rows if row["latest"]]
    entries = [
        UpdateOne({"_id": one}, {"$set": {"seq": unit.next_number(), "changed_at": now()}})
        for one in newest
    ]
    if entries:
        tables.documents.bulk_write(entries, session=session)
