"""`twin dataset sft` and `dpo` as their user calls them, on the sample author and on real writing."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from twin.cli import run as twin
from twin.datasets import cutting, writing
from twin.documents import Audience, Document
from twin.home import Home
from twin.prompts import prompt
from twin.prompts.passages import REFUSAL, parse
from twin.warehouse.protocol import StoredDocument

ROOT = Path(__file__).parent.parent.parent
AUTHOR = ROOT / "examples" / "sample-author"

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def ines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample author's writing, not indexed."""
    home = tmp_path_factory.mktemp("ines") / "home"
    assert twin(["--home", str(home), "init", "--person", "Ines Marlow"]) == 0
    parts = [str(AUTHOR / part) for part in ("essays", "posts")]
    assert twin(["--home", str(home), "ingest", "--no-index", *parts]) == 0
    return home


@pytest.fixture
def home(ines: Path, tmp_path: Path) -> Path:
    shutil.copytree(ines, tmp_path / "copy")
    return tmp_path / "copy"


def rows(folder: Path) -> Rows:
    files = sorted(folder.glob("*.jsonl"))
    return [
        json.loads(line) | {"split": f.stem} for f in files for line in f.read_text().splitlines()
    ]


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check(home: Path, found: Rows) -> None:
    """Everything that a set promises, looked at from outside."""
    spans: dict[str, list[tuple[int, int]]] = {}
    of_split: dict[str, set[str]] = {}
    targets: list[str] = []
    with Home(home) as opened:
        for row in found:
            target = row["chosen"] if "chosen" in row else row["messages"][-1]
            text = opened.warehouse.get(row["document_id"], row["version"]).document.text
            assert target == {"role": "assistant", "content": text[row["start"] : row["end"]]}
            spans.setdefault(row["document_id"], []).append((row["start"], row["end"]))
            for document in (row["document_id"], *row["reads"]):
                of_split.setdefault(document, set()).add(row["split"])
            targets.append(target["content"])
    assert max(Counter(targets).values()) == 1
    asked = Counter(
        (row["messages"] if "chosen" in row else row["messages"][:-1])[-1]["content"]
        for row in found
    )
    assert max(asked.values()) == 1
    assert all(len(splits) == 1 for splits in of_split.values())
    for same in spans.values():
        assert all(one[1] <= other[0] for one, other in pairwise(sorted(same)))


def longer(found: Rows) -> float:
    return sum(len(r["chosen"]["content"]) > len(r["rejected"]["content"]) for r in found) / len(
        found
    )


def test_an_instruction_set_is_what_it_promises(home: Path) -> None:
    assert twin(["--home", str(home), "dataset", "sft"]) == 0
    found = rows(home / "datasets" / "sft")
    check(home, found)
    assert {row["form"] for row in found} == {"instruction", "continuation", "rewrite", "context"}
    assert {row["split"] for row in found} == {"train", "test"}
    latest = max(row["published_at"] for row in found if row["split"] == "train")
    assert all(row["published_at"] > latest for row in found if row["split"] == "test")
    manifest = json.loads((home / "datasets" / "sft" / "manifest.json").read_text())
    assert manifest["audience"] == "public"
    assert len(manifest["sources"]) == 28
    assert sum(one["rows"] for one in manifest["sources"]) == len(found)
    assert [step["name"] for step in manifest["steps"]][:2] == ["rules", "keys"]


def test_a_preference_set_is_what_it_promises(home: Path) -> None:
    assert twin(["--home", str(home), "dataset", "dpo"]) == 0
    found = rows(home / "datasets" / "dpo")
    check(home, found)
    assert 0.45 <= longer([row for row in found if row["split"] == "train"]) <= 0.55
    assert all(row["rejected_by"].startswith("corruption:") for row in found)


@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_the_same_inputs_and_seed_give_the_same_bytes(home: Path, kind: str) -> None:
    made = home / "datasets" / kind
    command = [sys.executable, "-m", "twin.cli", "--home", str(home), "dataset", kind]
    for hashing in ("1", "2"):
        # Another order of sets and dictionaries must not show.
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": hashing})
        made.rename(home / hashing)
    assert digests(home / "1") == digests(home / "2")
    assert twin(["--home", str(home), "dataset", kind, "--seed", "1"]) == 0
    assert digests(made)["train.jsonl"] != digests(home / "1")["train.jsonl"]


def test_the_context_of_a_row_is_what_the_chat_sends(home: Path) -> None:
    assert twin(["--home", str(home), "dataset", "sft"]) == 0
    found = [row for row in rows(home / "datasets" / "sft") if row["form"] == "context"]
    system = prompt("answer").fill(person="Ines Marlow", refusal=REFUSAL)
    for row in found:
        assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
        assert row["messages"][0]["content"] == system
        passages, question = parse(row["messages"][1]["content"])
        assert question
        assert any(row["messages"][2]["content"] in passage.text for passage in passages)
    assert any(len(parse(row["messages"][1]["content"])[0]) == 4 for row in found)


def test_with_citations_an_answer_from_context_cites_and_is_verbatim_without_them(
    home: Path,
) -> None:
    assert twin(["--home", str(home), "dataset", "sft", "--citations"]) == 0
    cited = 0
    with Home(home) as opened:
        for row in rows(home / "datasets" / "sft"):
            text = opened.warehouse.get(row["document_id"]).document.text[row["start"] : row["end"]]
            answer = row["messages"][-1]["content"]
            if row["cited"]:
                cited += 1
                assert row["form"] == "context"
                passages, _ = parse(row["messages"][1]["content"])
                assert text in passages[row["cited"] - 1].text
                assert f" [{row['cited']}]" in answer
            assert answer.replace(f" [{row['cited']}]", "") == text
    assert cited
    check = ["dataset", "check", str(home / "datasets" / "sft"), "--against", "sqlite"]
    assert twin(["--home", str(home), *check]) == 0
    assert twin(["--home", str(home), "dataset", "report", "sft"]) == 0


