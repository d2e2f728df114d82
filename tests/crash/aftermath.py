"""What a crash leaves behind, and what one `twin sync` makes of it.

In: a home in which a process died. Out: every way in which it is not as it should be, in words; none
if nothing was lost and nothing is left over. It runs in a process of its own, as the next command of
a person would.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.crash.corpus import ANSWER, QUESTION
from tests.crash.embedders import FIRST
from tests.crash.victim import prepare, twin
from twin.documents import Audience
from twin.home import Home
from twin.opened import OpenIndex
from twin.points import Filters

MANY = 1000
"""More hits than there are points: all of them are compared, for equal scores have no order."""


@dataclass(frozen=True)
class State:
    """What warehouse and index hold, to be compared.

    Attributes:
        documents: source, version and hashes of every document's newest version, by id.
        points: payloads of the collection that answers, by id.
        hits: what some questions find, with scores.
        embedder: the embedder of the collection that answers.
        files: of the home, but those of the engine.
    """

    documents: dict[str, str]
    points: dict[str, str]
    hits: list[list[tuple[str, float]]]
    embedder: str
    files: list[str]


@dataclass(frozen=True)
class Case:
    """A home after a crash.

    Attributes:
        home: the home.
        fresh: a folder for a home that is made anew from the same warehouse.
        plugins: the folder with the distribution of the embedders.
        settings: what twin.toml of the fresh home says.
        written: a line for each document that the warehouse had acknowledged.
        kept: documents that were confirmed before and that the command does not touch.
        answers: whether the index must answer before it is repaired.
        again: the command that completes what was broken off; empty if there is none.
        end: the state that the command leaves when nothing breaks it off; None is not compared.
        known: files that a home may have.
        report: where the result goes.
    """

    home: Path
    fresh: Path
    plugins: Path
    settings: str
    written: Path
    kept: Sequence[str]
    answers: bool
    again: tuple[str, ...]
    end: State | None
    known: Sequence[str]
    report: Path


def look(case: Case) -> None:
    """Look at a home, repair it, look again, and report."""
    prepare(case.plugins)
    found = list(_problems(case))
    case.report.write_text(json.dumps(found), encoding="utf-8")


def record(home: Path, plugins: Path, report: Path) -> None:
    """Report the state of a home."""
    prepare(plugins)
    report.write_text(json.dumps(asdict(state_of(home))), encoding="utf-8")


def read_state(report: Path) -> State:
    """Return a state that was reported."""
    found = json.loads(report.read_text(encoding="utf-8"))
    hits = [[(str(i), float(s)) for i, s in one] for one in found.pop("hits")]
    return State(hits=hits, **found)


def state_of(home: Path) -> State:
    """Return what a home holds."""
    with Home(home) as opened:
        active = opened.active
        documents = {}
        for summary in opened.warehouse.summaries():
            stored = opened.warehouse.get(summary.id)
            document = stored.document
            told = (document.source, stored.version, document.text_hash, stored.metadata_hash)
            documents[summary.id] = repr(told)
        store, embedder = active.index.store, active.embedder
        store.ensure(embedder.info())
        questions = ("lantern", "harbour winter engine", QUESTION)
        dense = [embedder.question(question) for question in questions]
        hits = store.search(dense, Filters(audience=Audience.PRIVATE), MANY)
        return State(
            documents=documents,
            points=_points(active),
            hits=[sorted((hit.id, round(hit.score, 5)) for hit in one) for one in hits],
            embedder=active.generation.fingerprint,
            files=files(home),
        )


def files(home: Path) -> list[str]:
    """Return the files of a home by relative path, but those inside of the engine's folders."""
    found = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    return sorted(name for name in found if "/shard/" not in name)


def _problems(case: Case) -> Iterable[str]:
    yield from _acknowledged(case)
    yield from _before(case)
    code, out, err = twin(case.home, "sync", "--json")
    if code != 0:
        yield f"`twin sync` ended with {code}: {out}{err}"
    code, out, err = twin(case.home, "sync", "--check", "--dry-run", "--json")
    if code != 0 or not out:
        yield f"warehouse and index differ: {out}{err}"
    else:
        told = json.loads(out)
        if told["indexed"] or told["removed"] or any(told["points"].values()) or told["failed"]:
            yield f"one sync was not enough: {out}"
    if extra := {one for one in files(case.home) if not _expected(one, case.known)}:
        yield f"files were left over: {sorted(extra)}"
    with Home(case.home) as home:
        yield from _standing_by(home)
    now = state_of(case.home)
    yield from _fresh(case, now)
    if case.again:
        code, out, err = twin(case.home, *case.again)
        if code != 0:
            yield f"the command could not be run again ({code}): {out}{err}"
        now = state_of(case.home)
        with Home(case.home) as home:
            if home.indexes.generations.read().building is not None:
                yield "a collection is still being filled though the command was run again"
            yield from _standing_by(home)
        if case.end is not None:
            yield from _unlike("after the command was run again", now, case.end)


