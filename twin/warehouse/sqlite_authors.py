"""Who wrote what, in the SQLite warehouse: authors, their other names, and the labels they leave.

In: names, within the caller's transaction. Out: slugs, `Author`s, and re-labelled documents in the
change feed.
"""

import sqlite3

from twin.documents import author_slug
from twin.errors import NotFoundError, WarehouseError
from twin.warehouse.protocol import Author, metadata_hash
from twin.warehouse.rows import document_of
from twin.warehouse.sqlite_feed import enter_feed


def resolve(connection: sqlite3.Connection, slug: str) -> str | None:
    """Return the author's slug for a slug that is an author's or an alias's; None if neither."""
    row = connection.execute(
        """SELECT author FROM aliases WHERE slug = :slug
        UNION ALL SELECT slug FROM authors WHERE slug = :slug LIMIT 1""",
        {"slug": slug},
    ).fetchone()
    return None if row is None else str(row[0])


def claim(connection: sqlite3.Connection, slug: str, name: str) -> str:
    """Return the author's slug for `slug`, recording `name` as a new author if nobody has it."""
    if not slug:
        return ""
    known = resolve(connection, slug)
    if known is None:
        connection.execute("INSERT INTO authors (slug, name) VALUES (?, ?)", (slug, name or slug))
    return known or slug


def prune(connection: sqlite3.Connection, slug: str) -> None:
    """Drop an author of whom no version is left and to whom nobody gave an alias."""
    connection.execute(
        """DELETE FROM authors WHERE slug = ?
        AND NOT EXISTS (SELECT 1 FROM versions AS v WHERE v.author_slug = authors.slug)
        AND NOT EXISTS (SELECT 1 FROM aliases AS a WHERE a.author = authors.slug)""",
        (slug,),
    )


def listed(connection: sqlite3.Connection, slug: str | None = None) -> list[Author]:
    """Return all authors by slug, or the one with this slug."""
    rows = connection.execute(
        """SELECT a.slug, a.name, l.name AS alias, (
            SELECT count(*) FROM versions AS v
            JOIN documents AS d ON d.id = v.document_id AND d.version = v.version
            WHERE v.author_slug = a.slug
        ) AS documents
        FROM authors AS a LEFT JOIN aliases AS l ON l.author = a.slug
        WHERE :slug IS NULL OR a.slug = :slug
        ORDER BY a.slug, l.slug""",
        {"slug": slug},
    )
    found: dict[str, Author] = {}
    for row in rows:
        before = found[row["slug"]].aliases if row["slug"] in found else ()
        found[row["slug"]] = Author(
            slug=row["slug"],
            name=row["name"],
            aliases=before if row["alias"] is None else (*before, row["alias"]),
            documents=row["documents"],
        )
    return list(found.values())


def add_alias(connection: sqlite3.Connection, slug: str, alias: str) -> Author:
    """Make `alias` another name of the author and re-label what it was written under."""
    target = resolve(connection, slug)
    if target is None:
        message = f"there is no author {slug!r}"
        raise NotFoundError(message, "twin author lists them")
    name = author_slug(alias)
    if not name:
        message = f"an author cannot be called {alias!r}: it has neither letters nor digits"
        raise WarehouseError(message)
    owner = resolve(connection, name)
    if owner != target:
        merged = connection.execute("SELECT name FROM authors WHERE slug = ?", (name,)).fetchone()
        connection.execute("UPDATE aliases SET author = ? WHERE author = ?", (target, name))
        connection.execute(
            "INSERT OR REPLACE INTO aliases (slug, name, author) VALUES (?, ?, ?)",
            (name, merged["name"] if merged else alias, target),
        )
        connection.execute("DELETE FROM authors WHERE slug = ?", (name,))
        _relabel(connection, name, target)
        if owner is not None:
            prune(connection, owner)
    return listed(connection, target)[0]


def restore_author(connection: sqlite3.Connection, author: Author) -> None:
    """Record an author with their aliases, refusing an alias that is another author's."""
    slug = claim(connection, author.slug, author.name)
    for alias in author.aliases:
        taken = connection.execute(
            "SELECT author FROM aliases WHERE slug = ?", (author_slug(alias),)
        ).fetchone()
        if taken and taken["author"] != slug:
            message = f"{alias!r} is an alias of {taken['author']!r} here, not of {slug!r}"
            raise WarehouseError(message, "settle it with twin author join before importing")
        add_alias(connection, slug, alias)


def _relabel(connection: sqlite3.Connection, name: str, target: str) -> None:
    keys = connection.execute(
        """SELECT document_id, version FROM versions
        WHERE (author_slug = :name OR name_slug = :name) AND author_slug != :target
        ORDER BY document_id, version""",
        {"name": name, "target": target},
    ).fetchall()
    for key in keys:
        row = connection.execute(
            "SELECT * FROM stored WHERE document_id = ? AND version = ?", tuple(key)
        ).fetchone()
        fingerprint = metadata_hash(document_of(row, text="", raw=None), target)
        connection.execute(
            """UPDATE versions SET author_slug = ?, metadata_hash = ?
            WHERE document_id = ? AND version = ?""",
            (target, fingerprint, *key),
        )
        if row["latest"]:
            enter_feed(connection, row["document_id"])
