"""Export and import: whole or not at all, and every line judged by itself."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Document
from twin.errors import WarehouseError
from twin.warehouse.jsonl import Exported, Imported, export_jsonl, import_jsonl
from twin.warehouse.protocol import StoredDocument
from twin.warehouse.sqlite import SQLiteWarehouse


def piece(name: str, text: str = "text", **fields: Any) -> Document:
    return Document(source=f"file:notes/{name}", text=text, **fields)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "filled.sqlite3") as warehouse:
        for text in ("one\u2028\r\n", "two\x00\N{GRINNING FACE}"):
            warehouse.put(
                piece("a", text, author="Ada", raw=b"\xff\x00\n"), collection="file:notes"
            )
        warehouse.put(piece("b", author="AL", tags=("x",), extra={"k": "v"}), collection="web")
        warehouse.put(piece("c", raw=b""), collection="web")
        warehouse.add_alias("ada", "AL")
        yield warehouse


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "empty.sqlite3") as warehouse:
        yield warehouse


def test_a_round_trip(filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    assert export_jsonl(filled, path) == Exported(authors=1, documents=3, versions=4)
    done = import_jsonl(empty, path)
    assert done == Imported(authors=1, new=3, changed=0, unchanged=0, failed=())
    assert done.documents == 3
    assert list(empty.export()) == list(filled.export())
    assert empty.authors() == filled.authors()
    again = tmp_path / "again.jsonl"
    export_jsonl(empty, again)
    assert again.read_bytes() == path.read_bytes()


def test_importing_twice_changes_nothing(
    filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    import_jsonl(empty, path)
    cursor = empty.latest_cursor()
    done = import_jsonl(empty, path)
    assert done == Imported(authors=1, new=0, changed=0, unchanged=3, failed=())
    assert empty.latest_cursor() == cursor


def test_the_file_is_readable_without_twin(filled: SQLiteWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert lines[0] == {"format": "twin-warehouse", "version": 2}
    assert lines[1] == {"author": {"slug": "ada", "name": "Ada", "aliases": ["AL"]}}
    assert [line["document"]["source"] for line in lines[2:5]] == [
        "file:notes/a",
        "file:notes/b",
        "file:notes/c",
    ]
    assert [v["raw"] for v in lines[2]["document"]["versions"]] == ["/wAK", "/wAK"]
    assert lines[5] == {
        "end": {"authors": 1, "documents": 3, "versions": 4, "held": 0, "feedback": 0}
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_export_that_fails_leaves_what_was_there(
    filled: SQLiteWarehouse, tmp_path: Path
) -> None:
    class Breaking(SQLiteWarehouse):
        def export(self) -> Iterator[tuple[StoredDocument, list[StoredDocument]]]:
            yield from list(super().export())[:1]
            message = "the disk is gone"
            raise WarehouseError(message)

    del filled
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "all.jsonl"
    path.write_text("the last good one")
    with (
        Breaking(tmp_path / "filled.sqlite3") as warehouse,
        pytest.raises(WarehouseError, match="disk is gone"),
    ):
        export_jsonl(warehouse, path)
    assert [file.name for file in folder.iterdir()] == ["all.jsonl"]
    assert path.read_text() == "the last good one"


def test_an_export_needs_a_folder(filled: SQLiteWarehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="No such file"):
        export_jsonl(filled, tmp_path / "none" / "all.jsonl")
    with pytest.raises(WarehouseError, match="directory"):
        export_jsonl(filled, tmp_path)


Version = dict[str, Any]


def _set(**values: Any) -> Callable[[Version], None]:
    return lambda version: version.update(values)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_set(text="other"), "text do not match"),
        (_set(raw="AAAA"), "raw bytes do not match"),
        (_set(raw=None), "raw bytes do not match"),
        (_set(raw="%%%"), "raw"),
        (_set(title="other"), "metadata do not match"),
        (_set(author_slug="bob"), "metadata do not match"),
        (_set(kind="poem"), "kind"),
        (_set(version=0), "version"),
        (_set(surprise=1), "surprise"),
        (lambda version: version.pop("text"), "text"),
    ],
)
def test_a_spoilt_version_is_named_and_the_rest_goes_on(
    filled: SQLiteWarehouse,
    empty: SQLiteWarehouse,
    tmp_path: Path,
    spoil: Callable[[Version], None],
    reason: str,
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    lines = path.read_bytes().split(b"\n")
    entry = json.loads(lines[2])
    spoil(entry["document"]["versions"][1])
    lines[2] = json.dumps(entry).encode()
    path.write_bytes(b"\n".join(lines))
    done = import_jsonl(empty, path)
    assert (done.new, [bad.line for bad in done.failed]) == (2, [3])
    assert reason in done.failed[0].reason
    assert [found.source for found in empty.summaries()] == ["file:notes/b", "file:notes/c"]


@pytest.mark.parametrize(
    ("line", "item"),
    [
        (b"{not json", ""),
        (b"\xff\xfe", ""),
        (b"[]", ""),
        (b"{}", ""),
        (b'{"end": {"authors": 0, "documents": 0, "versions": 0}, "author": null}', ""),
        (b'{"document": {"id": "x", "source": "s:1", "versions": []}}', ""),
        (b'{"author": {"slug": "ada", "name": "Ada", "aliases": ["--"]}}', "author ada"),
    ],
)
def test_a_line_that_is_nothing_is_named(
    filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path, line: bytes, item: str
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    lines = path.read_bytes().split(b"\n")
    lines[3] = line
    path.write_bytes(b"\n".join(lines))
    done = import_jsonl(empty, path)
    assert [(bad.line, bad.item) for bad in done.failed] == [(4, item)]
    assert (done.new, done.authors) == (2, 1)


def test_an_id_that_is_not_of_its_source(
    filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    path.write_bytes(path.read_bytes().replace(b"file:notes/b", b"file:notes/B"))
    done = import_jsonl(empty, path)
    assert [(bad.item, done.new) for bad in done.failed] == [("file:notes/B", 2)]


def test_what_contradicts_the_warehouse_is_named(
    filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    empty.put(piece("b", "mine"), collection="here")
    done = import_jsonl(empty, path)
    assert [(bad.line, bad.item) for bad in done.failed] == [(4, "file:notes/b")]
    (mine,) = empty.summaries(source="file:notes/b")
    assert empty.get(mine.id).document.text == "mine"


@pytest.mark.parametrize("without", [-2, 3])
def test_a_file_that_was_cut_short_is_noticed(
    filled: SQLiteWarehouse, empty: SQLiteWarehouse, tmp_path: Path, without: int
) -> None:
    path = tmp_path / "all.jsonl"
    export_jsonl(filled, path)
    lines = path.read_bytes().split(b"\n")
    del lines[without]
    path.write_bytes(b"\n".join(lines))
    (bad,) = import_jsonl(empty, path).failed
    assert bad.item == "end of the file"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not an export"),
        (b"\x89PNG\r\n", "not an export"),
        (b'{"format": "other", "version": 1}\n', "not an export"),
        (b'{"format": "twin-warehouse", "version": 9, "more": true}\n', "format version 9"),
    ],
)
def test_another_file_is_refused(
    empty: SQLiteWarehouse, tmp_path: Path, content: bytes, match: str
) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match=match):
        import_jsonl(empty, path)


def test_a_file_that_is_not_there(empty: SQLiteWarehouse, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(WarehouseError, match=str(path)):
            import_jsonl(empty, path)
