"""The audit of anyone's set: every shape is read, every fault is found, and the counts are right."""

import json
from pathlib import Path
from typing import Any

import pytest

from twin.cli import run as twin
from twin.datasets.auditing import Audit, audit
from twin.datasets.foreign import read_foreign
from twin.datasets.journal import Answered, Journal
from twin.datasets.references import read_references
from twin.documents import Document
from twin.errors import DatasetError
from twin.evaluation.cases import read_cases
from twin.evaluation.corpus import read_texts
from twin.warehouse.sqlite import SQLiteWarehouse

LONG = "the lamp over the third bollard had been out since the Tuesday before the storm came in."
ANSWER = {"role": "assistant", "content": "Because of the tide."}
ASKED = {"role": "user", "content": "Why so early?"}

SHAPES: dict[str, Any] = {
    "alpaca": {"instruction": "Why so early?", "input": "", "output": "Because of the tide."},
    "prompt and completion": {"prompt": "Why so early?", "completion": "Because of the tide."},
    "messages": {"messages": [{"role": "system", "content": "Be Ines."}, ASKED, ANSWER]},
    "conversations": {
        "conversations": [
            {"from": "human", "value": "Why so early?"},
            {"from": "gpt", "value": "Because of the tide."},
        ]
    },
    "pair of strings": {
        "prompt": "Why so early?",
        "chosen": "Because of the tide.",
        "rejected": "No.",
    },
    "pair of messages": {
        "messages": [ASKED],
        "chosen": ANSWER,
        "rejected": ANSWER | {"content": "No."},
    },
    "pair of conversations": {
        "chosen": [ASKED, ANSWER],
        "rejected": [ASKED, ANSWER | {"content": "No."}],
    },
}


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def found(done: Audit) -> dict[str, int]:
    return {one.name: one.count for one in done.findings if one.count}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet"])
def test_every_shape_is_read(shape: str, suffix: str, tmp_path: Path) -> None:
    row, path = SHAPES[shape], tmp_path / f"test.{suffix}"
    if suffix == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist([row]), path)
    else:
        path.write_text(json.dumps([row]) if suffix == "json" else json.dumps(row))
    [read] = read_foreign(path)
    assert (read.instruction, read.answer, read.fault) == (
        "Why so early?",
        "Because of the tide.",
        "",
    )
    assert read.split == "test"
    assert read.rejected == ("No." if "pair" in shape else None)


def test_a_line_ends_where_json_says(tmp_path: Path) -> None:
    # What Unicode has besides for the end of a line stands inside of strings as it is.
    row = {"instruction": "Why?", "output": "One more\u2028two\u0085three\u2029four."}
    path = tmp_path / "train.jsonl"
    path.write_text(f"{json.dumps(row, ensure_ascii=False)}\r\n" * 2, encoding="utf-8")
    assert [one.answer for one in read_foreign(path)] == [row["output"]] * 2
    assert [one.text for one in read_references([path])] == [row["output"]] * 2
    with Journal(tmp_path / "answers.jsonl") as journal:
        journal.put("key", Answered(row["output"]))
    assert Journal(tmp_path / "answers.jsonl").get("key") == Answered(row["output"])
    assert list(read_texts(path).values()) == [row["output"]] * 2
    path.write_text(json.dumps({"question": row["output"]}, ensure_ascii=False), encoding="utf-8")
    assert [one.question for one in read_cases(path)] == [row["output"]]


def test_a_set_by_split_and_category_is_read(tmp_path: Path) -> None:
    row = {"id": "1", "instruction": "Why?", "answer": "Tide."}
    value = {split: {"articles": {"id": "x", "samples": [row]}} for split in ("train", "test")}
    (tmp_path / "set.json").write_text(json.dumps(value | {"test_split_size": 0.1}))
    assert [one.split for one in read_foreign(tmp_path / "set.json")] == ["train", "test"]


