"""A repository of the AT protocol as a CAR file.

In: its bytes. Out: whose it is, and its records by their paths. The tree that orders them is the
Merkle search tree of https://atproto.com/specs/repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import twin


def car_records(raw: bytes) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Return the account's DID, and its records with their paths, ``collection/key``, in order.

    Raises:
        ReadError: if it is no whole repository.
    """
    import libipld  # noqa: PLC0415 - compiled; only a CAR file needs it

    hint = "export it again"
    try:
        header, blocks = libipld.decode_car(raw)
        commit = blocks[header["roots"][0]]
        did, root = commit["did"], commit["data"]
        paths = list(_walk(root, blocks, set()))
    except twin.ReadError:
        raise
    except Exception as error:  # the library raises whatever its compiled part does
        message = f"it is no whole CAR file of a repository ({type(error).__name__}: {error})"
        raise twin.ReadError(message, hint) from error
    if not isinstance(did, str):
        message = "its commit does not say whose it is"
        raise twin.ReadError(message, hint)
    # A record whose block is missing is empty, and is told by whoever needs more.
    found = ((path, blocks.get(cid)) for path, cid in paths)
    return did, [(path, value if isinstance(value, dict) else {}) for path, value in found]


def _walk(
    node: bytes | None, blocks: dict[bytes, Any], seen: set[bytes]
) -> Iterator[tuple[str, bytes]]:
    if node is None:
        return
    if node in seen:
        message = "a part of its tree stands in two places"
        raise twin.ReadError(message, "export it again")
    seen.add(node)
    found = blocks[node]
    yield from _walk(found.get("l"), blocks, seen)
    path = b""
    for entry in found["e"]:
        # A key shares its beginning with the one before.
        path = path[: entry["p"]] + entry["k"]
        yield path.decode("utf-8"), entry["v"]
        yield from _walk(entry.get("t"), blocks, seen)