def test_a_set_carries_the_highest_audience_and_is_limited_by_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Home(home) as opened:
        one = next(opened.warehouse.export())[0]
        private = replace(one.document, audience=Audience.PRIVATE)
        opened.warehouse.put(private, collection=one.collection)
    for audience, expected in (("private", "private"), ("public", "public")):
        assert twin(["--home", str(home), "dataset", "sft", "--audience", audience, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["audience"] == expected
    assert all(row["document_id"] != one.id for row in rows(home / "datasets" / "sft"))


def test_a_set_that_breaks_a_gate_is_not_written_unless_allowed(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_DATASETS__ROWS", "1000")
    command = ["--home", str(home), "dataset", "sft"]
    assert twin(command) == 1
    told = capsys.readouterr().err
    assert "gate size: 1 breach" in told
    assert "training rows, of 1000 at least" in told
    assert "--allow size" in told
    assert not (home / "datasets" / "sft").exists()
    assert twin([*command, "--allow", "size"]) == 0
    manifest = json.loads((home / "datasets" / "sft" / "manifest.json").read_text())
    assert (manifest["allowed"], manifest["breaches"]) == (["size"], {"size": 1})
    assert twin([*command, "--allow", "taste"]) == 2
    assert "there is no gate 'taste'" in capsys.readouterr().err


def test_without_curation_the_gates_name_the_rows(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Home(home) as opened:
        text = opened.warehouse.get(next(opened.warehouse.summaries()).id).document.text
        copy = Document(source="file:essays/again.md", text=text, author="Ines Marlow")
        opened.warehouse.put(copy, collection="file:essays")
    monkeypatch.setenv("TWIN_DATASETS__CURATORS", "[]")
    monkeypatch.setenv("TWIN_INGEST__COPIES", "false")
    assert twin(["--home", str(home), "dataset", "sft"]) == 1
    told = capsys.readouterr().err
    assert "gate unique" in told
    assert "its target is that of" in told
    assert "more" in told


def test_nothing_to_learn_from_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = str(tmp_path / "empty")
    assert twin(["--home", empty, "dataset", "sft"]) == 2
    assert "there are no documents" in capsys.readouterr().err
    assert twin(["--home", empty, "dataset", "list"]) == 0
    assert "There is no set yet" in capsys.readouterr().out


def test_an_author_who_is_not_there_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin(["--home", str(home), "dataset", "sft", "--author", "Nobody"]) == 2
    assert "there are: ines-marlow" in capsys.readouterr().err
    assert twin(["--home", str(home), "dataset", "sft", "--name", "../x"]) == 2


def test_a_folder_that_holds_something_else_is_left_alone(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("Dear Mrs Tarrant")
    assert twin(["--home", str(home), "dataset", "sft", "--output", str(other)]) == 1
    assert [path.name for path in other.iterdir()] == ["letter.txt"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_documents_of_others_that_fail_are_counted_and_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Home(home) as opened:
        for name in ("good", "torn"):
            text = "\n\n".join(
                f"Bo, who is not Ines, wrote of the tide and of the {name} rope, {n} times. " * 5
                for n in range(9)
            )
            theirs = Document(source=f"file:bo/{name}.md", text=text, author="Bo")
            opened.warehouse.put(theirs, collection="file:bo")
    cut = cutting.targets

    def torn(stored: StoredDocument, *rest: Any, **limits: Any) -> Any:
        if "torn" in stored.document.source:
            message = "it is torn"
            raise ValueError(message)
        return cut(stored, *rest, **limits)

    monkeypatch.setattr(cutting, "targets", torn)
    assert twin(["--home", str(home), "dataset", "dpo", "--author", "Ines Marlow"]) == 1
    said = capsys.readouterr().err
    assert "failed: file:bo/torn.md: it is torn" in said
    assert "1 document of other authors could not be read" in said
    manifest = json.loads((home / "datasets" / "dpo" / "manifest.json").read_text())
    assert manifest["failed"] == {}
    assert manifest["failed_others"] == {"file:bo/torn.md": "it is torn"}
    assert {"corruption", "others"} == set(manifest["rejected_by"])


def test_a_full_disk_leaves_the_set_that_was_there(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert twin(["--home", str(home), "dataset", "sft"]) == 0
    before = digests(home / "datasets")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing.os, "fsync", full)
    assert twin(["--home", str(home), "dataset", "sft", "--seed", "2"]) == 1
    assert "the disk of" in capsys.readouterr().err
    assert digests(home / "datasets") == before


def test_the_sample_sets_are_what_the_command_makes(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [str(ROOT / "examples" / "make-datasets"), str(tmp_path)],
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": path},
    )
    assert digests(tmp_path) == digests(ROOT / "examples" / "datasets")


@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_real_writing_keeps_every_promise(
    shared_data: Path, tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    for name, author in (("simonw-til/sqlite", "Simon Willison"), ("matklad-posts", "matklad")):
        source = shared_data / "authors" / name
        assert (
            twin(["--home", str(home), "ingest", "--no-index", str(source), "--author", author])
            == 0
        )
    capfd.readouterr()
    assert twin(["--home", str(home), "dataset", kind, "--author", "Simon Willison", "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    found = rows(home / "datasets" / kind)
    check(home, found)
    assert len(found) > 100
    if kind == "dpo":
        assert set(report["rejected_by"]) == {"corruption", "others"}
        assert 0.45 <= longer([row for row in found if row["split"] == "train"]) <= 0.55