def test_faults_are_counted(tmp_path: Path) -> None:
    def row(
        asked: str, answer: str, rejected: str = "No, I would not say so at all."
    ) -> dict[str, str]:
        return {"prompt": asked, "chosen": answer, "rejected": rejected}

    train = [
        row("Why?", "Because of the tide."),
        row("why? ", "Because of the moon."),
        row("Who?", f"It was {LONG}"),
        row("What?", "As an AI language model, I cannot say."),
        row("Where?", "Here.<|im_end|>"),
        row("When?", "At four.", "at FOUR."),
        row("", "Nobody asked."),
        row("Whose?", "Write to tarrant@sallowquay.org"),
        row("Which?", "Use AKIAIOSFODNN7EXAMPLE."),
        row("How?", "because of the tide."),
    ]
    test = [row("Who?", "The quay."), row("And?", f"Well, {LONG}")]
    write(tmp_path / "train.jsonl", train)
    write(tmp_path / "test.jsonl", test)
    done = audit(read_foreign(tmp_path))
    assert found(done) == {
        "malformed": 1,
        "duplicate_instructions": 2,
        "duplicate_answers": 1,
        "near_duplicate_answers": 1,
        "test_asked_in_train": 1,
        "test_answered_in_train": 1,
        "chosen_is_rejected": 1,
        "refusals": 1,
        "template_marks": 1,
        "keys": 1,
        "personal_data": 1,
        "cut_off": 1,
        "chosen_longer": sum(len(one["chosen"]) > len(one["rejected"]) for one in [*train, *test]),
    }
    assert (done.rows, done.pairs, done.splits) == (12, 12, {"test": 2, "train": 10})


def test_answers_are_looked_for_in_documents(tmp_path: Path) -> None:
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as warehouse:
        document = Document(source="file:notes/a.md", text="Why. Because of the tide. It waits.")
        warehouse.put(document, collection="file:notes")
        span = {"document_id": document.id, "version": 1}
        rows = [
            SHAPES["alpaca"],
            SHAPES["alpaca"] | {"output": "Because of the moon."},
            SHAPES["alpaca"] | span | {"start": 5, "end": 25},
            SHAPES["alpaca"] | span | {"start": 4, "end": 24},
            SHAPES["alpaca"] | {"output": "As I say it now.", "verbatim": False},
        ]
        done = audit(read_foreign(write(tmp_path / "set.jsonl", rows)), warehouse)
    assert (found(done)["not_verbatim"], found(done)["wrong_span"]) == (1, 1)
    assert [one.of for one in done.findings if one.name in {"not_verbatim", "wrong_span"}] == [4, 2]


def test_what_is_no_set_is_said(tmp_path: Path) -> None:
    for name, text in (("a.jsonl", "{"), ("b.json", "{}"), ("c.parquet", "no")):
        (tmp_path / name).write_text(text)
        with pytest.raises(DatasetError, match=name):
            read_foreign(tmp_path / name)


KNOWN = {
    "instruct": {"duplicate_instructions": 590, "test_asked_in_train": 69, "not_verbatim": 2500},
    "preference": {"chosen_is_rejected": 56, "not_verbatim": 402},
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_handbooks_sets_have_the_faults_that_are_known(
    shared_data: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home, folder = tmp_path / "home", shared_data / "handbook"
    assert twin(["--home", str(home), "ingest", "--no-index", str(folder)]) == 0
    capsys.readouterr()
    file = str(folder / f"{name}_datasets.json")
    against = str(home / "warehouse")
    assert (
        twin(["--home", str(home), "dataset", "check", file, "--against", against, "--json"]) == 1
    )
    report = json.loads(capsys.readouterr().out)
    counts = {one["name"]: one["count"] for one in report["findings"]}
    assert {key: counts[key] for key in KNOWN[name]} == KNOWN[name]
    assert report["rows"] == {"instruct": 2500, "preference": 402}[name]
    assert not report["sound"]


def test_a_sound_set_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "train.jsonl", [SHAPES["messages"]])
    assert twin(["dataset", "check", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "Nothing is wrong with it." in told.out
    assert "--against names a warehouse" in told.err
