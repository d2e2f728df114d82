"""Saved pages: files and folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin
import twin_web
from twin.reading import checked_document
from twin.testing.web_pages import article, sentences


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[twin.Document], Any]]:
    def reading(source: Path, **options: Any) -> tuple[list[twin.Document], Any]:
        from twin.ingest.intake import Intake

        [component] = [c for c in twin_web.twin_readers() if c.name == "saved"]
        intake = Intake("saved")
        # Without a client: nothing is asked of the web.
        context = twin.BuildContext(cache=tmp_path, data=tmp_path, report=intake)
        reader = component.build(component.options(**options), context)
        return [checked_document(d) for d in reader.lazy_load_data(str(source))], intake

    return reading


def test_a_folder_of_saved_pages(read: Callable[..., Any], tmp_path: Path) -> None:
    root = tmp_path / "saved"
    (root / "b_files").mkdir(parents=True)
    canonical = "<link rel=canonical href='https://harbour.example/tides/?utm_source=x'>"
    (root / "a.html").write_text(article("Tides", head=canonical))
    comment = "<!-- saved from url=(0026)http://harbour.example/boats -->\n"
    link = "<p>More of that is <a href='more'>further on in the same book</a>.</p>"
    (root / "b.htm").write_text(comment + article("Boats", sentences(word="boat") + link))
    (root / "b_files" / "frame.html").write_text(article("Frame"))
    (root / "c.html").write_text(article("Notes", sentences(word="note")))
    (root / "copy.html").write_text(article("Tides", head=canonical))
    (root / "empty.html").write_text("<title>x</title>")
    (root / "login.html").write_text("<title>Sign in</title><input type=password>")
    (root / "notes.txt").write_text("no page")
    found, intake = read(root)
    assert [d.source for d in found] == [
        "https://harbour.example/tides",
        "https://harbour.example/boats",
        "file:saved/c.html",
    ]
    assert [d.url for d in found] == [
        "https://harbour.example/tides",
        "http://harbour.example/boats",
        None,
    ]
    assert [d.title for d in found] == ["Tides", "Boats", "Notes"]
    assert "[further on in the same book](http://harbour.example/more)" in found[1].text
    assert all("saved.invalid" not in d.text for d in found)
    assert [r.item for r in intake.skips] == ["copy.html", "empty.html"]
    assert [(r.item, "login" in r.reason) for r in intake.failures] == [("login.html", True)]


def test_one_file_and_its_limits(read: Callable[..., Any], tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_bytes(article("Flüsse", sentences(word="fluß")).encode("cp1252"))
    [found], _ = read(page, name="mine", author="Jane Doe")
    assert (found.source, found.author, found.platform) == ("file:mine/a.html", "Jane Doe", "file")
    assert "the fluß came in" in found.text
    assert found.raw == page.read_bytes()
    none, intake = read(page, max_bytes=100)
    assert (none, [r.item for r in intake.failures]) == ([], ["a.html"])
    with pytest.raises(twin.ReadError, match="no file or folder"):
        read(tmp_path / "none.html")


def test_real_saved_pages(read: Callable[..., Any], shared_data: Path) -> None:
    found, intake = read(shared_data / "pages" / "readability" / "medium-1" / "source.html")
    [document] = found
    assert intake.failures == []
    assert document.source.startswith("https://medium.com/")
    assert document.platform == "medium"
    assert document.text.count("\n## ") + document.text.count("\n### ") >= 5