def _expected(file: str, known: Sequence[str]) -> bool:
    """Return whether a file may be there: those of one fixed name are written over, and never grow.

    SQLite's log goes when the file is next opened, the notes of the owner of a store when its next
    one begins, and a draft when it is next written.
    """
    fixed = ("-shm", "-wal", ".lock", ".new", "/owner.json", "/served.json")
    return file in known or file.endswith(fixed)


def _acknowledged(case: Case) -> Iterable[str]:
    """What the warehouse had said that it holds, it holds."""
    last: dict[str, int | None] = {}
    for line in case.written.read_text(encoding="utf-8").splitlines():
        what, identity, *version = line.split()
        last[identity] = int(version[0]) if what == "put" else None
    with Home(case.home) as home:
        for identity, wanted in last.items():
            versions = [number for number, _ in home.warehouse.versions(identity)]
            if wanted is not None and wanted not in versions:
                yield f"version {wanted} of {identity} was acknowledged, and is lost"
            if wanted is None and versions:
                yield f"{identity} was forgotten, and is there again"


def _before(case: Case) -> Iterable[str]:
    """Nothing that was confirmed before, and has not changed, is out of reach before the repair."""
    if case.answers:
        with Home(case.home) as home:
            active = home.active
            active.index.store.ensure(active.embedder.info())
            there = active.index.store.points_of(case.kept)
            if lost := [identity for identity in case.kept if not there[identity]]:
                yield f"before the repair, {len(lost)} documents have lost their points: {lost}"
    code, out, err = twin(case.home, "search", QUESTION, "--json")
    if not case.answers:
        if code not in {0, 1}:
            yield f"before the repair, `twin search` ended with {code}: {out}{err}"
        return
    found = json.loads(out)["results"] if code == 0 else []
    if not found or ANSWER not in json.dumps(found[0]):
        yield f"before the repair, the search did not answer ({code}): {out[:500]}{err}"


def _standing_by(home: Home) -> Iterable[str]:
    """Nothing that was forgotten rests in a collection that stands by, and none is nameless."""
    known = home.indexes.generations.read()
    at_rest = {summary.id for summary in home.warehouse.summaries()}
    for generation in known.standing_by():
        opened = home.indexes.opened(generation, home.settings)
        store = opened.registry.vector_store()
        if info := store.info():
            store.ensure(info)
            theirs = {payload.document_id for _, payload in store.scroll()}
            store.close()
            if left := theirs - at_rest:
                yield f"{generation.label} still holds {len(left)} forgotten documents"
    names = {one.name for one in (known.active, *known.standing_by()) if one is not None}
    for folder in (home.folder / "index" / "qdrant-edge").iterdir():
        name = folder.name.partition("-")[2] if "-" in folder.name else ""
        if (folder / "shard").exists() and name not in names:
            yield f"the collection in {folder.name} belongs to no generation"


def _fresh(case: Case, now: State) -> Iterable[str]:
    """The index is what a new home makes of the same warehouse."""
    case.fresh.mkdir()
    for path in case.home.glob("warehouse.sqlite3*"):
        shutil.copy(path, case.fresh / path.name)
    settings = case.settings.replace(FIRST, _component(now.embedder))
    (case.fresh / "twin.toml").write_text(settings, encoding="utf-8")
    code, out, err = twin(case.fresh, "sync")
    if code != 0:
        yield f"a fresh home cannot be filled ({code}): {out}{err}"
    yield from _unlike("beside a fresh home", now, state_of(case.fresh))


def _component(fingerprint: str) -> str:
    from tests.crash.embedders import DIMENSIONS

    return next(name for name in DIMENSIONS if name in fingerprint)


def _unlike(when: str, now: State, wanted: State) -> Iterable[str]:
    for what in ("documents", "points"):
        have, want = getattr(now, what), getattr(wanted, what)
        missing, extra = want.keys() - have.keys(), have.keys() - want.keys()
        wrong = [key for key in have.keys() & want.keys() if have[key] != want[key]]
        if missing or extra or wrong:
            first = next(((have[key], want[key]) for key in wrong), "")
            yield (
                f"{when}, {len(missing)} {what} are missing, {len(extra)} too many and "
                f"{len(wrong)} others: {first}"
            )
    if now.hits != wanted.hits:
        yield f"{when}, the questions find something else: {now.hits} and not {wanted.hits}"


def _points(active: OpenIndex) -> dict[str, str]:
    return {identity: repr(payload) for identity, payload in active.index.store.scroll()}


def obey(home: Path, plugins: Path, commands: Sequence[Sequence[str]]) -> None:
    """Run commands one after the other, each of which must succeed."""
    prepare(plugins)
    for command in commands:
        code, out, err = twin(home, *command)
        if code != 0:
            message = f"twin {' '.join(command)} ended with {code}: {out}{err}"
            raise RuntimeError(message)
