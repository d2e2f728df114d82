"""How specifically a reader claims a source.

In: a reader component and a source. Out: a strength; the strongest claim wins, and a tie is for the
person to decide.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from twin.components import AnyComponent, ReaderComponent
from twin.errors import ReadError

T = TypeVar("T")

RECOGNISED: Final = 100_000
"""The strength of a claim on what a reader has looked into."""


def claim_of(component: AnyComponent, source: str) -> int:
    """Return how specifically a reader claims a source; 0 if it does not.

    Of two hosts the longer claim wins, of files an exact name over a suffix (the longer the
    better), and either over a folder. What a reader recognises by looking into it wins over all
    of these.
    """
    if not isinstance(component, ReaderComponent):
        return 0
    if source.lower().startswith(("http://", "https://")):
        return max((_host_claim(host, source) for host in component.hosts), default=0)
    path = Path(source)
    strength = _path_claim(component, path)
    if not strength or component.recognises is None:
        return strength
    return RECOGNISED if component.recognises(path) else 0


def claims_on(source: str, readers: Iterable[tuple[T, AnyComponent]]) -> list[tuple[int, T]]:
    """Return who claims a source, each with its strength.

    Args:
        source: a URL or path.
        readers: whoever provides a reader, with the reader.

    Raises:
        ReadError: if nobody claims it, and one that looked into it found it damaged or unsafe.
    """
    claims: list[tuple[int, T]] = []
    refusals: list[ReadError] = []
    for who, component in readers:
        try:
            strength = claim_of(component, source)
        except ReadError as error:
            refusals.append(error)
        except Exception as error:  # noqa: BLE001 - the boundary of one plugin's look
            message = f"the reader {component.name!r} could not look into {source}: {error!r}"
            refusals.append(ReadError(message, "name a reader with --reader"))
        else:
            if strength:
                claims.append((strength, who))
    if refusals and not claims:
        raise refusals[0]
    return claims


def _path_claim(component: ReaderComponent[Any], path: Path) -> int:
    if path.is_dir():
        named = any((path / name).is_file() for name in component.filenames)
        if not component.directories:
            return 0
        return 3 if named else 0 if component.filenames else 1
    name = path.name
    if name in component.filenames:
        return 10_000
    suffixes = [len(s) for s in component.suffixes if name.lower().endswith(s.lower())]
    return max(suffixes, default=0) * 10


def _host_claim(claim: str, url: str) -> int:
    """Return the length of a claim such as ``example.org/blog`` if it covers `url`, else 0."""
    if claim == "*":
        return 1
    claim = claim.lower().strip("/")
    host, _, folder = claim.partition("/")
    try:
        parts = urlsplit(url)
    except ValueError:
        return 0
    name = (parts.hostname or "").rstrip(".")
    inside = f"{parts.path.lower()}/".startswith(f"/{folder}/" if folder else "/")
    # One more than its length: a claim of one letter is still more specific than "*".
    return 1 + len(claim) if inside and (name == host or name.endswith(f".{host}")) else 0
