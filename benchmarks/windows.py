"""A hundred thousand chunks of real text, with their vectors, made once.

In: how many chunks. Out: `Chunk`s: overlapping windows over every text of the shared data, each with
the payload that the index would give it, and their points. The product's own embedder makes the
vectors and its cache keeps them, so a run that broke off goes on where it stopped.

Run, to make the vectors beforehand: ``python -m benchmarks.windows [--chunks N] [--cache FOLDER]``
"""

import argparse
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.report import SHARED
from twin.documents import Audience, Kind, document_id, epoch, node_id, sha256
from twin.home import Home
from twin.index.embedder import Embedder
from twin.points import Payload, Point

CACHE = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache" / "twin-bench"))
"""Where the vectors are kept from one run to the next."""

MOST = 100_000
LENGTH = 400
"""Characters of a window: as many as the pieces that the index embeds have on average."""

BATCH = 512
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-")


@dataclass(frozen=True, slots=True)
class Text:
    """A text with what is known of it; what its source does not state is drawn from its id."""

    source: str
    author: str
    kind: Kind
    platform: str
    text: str
    published: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A window of a text, as the index would embed it."""

    id: str
    text: str
    payload: Payload


def texts() -> Iterator[Text]:
    """Yield every text of the shared data."""
    notes = SHARED / "authors" / "simonw-til"
    for path in sorted(notes.rglob("*.md")):
        name = f"file:simonw-til/{path.relative_to(notes)}"
        tags = (path.parent.name,)
        yield Text(name, "simon-willison", Kind.ARTICLE, "file", _read(path), _day(name), tags)
    for path in sorted((SHARED / "authors" / "matklad-posts").rglob("*.dj")):
        dated = _DATED.match(path.name)
        day = epoch(dated[1]) if dated else _day(path.name)
        name = f"file:matklad-posts/{path.name}"
        yield Text(name, "matklad", Kind.ARTICLE, "file", _read(path), day, _tags(name))
    handbook = json.loads(_read(SHARED / "handbook" / "ArticleDocument.json"))
    for row in handbook:
        text = "\n".join(str(part) for part in row["content"].values())
        author = row["author_full_name"].lower().replace(" ", "-")
        link, platform = row["link"], row["platform"]
        yield Text(link, author, Kind.ARTICLE, platform, text, _day(link), _tags(link))
    with (SHARED / "retrieval" / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            name = f"scifact:{row['_id']}"
            drawn = _draw(name, "kind") % 10
            kind = Kind.POST if drawn < 4 else Kind.MESSAGE if drawn < 6 else Kind.ARTICLE  # noqa: PLR2004
            author = f"author-{_draw(name, 'author') % 40}"
            platform = ("mastodon", "medium", "linkedin", "email")[_draw(name, "platform") % 4]
            text = f"{row['title']}\n{row['text']}"
            yield Text(name, author, kind, platform, text, _day(name), _tags(name))


def chunks(wanted: int) -> list[Chunk]:
    """Return so many chunks, spread evenly over all texts and the same in every run.

    Args:
        wanted: at most `MOST`; fewer are a part of these.
    """
    every = list(texts())
    stride = sum(len(text.text) for text in every) / MOST
    found: list[Chunk] = []
    place = 0.0
    for text in every:
        identity = document_id(text.source)
        audience = audience_of(text)
        while place < len(text.text):
            start = max(min(int(place), len(text.text) - LENGTH), 0)
            piece = text.text[start : start + LENGTH].strip()
            payload = Payload(
                document_id=identity,
                version=1,
                start=start,
                end=start + len(piece),
                passage_start=start,
                passage_end=start + len(piece),
                author=text.author,
                kind=text.kind,
                platform=text.platform,
                audience=audience,
                source=text.source,
                embedded_hash=sha256(piece),
                published=text.published,
                tags=text.tags,
            )
            found.append(Chunk(node_id(identity, piece, len(found)), piece, payload))
            place += stride
        place -= len(text.text)
    step = max(MOST // wanted, 1)
    return found[::step][:wanted]


def audience_of(text: Text) -> Audience:
    """Return who may see a text: of ten, eight everyone, one friends, and one nobody else."""
    drawn = _draw(text.source, "audience") % 10
    return (*[Audience.PUBLIC] * 8, Audience.FRIENDS, Audience.PRIVATE)[drawn]


def points(embedder: Embedder, found: list[Chunk]) -> list[Point]:
    """Return the chunks as points; what is not in the cache is embedded, with its progress printed."""
    made: list[Point] = []
    begun, before, shown = perf_counter(), embedder.computed, 0.0
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        written = [chunk.text for chunk in part]
        dense, sparse = embedder.texts(written), embedder.sparse_texts(written)
        made += [
            Point(chunk.id, dense[n], sparse[n], chunk.payload) for n, chunk in enumerate(part)
        ]
        seconds, fresh = perf_counter() - begun, embedder.computed - before
        if fresh and seconds - shown > 10:  # noqa: PLR2004 - seconds
            shown = seconds
            print(
                f"  {len(made):,} of {len(found):,}, {fresh / seconds:.0f} embedded a second",
                flush=True,
            )
    return made


def arguments(description: str, chunk_count: int) -> argparse.Namespace:
    """Return what the command line says: ``chunks`` and ``cache``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--chunks", type=int, default=chunk_count, help="how many chunks")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept")
    return parser.parse_args()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _draw(name: str, what: str) -> int:
    """Return a number that looks random and is the same in every run."""
    return int(sha256(f"{what}:{name}")[:8], 16)


def _day(name: str) -> int:
    """Return a day of the ten years from 2015, in seconds since 1970."""
    return epoch("2015-01-01") + _draw(name, "day") % 3650 * 86400


def _tags(name: str) -> tuple[str, ...]:
    return (f"tag-{_draw(name, 'tag') % 50}", f"tag-{_draw(name, 'other tag') % 50}")


def main() -> None:
    """Make the vectors."""
    given = arguments(main.__doc__ or "", MOST)
    with Home(given.cache) as home:
        made = points(home.embedder, chunks(given.chunks))
    print(f"{len(made):,} chunks are in {given.cache}")


if __name__ == "__main__":
    main()
