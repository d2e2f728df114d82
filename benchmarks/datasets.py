"""Sets from real writing: whether they keep what they promise, and what they take.

Run: ``python -m benchmarks.datasets [FOLDER]``

Two authors (`simonw-til`, `matklad-posts`), without any teacher, and the instruction set with a stand-in for
a teacher over HTTP of which one answer in seven is bad. Everything is counted here from the files and
the warehouse, not taken from what the command says. Seconds are of the clock, of the whole command.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.corpora import SOURCES, twin
from benchmarks.report import RESULTS, SHARED, Row, report

AUTHORS = ("Simon Willison", "matklad")
SMALL = {"TWIN_DATASETS__MINIMUM": "150", "TWIN_DATASETS__MAXIMUM": "600"}
"""Targets short enough that the two authors give more than 5,000 rows."""

BAD_EVERY = 7
HANDBOOK = {
    "instruct": {"duplicate_instructions": 590, "test_asked_in_train": 69, "not_verbatim": 2500},
    "preference": {"chosen_is_rejected": 56, "not_verbatim": 402},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the command: seconds by the clock, and the most memory it had, in MiB."""

    seconds: float
    memory: float


def main() -> None:
    """Measure and report."""
    if not all(path.exists() for _, path, _ in SOURCES):
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    home = (Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS) / "datasets-home"
    shutil.rmtree(home, ignore_errors=True)
    twin(home, "init")
    for _, path, author in SOURCES:
        named = ["--author", author] if author else []
        twin(home, "ingest", "--no-index", str(path), *named)
    rows: list[Row] = []
    for author in AUTHORS:
        for kind in ("sft", "dpo"):
            rows += _kept(home, f"{kind} of {author}", kind, ["--author", author], {})
    both = [word for author in AUTHORS for word in ("--author", author)]
    for kind in ("sft", "dpo"):
        rows += _kept(home, f"{kind} of both, short targets", kind, both, SMALL)
    rows += _with_teacher(home)
    rows += _handbook(home)
    report("datasets", rows)


def _kept(home: Path, what: str, kind: str, words: list[str], more: dict[str, str]) -> list[Row]:
    """Make a set twice, and return what is true of it."""
    first = _make(home, kind, words, more)
    before = _digests(home / "datasets" / kind)
    again = _make(home, kind, words, more)
    return [
        *_promises(home, kind, what),
        Row(f"{what}: files that differ when made again", _differing(home, kind, before), "", "0"),
        Row(f"{what}: the command", max(first.seconds, again.seconds), "s", "under 120 for 5,000"),
        Row(f"{what}: memory", max(first.memory, again.memory), "MiB", "under 1,024"),
    ]


def _with_teacher(home: Path) -> list[Row]:
    from twin.testing.teacher_server import TeacherServer  # noqa: PLC0415 - not for --help

    words, what = ["--author", "matklad", "--teacher"], "sft of matklad, teacher stand-in"
    with TeacherServer(bad_every=BAD_EVERY) as server:
        model = {"use": "openai-teacher", "base_url": server.url, "retries": 0}
        more = {"TWIN_MODELS__TEACHER": json.dumps(model), "NO_PROXY": "127.0.0.1"}
        run = _make(home, "sft", words, more)
        asked, left = len(server.asked), _left(home)
        # What was answered badly every time is asked for again.
        _make(home, "sft", words, more)
        left_then, before = _left(home), _digests(home / "datasets" / "sft")
    # The server is gone: every answer is known.
    _make(home, "sft", words, more)
    return [
        *_promises(home, "sft", what),
        Row(f"{what}: answers asked for, bad ones again", asked, "", f"1 in {BAD_EVERY} is bad"),
        Row(f"{what}: rows left without an answer", left, ""),
        Row(f"{what}: the same, once they are asked for again", left_then, ""),
        Row(f"{what}: files that differ when made again", _differing(home, "sft", before), "", "0"),
        Row(f"{what}: the command", run.seconds, "s"),
    ]


def _left(home: Path) -> int:
    """Return how many rows the teacher left without an answer."""
    manifest = json.loads((home / "datasets" / "sft" / "manifest.json").read_text())
    return int(manifest["asked"]["teacher"]["failed"])


def _handbook(home: Path) -> list[Row]:
    rows = []
    for name, known in HANDBOOK.items():
        file = SHARED / "handbook" / f"{name}_datasets.json"
        words = ["dataset", "check", str(file), "--against", str(home / "warehouse"), "--json"]
        command = [sys.executable, "-m", "twin.cli", "--home", str(home), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
        counts = {one["name"]: one["count"] for one in json.loads(done.stdout)["findings"]}
        rows += [
            Row(f"handbook, {name}: {key}", counts[key], "", str(n)) for key, n in known.items()
        ]
    return rows


def _make(home: Path, kind: str, words: list[str], more: dict[str, str]) -> Run:
    command = [sys.executable, "-m", "twin.cli", "--home", str(home), "dataset", kind, *words]
    begun = perf_counter()
    process = subprocess.Popen(  # noqa: S603 - fixed
        command, env={**os.environ, **more}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(perf_counter() - begun, usage.ru_maxrss / 1024)


def _rows(home: Path, kind: str) -> list[dict[str, Any]]:
    files = sorted((home / "datasets" / kind).glob("*.jsonl"))
    return [
        json.loads(line) | {"split": file.stem}
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def _promises(home: Path, kind: str, what: str) -> list[Row]:
    """Count from outside what a set promises."""
    from twin.home import Home  # noqa: PLC0415 - not for --help

    found = _rows(home, kind)
    exact = 0
    with Home(home) as opened:
        texts: dict[tuple[str, int], str] = {}
        for row in found:
            key = (row["document_id"], row["version"])
            if key not in texts:
                texts[key] = opened.warehouse.get(*key).document.text
            exact += _answer(row) == texts[key][row["start"] : row["end"]]
    splits: dict[str, set[str]] = {}
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in found:
        spans.setdefault(row["document_id"], []).append((row["start"], row["end"]))
        for document in (row["document_id"], *row["reads"]):
            splits.setdefault(document, set()).add(row["split"])
    overlaps = sum(
        one[1] > other[0] for same in spans.values() for one, other in pairwise(sorted(same))
    )
    repeated = len(found) - len({_answer(row) for row in found})
    asked = [(row["messages"] if kind == "dpo" else row["messages"][:-1])[-1] for row in found]
    repeated += len(found) - len({message["content"] for message in asked})
    sizes = Counter(row["split"] for row in found)
    rows = [
        Row(f"{what}: rows", len(found), f"({sizes['train']} to train)"),
        Row(f"{what}: targets that are their span", 100 * exact / len(found), "%", "100"),
        Row(f"{what}: targets or instructions that are there twice", repeated, "", "0"),
        Row(f"{what}: targets that overlap", overlaps, "", "0"),
        Row(f"{what}: documents in two splits", sum(len(s) > 1 for s in splits.values()), "", "0"),
    ]
    if kind == "dpo":
        train = [row for row in found if row["split"] == "train"]
        longer = sum(len(_answer(row)) > len(row["rejected"]["content"]) for row in train)
        rows.append(Row(f"{what}: chosen is longer in", 100 * longer / len(train), "%", "45 to 55"))
    return rows


def _answer(row: dict[str, Any]) -> str:
    message = row["chosen"] if "chosen" in row else row["messages"][-1]
    return str(message["content"])


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _differing(home: Path, kind: str, before: dict[str, str]) -> int:
    now = _digests(home / "datasets" / kind)
    return sum(before.get(name) != now.get(name) for name in {*before, *now})


if __name__ == "__main__":
    main()
