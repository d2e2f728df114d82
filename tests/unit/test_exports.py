"""Account exports: folders and ZIPs read alike, and hostile ones refused."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

import twin
from twin.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = {"posts.csv": b"id\n1\n", "posts/1.html": b"<p>One</p>", "posts/2.html": b"<p>Two</p>"}


class Ledger:
    def __init__(self) -> None:
        self.skips: dict[str, str] = {}
        self.failures: dict[str, str] = {}

    def skipped(self, item: str, reason: str) -> None:
        self.skips[item] = reason

    def failed(self, item: str, reason: str) -> None:
        self.failures[item] = reason


def folder(root: Path, files: Mapping[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def zipped(path: Path, files: Mapping[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def with_entry(path: Path, info: zipfile.ZipInfo, content: bytes = b"x") -> Path:
    zipped(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, content)
    return path


def refusal(path: Path, bounds: twin.Bounds | None = None) -> str:
    with pytest.raises(ReadError) as caught, twin.open_export(path, bounds):
        pass
    return caught.value.message


@pytest.mark.parametrize("wrapper", ["", "my-export/", "a/b/"])
def test_a_zip_and_its_folder_are_one(tmp_path: Path, wrapper: str) -> None:
    files = {f"{wrapper}{name}": content for name, content in FILES.items()}
    for place in (folder(tmp_path / "root", files), zipped(tmp_path / "root.zip", files)):
        with twin.open_export(place) as whole:
            export = whole.beneath("posts.csv", "posts/*.html")
            assert export is not None
            assert export.names == tuple(sorted(FILES))
            assert {name: export.read(name) for name in export.names} == FILES
            assert export.matching("posts/*.html") == ["posts/1.html", "posts/2.html"]
            assert "posts.csv" in export
            assert "posts.CSV" not in export
            assert not export.left_out
        assert twin.holds(place, "posts.csv")
        assert not twin.holds(place, "tweets.js")


def test_only_a_lone_folder_is_a_wrapper(tmp_path: Path) -> None:
    files = {f"export/{name}": content for name, content in FILES.items()}
    place = folder(tmp_path / "documents", {**files, "letters/a.txt": b"Dear"})
    assert not twin.holds(place, "posts.csv")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    root = folder(tmp_path / "root")
    with twin.open_export(root) as export, pytest.raises(ReadError, match=r"no file 'a\.csv'"):
        export.read("a.csv")
    assert "no file or folder" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.html",
        "posts/../../evil.html",
        "/etc/passwd",
        "\\\\server\\share\\evil.html",
        "..\\evil.html",
        "C:\\evil.html",
        "c:evil.html",
        "posts/..",
    ],
)
def test_a_name_that_leads_out_refuses_the_archive(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "slip.zip", {**FILES, name: b"evil"})
    assert "leads out of it" in refusal(path)


def test_links_inside_a_zip_are_not_followed(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("posts/3.html")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = with_entry(tmp_path / "link.zip", info, b"/etc/passwd")
    with twin.open_export(path) as export:
        assert "posts/3.html" not in export
        ((name, reason, fault),) = [(o.name, o.reason, o.fault) for o in export.left_out]
    assert (name, fault) == ("posts/3.html", False)
    assert "link" in reason


def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    root = folder(tmp_path / "root")
    (root / "posts" / "3.html").symlink_to("/etc/passwd")
    (root / "all").symlink_to("/etc")
    os.mkfifo(root / "pipe.html")
    with twin.open_export(root) as export:
        assert export.names == tuple(sorted(FILES))
        assert [one.name for one in export.left_out] == ["all", "pipe.html", "posts/3.html"]


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    root = folder(tmp_path / "root")
    with twin.open_export(root) as export:
        (root / "posts.csv").unlink()
        (root / "posts.csv").symlink_to("/etc/passwd")
        with pytest.raises(ReadError, match="cannot be opened"):
            export.read("posts.csv")
        (root / "posts.csv").unlink()
        os.mkfifo(root / "posts.csv")
        with pytest.raises(ReadError, match="no regular file any more"):
            export.read("posts.csv")


@pytest.mark.parametrize("entries", [5, 50])
def test_entries_are_bounded(tmp_path: Path, entries: int) -> None:
    files = {f"posts/{number}.html": b"" for number in range(entries)}
    bounds = twin.Bounds(entries=entries)
    fewer = twin.Bounds(entries=entries - 1)
    path = zipped(tmp_path / "many.zip", files)
    with twin.open_export(path, bounds) as export:
        assert len(export.names) == entries
    assert f"more than {entries - 1:,} entries" in refusal(path, fewer)
    # A folder counts its folders too.
    root = folder(tmp_path / "root", files)
    with twin.open_export(root, twin.Bounds(entries=entries + 1)) as export:
        assert len(export.names) == entries
    assert f"more than {entries:,} entries" in refusal(root, bounds)


def test_ten_thousand_entries_are_the_default(tmp_path: Path) -> None:
    path = zipped(tmp_path / "many.zip", {f"{number}": b"" for number in range(10_001)})
    assert "more than 10,000 entries" in refusal(path)


def test_a_list_of_entries_is_not_read_beyond_its_bound(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a")
    info.comment = b"x" * 65_000
    path = tmp_path / "long.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10):
            one = zipfile.ZipInfo(f"{number}")
            one.comment = info.comment
            archive.writestr(one, b"")
    assert "more than 20 entries" in refusal(path, twin.Bounds(entries=20))


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {**FILES, "posts/3.html": bytes(30_000_000)})
    with twin.open_export(path) as export:
        with pytest.raises(ReadError, match="200 times its packed size"):
            export.read("posts/3.html")
        assert export.read("posts/1.html") == b"<p>One</p>"


def test_a_file_and_the_whole_are_bounded(tmp_path: Path) -> None:
    files = {name: os.urandom(1000) for name in ("a", "b", "c")}
    for place in (folder(tmp_path / "root", files), zipped(tmp_path / "root.zip", files)):
        tight = twin.open_export(place, twin.Bounds(member_bytes=999))
        with tight, pytest.raises(ReadError, match="more than 999 bytes"):
            tight.read("a")
        with twin.open_export(place) as export:
            assert len(export.read("a", most=1000)) == 1000
            with pytest.raises(ReadError, match="more than 999 bytes"):
                export.read("a", most=999)
        with twin.open_export(place, twin.Bounds(total_bytes=2500)) as whole:
            export = whole.beneath("a") or whole
            # What is read twice counts once.
            assert [len(export.read(name)) for name in ("a", "b", "a", "b")] == [1000] * 4
            with pytest.raises(ReadError, match="more than 2,500 bytes"):
                export.read("c")
            with pytest.raises(ReadError, match="more than 2,500 bytes"):
                whole.read("c")


def test_sizes_in_the_headers_are_not_believed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "liar.zip", {"a.html": bytes(5_000_000)})
    raw = bytearray(path.read_bytes())
    directory = raw.index(b"PK\x01\x02")
    # Unpacked size 10, in the list of entries and in the entry's own header.
    struct.pack_into("<I", raw, directory + 24, 10)
    struct.pack_into("<I", raw, 22, 10)
    path.write_bytes(raw)
    with (
        twin.open_export(path) as export,
        pytest.raises(ReadError, match=r"a\.html: it is damaged"),
    ):
        export.read("a.html")
    # A packed size of 4 GB, to make the ratio look small.
    struct.pack_into("<I", raw, directory + 24, 5_000_000)
    struct.pack_into("<I", raw, directory + 20, 0xFFFFFFF0)
    path.write_bytes(raw)
    with twin.open_export(path) as export, pytest.raises(ReadError):
        export.read("a.html")


def test_overlapping_entries_are_bounded(tmp_path: Path) -> None:
    # Many entries of one block of data: the list is small, and all together are huge.
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a0", os.urandom(100_000))
        for number in range(1, 50):
            info = zipfile.ZipInfo(f"a{number}")
            first = archive.filelist[0]
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(info, field, getattr(first, field))
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
    path = tmp_path / "overlap.zip"
    path.write_bytes(stream.getvalue())
    read = 0
    with twin.open_export(path, twin.Bounds(total_bytes=1_000_000)) as export:
        for name in export.names:
            try:
                read += len(export.read(name))
            except ReadError:
                continue
    assert read <= 1_000_000


def test_an_encrypted_file_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip")
    raw = bytearray(path.read_bytes())
    directory = raw.index(b"PK\x01\x02")
    raw[directory + 8] |= 1
    raw[6] |= 1
    path.write_bytes(raw)
    ledger = Ledger()
    with twin.open_export(path) as export:
        assert export.names == ("posts/1.html", "posts/2.html")
        export.tell(ledger)
    (reason,) = ledger.failures.values()
    assert reason.startswith("posts.csv: it is encrypted")


def test_an_archive_that_is_encrypted_as_a_whole_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", {"a": b"x"})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert "it is encrypted; unpack it with its password" in refusal(path)


def test_an_archive_in_the_export_is_not_opened(tmp_path: Path) -> None:
    files = {**FILES, "inner.zip": zipped(tmp_path / "inner.zip").read_bytes()}
    ledger = Ledger()
    for place in (folder(tmp_path / "root", files), zipped(tmp_path / "root.zip", files)):
        with twin.open_export(place) as export:
            assert export.names == tuple(sorted(FILES))
            export.tell(ledger)
    assert "not opened" in ledger.skips["inner.zip"]
    assert not ledger.failures


def test_other_ways_of_packing_are_told(tmp_path: Path) -> None:
    path = tmp_path / "lzma.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.html", b"text")
    with twin.open_export(path) as export:
        assert [(one.name, one.fault) for one in export.left_out] == [("a.html", True)]


def test_a_name_that_comes_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.html", b"first")
        archive.writestr("./a.html", b"second")
    with twin.open_export(path) as export:
        assert export.read("a.html") == b"first"
        assert [(one.name, one.fault) for one in export.left_out] == [("a.html", True)]


def test_names_without_their_encoding_are_read_as_utf8(tmp_path: Path) -> None:
    path = zipped(tmp_path / "names.zip", {"posts/caf\u00e9.html": b"one"})
    raw = path.read_bytes()
    # The mark that says UTF-8 goes, in both headers.
    raw = raw.replace(struct.pack("<HH", 0x800, 8), struct.pack("<HH", 0, 8))
    path.write_bytes(raw)
    with twin.open_export(path) as export:
        assert export.names == ("posts/caf\u00e9.html",)
        assert export.read("posts/caf\u00e9.html") == b"one"
    # Latin-1 instead: some name that can be printed, and the file can still be read.
    path.write_bytes(raw.replace("\u00e9".encode(), b"\xe9x"))
    with twin.open_export(path) as export:
        (name,) = export.names
        assert name.isprintable()
        assert export.read(name) == b"one"


def test_bad_names_in_a_folder_are_spelt_out(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", {"cafe\u0301.html": b"one"})
    try:
        (root / os.fsdecode(b"\xff\n.html")).write_bytes(b"two")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with twin.open_export(root) as export:
        assert set(export.names) == {"caf\u00e9.html", "\\xff\\n.html"}
        assert export.read("\\xff\\n.html") == b"two"
        assert export.read("caf\u00e9.html") == b"one"


def test_what_systems_add_is_no_item(tmp_path: Path) -> None:
    added = {"__MACOSX/._a": b"", ".DS_Store": b"", "posts/Thumbs.db": b"", ".git/x": b""}
    for place in (
        folder(tmp_path / "root", {**FILES, **added}),
        zipped(tmp_path / "root.zip", {**FILES, **added}),
    ):
        with twin.open_export(place) as export:
            assert export.names == tuple(sorted(FILES))
            assert not export.left_out


@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_damaged_zip_is_told(tmp_path: Path, cut: int) -> None:
    path = zipped(tmp_path / "whole.zip")
    path.write_bytes(path.read_bytes()[:cut])
    assert "neither a folder nor a whole ZIP" in refusal(path)


def test_one_damaged_file_leaves_the_others(tmp_path: Path) -> None:
    path = zipped(tmp_path / "damaged.zip", {"a": os.urandom(500), "b": b"good"})
    raw = bytearray(path.read_bytes())
    raw[100:120] = bytes(20)
    path.write_bytes(raw)
    with twin.open_export(path) as export:
        with pytest.raises(ReadError, match="a: it is damaged"):
            export.read("a")
        assert export.read("b") == b"good"


def test_nothing_can_be_read_once_it_is_closed(tmp_path: Path) -> None:
    with twin.open_export(zipped(tmp_path / "root.zip")) as export:
        pass
    with pytest.raises(ReadError):
        export.read("posts.csv")


def test_words_of_others_are_quoted_and_marked() -> None:
    others = twin.Others()
    first = others.quote("I say:\n\nno.", "Ann  Other", "https://example.org/1")
    second = others.quote("  ", url="https://example.org/2")
    text, extra = others.woven(f"My view.\n\n{first}\n\nAnd:\n\n{second}\n")
    assert text == (
        "My view.\n\n> I say:\n>\n> no.\n>\n> — [Ann Other](https://example.org/1)\n\n"
        "And:\n\n> …\n>\n> — [https://example.org/2](https://example.org/2)\n"
    )
    document = twin.Document(source="x:1", text=text, extra=extra)
    spans = twin.spans_of_others(document)
    assert [span.of(text).splitlines()[0] for span in spans] == ["> I say:", "> …"]
    mine = text
    for span in reversed(spans):
        mine = mine[: span.start] + mine[span.end :]
    assert mine == "My view.\n\n\n\nAnd:\n\n\n"


def test_a_text_without_others_stays_as_it_is() -> None:
    text = "Mine \ue0f07\ue0f1 alone.\n"
    assert twin.Others().woven(text) == (text, {})
    assert twin.spans_of_others(twin.Document(source="x:1", text=text)) == ()
