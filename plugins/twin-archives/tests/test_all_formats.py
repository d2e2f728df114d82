"""What holds for every format: claims, ZIPs, real exports, damage, and the conformance kit."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import twin
import twin_archives
from twin.claims import claim_of
from twin.testing.plugin import PluginContract
from twin_archives.markup import html_markdown
from twin_archives.samples import BRIDGE, FORD, HERON, MORE, WRITERS

Read = Callable[..., Any]

NAMES = sorted(WRITERS)


class TestConformance(PluginContract):
    plugin = "archives"


def test_there_is_a_reader_for_each_format() -> None:
    assert sorted(c.name for c in twin_archives.twin_readers()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_gives_its_items(name: str, read: Read, tmp_path: Path) -> None:
    first = read(name, WRITERS[name](tmp_path, 1))
    assert len(first.documents) == 2
    texts = [document.text for document in first.documents.values()]
    assert FORD in texts[0]
    assert HERON in texts[1]
    second = read(name, WRITERS[name](tmp_path, 2))
    texts = [document.text for document in second.documents.values()]
    assert FORD + MORE in texts[0]
    assert BRIDGE in texts[1]
    assert len(first.documents.keys() & second.documents.keys()) == 1
    assert not first.ledger.failures


@pytest.mark.parametrize("name", NAMES)
def test_a_zip_gives_what_the_folder_gives(
    name: str, read: Read, tmp_path: Path, zipped: Callable[[Path], Path]
) -> None:
    (tmp_path / "plain").mkdir()
    place = WRITERS[name](tmp_path / "plain", 1)
    root = place.parent if name == "telegram" else place
    assert read(name, zipped(root)).documents == read(name, root).documents


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_claimed_by_its_reader_alone(
    name: str, tmp_path: Path, zipped: Callable[[Path], Path]
) -> None:
    root = WRITERS[name](tmp_path, 1)
    for place in (root, zipped(root)):
        claims = {c.name for c in twin_archives.twin_readers() if claim_of(c, str(place))}
        assert claims == {name}


@pytest.mark.parametrize("name", NAMES)
def test_of_another_folder_nothing_is_claimed_and_nothing_read(
    name: str, read: Read, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.bin").write_bytes(b"\x00\x01")
    (component,) = (c for c in twin_archives.twin_readers() if c.name == name)
    assert not claim_of(component, str(tmp_path / "other"))
    with pytest.raises(twin.ReadError) as caught:
        read(name, tmp_path / "other")
    assert caught.value.hint


@pytest.mark.parametrize("name", ["wordpress", "ghost", "whatsapp", "telegram", "mbox"])
def test_a_folder_of_notes_that_holds_an_export_is_one_of_notes(name: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    WRITERS[name](tmp_path / "old", 1)
    for number in range(5):
        (tmp_path / f"note-{number}.md").write_text("A note.", "utf-8")
    (component,) = (c for c in twin_archives.twin_readers() if c.name == name)
    assert not claim_of(component, str(tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_a_zip_that_leads_out_is_refused(name: str, read: Read, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../outbox.json", "{}")
    with pytest.raises(twin.ReadError, match="leads out"):
        read(name, tmp_path / "bad.zip")


@pytest.mark.parametrize("name", NAMES)
def test_a_zip_bomb_is_told_and_never_unpacked(name: str, read: Read, tmp_path: Path) -> None:
    names = {
        "x": "data/tweets.js",
        "mastodon": "outbox.json",
        "bluesky": "repo.car",
        "wordpress": "blog.xml",
        "jekyll": "_posts/2024-01-01-x.md",
        "ghost": "ghost.json",
        "slack": "users.json",
        "whatsapp": "_chat.txt",
        "telegram": "result.json",
        "mbox": "mail.mbox",
    }
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(names[name], b" " * 50_000_000)
        archive.writestr("data/account.js", 'window.YTD.account.part0 = [{"username": "ada"}]')
    try:
        found = read(name, tmp_path / "bomb.zip")
    except twin.ReadError as error:
        assert "bomb" in str(error) or "times its packed size" in str(error)  # noqa: PT017
    else:
        assert not found.documents
        assert any("times its packed size" in reason for _, reason in found.ledger.failures)


def test_more_entries_than_are_allowed_are_refused(read: Read, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(12):
            archive.writestr(f"data/{number}.js", "x")
    (tmp_path / "many.zip").write_bytes(buffer.getvalue())
    with pytest.raises(twin.ReadError, match="more than 10 entries"):
        read("x", tmp_path / "many.zip", max_entries=10)


def test_real_wordpress(read: Read, real_exports: Path, zipped: Callable[[Path], Path]) -> None:
    found = read("wordpress", real_exports / "wp-xml")
    # 34 items in 12 files, of which several hold the same blog.
    assert (len(found.documents), len(found.ledger.skips)) == (17, 17)
    assert not found.ledger.failures
    reasons = [reason for _, reason in found.ledger.skips]
    assert sum(reason.startswith("it stands in") for reason in reasons) == 4
    assert sum(reason.startswith("a draft") for reason in reasons) == 3
    assert sum("of the type attachment" in reason for reason in reasons) == 6
    assert sum("of the type" in reason for reason in reasons) == 10
    assert read("wordpress", zipped(real_exports / "wp-xml")).documents == found.documents
    drafts = read("wordpress", real_exports / "wp-xml", drafts=True)
    private = [d for d in drafts.documents.values() if d.audience is twin.Audience.PRIVATE]
    assert {d.title for d in private} == {"Draft Post"}
    ours = read("wordpress", real_exports / "wp-xml" / "co-authors-plus.xml", me="Carol White")
    assert [d.title for d in ours.documents.values()] == ["Three Author Post"]


def test_real_jekyll(read: Read, real_exports: Path, zipped: Callable[[Path], Path]) -> None:
    found = read("jekyll", real_exports / "jekyll-export")
    assert (len(found.documents), len(found.ledger.skips)) == (12, 1)
    assert not found.ledger.failures
    first = found.documents["file:jekyll-export/2021-08-23-basic-post.md"]
    raw = (real_exports / "jekyll-export" / "2021-08-23-basic-post.md").read_text("utf-8")
    assert raw.endswith(first.text)
    assert (first.author, first.published_at) == ("Persons Name", "2021-08-23")
    assert read("jekyll", zipped(real_exports / "jekyll-export")).documents == found.documents


def test_real_slack(read: Read, real_exports: Path, tmp_path: Path) -> None:
    with pytest.raises(twin.ReadError, match="who of those that speak") as caught:
        read("slack", real_exports / "slack-export.zip")
    assert "Harry Potter, Hermione Granger, Hamza Faran" in caught.value.message
    found = read("slack", real_exports / "slack-export.zip", me="hamza")
    assert len(found.documents) == 8
    assert not found.ledger.failures
    read_messages = sum(int(d.extra["messages"]) for d in found.documents.values())
    left = sum(int(reason.split()[0]) for _, reason in found.ledger.skips if reason[0].isdigit())
    assert (read_messages, left) == (46, 112)
    with zipfile.ZipFile(real_exports / "slack-export.zip") as archive:
        stated = sum(
            len(json.loads(archive.read(name)))
            for name in archive.namelist()
            if name.count("/") == 1 and name.endswith(".json")
        )
        archive.extractall(tmp_path / "unpacked")
    assert read_messages + left == stated == 158
    folder = read("slack", tmp_path / "unpacked", me="hamza")
    assert folder.documents == found.documents


def test_real_whatsapp(read: Read, real_exports: Path) -> None:
    place = real_exports / "chats" / "whatsapp_chat.txt"
    found = read("whatsapp", place, me="Jungle Jane", timezone="America/Manaus")
    assert not found.ledger.failures
    assert found.only.published_at == "2023-08-15T09:12:43-04:00"
    # 12 messages: 8 with words, a note and three pictures.
    assert (found.only.extra["messages"], found.only.extra["own_messages"]) == ("8", "4")
    assert len(found.ledger.skips) == 4 + 1
    assert "mdy" in found.ledger.reason("whatsapp_chat.txt (dates)")
    others = [span.of(found.only.text) for span in twin.spans_of_others(found.only)]
    assert len(others) == 4
    assert all(other.startswith("**Dr. Feather** 2023-08-15") for other in others)


def test_real_telegram(read: Read, real_exports: Path) -> None:
    with pytest.raises(twin.ReadError, match="who of those that speak"):
        read("telegram", real_exports / "chats" / "telegram.json")
    found = read("telegram", real_exports / "chats" / "telegram.json", me="Henry")
    assert (found.only.extra["messages"], found.only.extra["own_messages"]) == ("3", "2")
    assert "UTC" in found.ledger.reason("telegram:2730825451 (times)")


def test_an_option_that_makes_no_sense_is_refused() -> None:
    options = {c.name: c.options for c in twin_archives.twin_readers()}
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        options["whatsapp"](timezone="Middle Earth")
    with pytest.raises(ValidationError):
        options["whatsapp"](dates="ydm")
    with pytest.raises(ValidationError):
        options["mbox"](max_message=0)


def test_html_without_measure_is_refused_and_frames_are_links() -> None:
    with pytest.raises(twin.ReadError, match="more than"):
        html_markdown("<p>" * 2_000_000)
    assert html_markdown('<p>a</p><video><source src="//v.example/1.mp4"></video>') == (
        "a\n\n<https://v.example/1.mp4>"
    )
    assert html_markdown('<iframe src="about:blank"></iframe><img src="a.png">') == ""
    assert html_markdown('<a href="http://[bad">x</a>', "https://fen.example") == "[x](http://[bad)"
