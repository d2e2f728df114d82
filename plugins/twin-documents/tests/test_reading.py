"""Real documents of every kind, and what cannot be read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_documents
from twin.claims import claim_of
from twin_documents.converted import Converted, pdf_date
from twin_documents.sample import packed, pdf, pdf_of, word, write_sample

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = "The weir was built in 1841 by people who had never seen a heron, and who did not expect to."
LINK = "See [the survey](https://example.org/weir) of it, which is"


def test_a_pdf_keeps_headings_lists_links_tables_and_code(
    read: Callable[..., Any], fixtures: Path
) -> None:
    document = read(fixtures / "survey.pdf").only
    blocks = document.text.strip().split("\n\n")
    assert blocks[:7] == [
        "# The survey",
        " ".join([BODY] * 3),
        "## How it stands",
        f"{LINK} new.",
        "- one heron\n- two herons",
        "| Year | Herons |\n| --- | --- |\n| 1841 | none |\n| 1842 | three \\| four |",
        "```\ndef count():\n    return 3\n```",
    ]
    # What stands at the edges of all pages goes, and nothing of the text with it.
    assert blocks[7:] == [b for n in "ABCD" for b in (f"## Chapter {n}", " ".join([BODY] * 3))]
    assert (document.title, document.author, document.tags) == (
        "A survey",
        "Ada Wren",
        ("weir", "birds"),
    )
    assert document.media_type == "application/pdf"
    assert document.raw == (fixtures / "survey.pdf").read_bytes()
    assert document.source == "file:fixtures/survey.pdf"


def test_word_keeps_its_structure(read: Callable[..., Any], fixtures: Path) -> None:
    document = read(fixtures / "survey.docx").only
    assert document.text == (
        f"# The survey\n\n{LINK} **new** & *odd*.\n\n## What is there\n\n"
        "- one heron\n- two herons\n\n1. first\n2. second\n\n> It stood.\n\n"
        "| Year | Herons |\n| --- | --- |\n| 1841 | none |\n| 1842 | three |\n"
    )
    assert document.published_at == "2024-03-01T08:00:00+00:00"
    assert document.extra["updated_at"] == "2024-03-02T08:00:00+00:00"
    assert document.tags == ("weir", "birds")


def test_changes_that_others_proposed_are_not_the_authors(
    read: Callable[..., Any], tmp_path: Path
) -> None:
    def run(text: str, tag: str = "t") -> str:
        return f"<w:r><w:{tag}>{text}</w:{tag}></w:r>"

    def change(tag: str, who: str, content: str) -> str:
        return f'<w:{tag} w:id="1" w:author="{who}">{content}</w:{tag}>'

    proposed = (
        run("One wades")
        + change("ins", "Bob", run(" never") + change("del", "Ada Wren", run(" ever", "delText")))
        + change("del", "Bob", run(" it", "delText"))
        + change("ins", "Wren, Ada", run(" in May"))
        + change("del", "Ada", run(" and June", "delText"))
        + change("moveTo", "Bob", run(" Moved."))
        + change("moveFrom", "Bob", run(" only."))
    )
    raw = word("The ford", ["HERE"])
    (tmp_path / "a.docx").write_bytes(_with(raw, run("HERE"), proposed))
    found = read(tmp_path)
    assert found.only.text == "# The ford\n\nOne wades it in May only.\n"
    reason = found.ledger.skips["a.docx (changes of Bob)"]
    assert reason == "4 changes that another proposed are left out; accept them first"


def test_changes_in_open_document_that_others_proposed_are_not_the_authors(
    read: Callable[..., Any], fixtures: Path, tmp_path: Path
) -> None:
    def region(number: int, what: str, who: str, struck: str = "") -> str:
        told = f"<office:change-info><dc:creator>{who}</dc:creator></office:change-info>{struck}"
        return f'<text:changed-region text:id="c{number}"><text:{what}>{told}</text:{what}></text:changed-region>'

    def marked(number: int, text: str) -> str:
        end = f'<text:change-end text:change-id="c{number}"/>'
        return f'<text:change-start text:change-id="c{number}"/>{text}{end}'

    struck = "<text:p> it</text:p>"
    regions = region(1, "insertion", "Bob") + region(2, "deletion", "Bob", struck)
    regions += region(3, "insertion", "Ada Wren") + region(4, "deletion", "Ada Wren", struck)
    own = (
        f"<text:p>One wades{marked(1, ' <text:span>never</text:span> there')}"
        f'<text:change text:change-id="c2"/>{marked(3, " in May")}'
        f'<text:change text:change-id="c4"/> only.</text:p>'
    )
    with zipfile.ZipFile(fixtures / "survey.odt") as archive:
        parts: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    content = parts["content.xml"]
    assert isinstance(content, bytes)
    start, tag, rest = content.decode().partition("<office:text>")
    assert tag
    before, end, after = rest.partition("</office:text>")
    tracked = f"<text:tracked-changes>{regions}</text:tracked-changes>"
    parts["content.xml"] = f"{start}{tag}{tracked}{before}{own}{end}{after}"
    (tmp_path / "a.odt").write_bytes(packed(parts))
    found = read(tmp_path)
    assert found.only.text.endswith("\n\nOne wades it in May only.\n")
    assert list(found.ledger.skips) == ["a.odt (changes of Bob)"]


def _with(raw: bytes, old: str, new: str) -> bytes:
    """Return a Word file in which something else stands."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    document = parts["word/document.xml"]
    assert isinstance(document, bytes)
    return packed({**parts, "word/document.xml": document.replace(old.encode(), new.encode())})


def test_open_document_keeps_its_structure(read: Callable[..., Any], fixtures: Path) -> None:
    document = read(fixtures / "survey.odt").only
    assert document.text == (
        f"# The survey\n\n{LINK} **new**.\n\n- one heron\n- two herons\n\n"
        "| Year | Herons |\n| --- | --- |\n| 1841 | none |\n"
    )
    assert (document.author, document.language) == ("Ada Wren", "en-GB")


def test_slides_become_sections(read: Callable[..., Any], tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The weir"
    frame = slide.placeholders[1].text_frame
    frame.text = "one heron"
    deeper = frame.add_paragraph()
    deeper.level = 1
    run = deeper.add_run()
    run.text = "a survey"
    run.hyperlink.address = "https://example.org/weir"
    slide.notes_slide.notes_text_frame.text = "Say why."
    cells = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(3), Inches(1)).table
    for row, words in enumerate((("Year", "Herons"), ("1841", "none"))):
        for column, word_ in enumerate(words):
            cells.cell(row, column).text = word_
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.core_properties.author = "Ada Wren"
    deck.save(tmp_path / "talk.pptx")
    found = read(tmp_path / "talk.pptx")
    assert found.only.text == (
        "## The weir\n\n- one heron\n  - [a survey](https://example.org/weir)\n\n"
        "| Year | Herons |\n| --- | --- |\n| 1841 | none |\n\n> Say why.\n"
    )
    assert (found.only.title, found.only.author) == ("The weir", "Ada Wren")
    assert found.ledger.skips == {"talk.pptx (slide 2)": "it has no text"}


def book(**members: str) -> bytes:
    chapters = "".join(f'<item id="{n}" href="t/{n}.xhtml"/>' for n in ("one", "two", "gone"))
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OEBPS/b.opf"/></rootfiles></container>'
            ),
            "OEBPS/b.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf" '
                'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Weirs</dc:title>'
                "<dc:creator>Ada Wren</dc:creator><dc:language>en</dc:language>"
                "<dc:date>2024-03-01</dc:date><dc:subject>Birds, water</dc:subject></metadata>"
                f"<manifest>{chapters}</manifest><spine><itemref idref='two'/>"
                "<itemref idref='one'/><itemref idref='gone'/></spine></package>"
            ),
            "OEBPS/t/one.xhtml": "<html><body><h2>One</h2><p>A <em>heron</em>.</p></body></html>",
            "OEBPS/t/two.xhtml": (
                '<html><head><title>x</title></head><body><h2>Two</h2><p><a href="one.xhtml">A</a> '
                '<a href="https://example.org/">ford</a>.</p></body></html>'
            ),
            **members,
        }
    )


def test_a_book_is_its_chapters_in_order(read: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "weirs.epub").write_bytes(book())
    found = read(tmp_path / "weirs.epub")
    assert found.only.text == "## Two\n\nA [ford](https://example.org/).\n\n## One\n\nA *heron*.\n"
    assert (found.only.title, found.only.published_at) == ("Weirs", "2024-03-01")
    assert found.only.tags == ("Birds", "water")
    assert list(found.ledger.skips) == ["weirs.epub (OEBPS/t/gone.xhtml)"]


def test_rich_text(read: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(
        rb"{\rtf1\ansi{\info{\title Caf\'e9}{\author Ada Wren}{\creatim\yr2024\mo3\dy1}}"
        rb"{\fonttbl{\f0 Times;}}Caf\'e9 \b weir\b0 .\par\par Next \u8212? line.\par}"
    )
    document = read(tmp_path / "a.rtf").only
    assert document.text == "Café weir.\n\nNext — line.\n"
    assert (document.title, document.author, document.published_at) == (
        "Café",
        "Ada Wren",
        "2024-03-01",
    )


def test_what_cannot_be_read_is_told_with_the_reason(
    read: Callable[..., Any], fixtures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    manifest = "<m><encryption-data/></m>"
    protected = '<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes"/></encryption>'
    for name, content in {
        "locked.pdf": (fixtures / "locked.pdf").read_bytes(),
        "scan.pdf": (fixtures / "scan.pdf").read_bytes(),
        "cut.pdf": (fixtures / "survey.pdf").read_bytes()[:900],
        "page.pdf": b"<html>not a PDF</html>",
        "locked.docx": ole,
        "old.doc": ole,
        "cut.docx": (fixtures / "survey.docx").read_bytes()[:9000],
        "hollow.docx": packed({"[Content_Types].xml": "<a/>"}),
        "locked.odt": packed({"META-INF/manifest.xml": manifest, "content.xml": "<a/>"}),
        "protected.epub": book(**{"META-INF/encryption.xml": protected}),
        "no.rtf": b"plain",
        "big.pdf": b"%PDF-1.4" + bytes(60_000),
        "empty.pdf": b"",
        "silent.docx": word("", []),
        "note.xyz": b"?",
        "fine.docx": word("Fine", ["It can be read."]),
    }.items():
        (folder / name).write_bytes(content)
    found = read(folder, max_bytes=50_000)
    assert list(found.documents) == ["fine.docx"]
    told = {**found.ledger.skips, **found.ledger.failures}
    assert sorted([*told, "fine.docx"]) == sorted(p.name for p in folder.iterdir())
    assert sorted(found.ledger.skips) == ["empty.pdf", "note.xyz", "silent.docx"]
    for name, words in {
        "locked.pdf": "it has a password",
        "scan.pdf": "no text on its 2 pages",
        "cut.pdf": "damaged",
        "page.pdf": "does not begin as a PDF",
        "locked.docx": "has a password",
        "old.doc": "save it as .docx",
        "cut.docx": "damaged",
        "hollow.docx": "damaged",
        "locked.odt": "encrypted",
        "protected.epub": "copy protection",
        "no.rtf": "does not begin as RTF",
        "big.pdf": "60,008 bytes are more than max_bytes",
    }.items():
        assert words in told[name], name
    assert "ocrmypdf" in told["scan.pdf"]


def test_bombs_are_not_unpacked(read: Callable[..., Any], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"0" * 30_000_000)
    (tmp_path / "ratio.docx").write_bytes(buffer.getvalue())
    many = packed({f"{number}.xml": "" for number in range(10_001)})
    (tmp_path / "many.odt").write_bytes(many)
    laughs = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
    (tmp_path / "laughs.odt").write_bytes(packed({"content.xml": laughs}))
    outside = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><text>&b;</text>'
    (tmp_path / "outside.odt").write_bytes(packed({"content.xml": outside}))
    deep = "<text>" + "<p>" * 5000 + "x" + "</p>" * 5000 + "</text>"
    (tmp_path / "deep.odt").write_bytes(packed({"content.xml": deep}))
    found = read(tmp_path)
    assert not found.documents
    reasons = found.ledger.failures
    assert "more than is safe" in reasons["ratio.docx"]
    assert "more than is safe" in reasons["many.odt"]
    assert sorted([*reasons, *found.ledger.skips]) == sorted(p.name for p in tmp_path.iterdir())


def test_pages_and_time_are_bounded(read: Callable[..., Any], fixtures: Path) -> None:
    found = read(fixtures / "survey.pdf", max_pages=4)
    assert found.ledger.failures["survey.pdf"].startswith("its 5 pages are more than max_pages, 4")
    found = read(fixtures / "survey.pdf", seconds=1e-9)
    assert "took more than 1e-09 s" in found.ledger.failures["survey.pdf"]


def test_single_pages_without_words_are_named(read: Callable[..., Any], tmp_path: Path) -> None:
    drawn = "BT /F1 11 Tf 72 700 Td (Some words.) Tj ET"
    (tmp_path / "a.pdf").write_bytes(pdf_of([drawn, "0 0 m 10 10 l S"]))
    found = read(tmp_path / "a.pdf")
    assert found.only.text == "Some words.\n"
    assert list(found.ledger.skips) == ["a.pdf (page 2)"]


def test_hyphens_at_line_ends_and_wrapped_lines(read: Callable[..., Any], tmp_path: Path) -> None:
    lines = [
        *("It was a long and well-", "known weir that nobody re-", "membered at all,"),
        *("though herons are well-known", "for that."),
    ]
    drawn = "\n".join(
        f"BT /F1 11 Tf 72 {700 - 13 * n} Td ({line}) Tj ET" for n, line in enumerate(lines)
    )
    (tmp_path / "a.pdf").write_bytes(pdf_of([drawn]))
    assert read(tmp_path / "a.pdf").only.text == (
        "It was a long and well-known weir that nobody remembered at all, "
        "though herons are well-known for that.\n"
    )


def test_claims(tmp_path: Path) -> None:
    (component,) = twin_documents.twin_readers()
    papers = write_sample(tmp_path / "papers")
    assert claim_of(component, str(papers))
    assert claim_of(component, str(papers / "weir.pdf"))
    assert not claim_of(component, str(tmp_path / "a.md"))
    (papers / "notes.md").write_text("Read me.")
    assert not claim_of(component, str(papers))
    (papers / "notes.md").unlink()
    (papers / ".git").mkdir()
    assert not claim_of(component, str(papers))


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("D:20240301080000+01'00'", "2024-03-01T08:00:00+01:00"),
        ("D:20240301080000Z", "2024-03-01T08:00:00+00:00"),
        ("D:20240301080000", "2024-03-01"),
        ("D:2024", "2024-01-01"),
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_of_pdfs(said: str | None, date: str | None) -> None:
    found = pdf_date(said)
    assert (found.isoformat() if found else None) == date


@pytest.mark.parametrize(
    ("title", "author", "kept"),
    [
        ("Microsoft Word - thesis final.docx", "Ada Wren", ("", "Ada Wren")),
        ("Untitled", "python-docx", ("", "")),
        ("(anonymous)", "(anonymous)", ("", "")),
        ("On  weirs", "Windows User", ("On weirs", "")),
    ],
)
def test_what_programs_put_there_is_no_statement(
    title: str, author: str, kept: tuple[str, str]
) -> None:
    made = Converted(text="x", title=title, author=author).sensible()
    assert (made.title, made.author) == kept


def test_a_folder_that_is_not_there(read: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(twin.ReadError, match="no file or folder"):
        read(tmp_path / "nowhere")
    (tmp_path / "one.pdf").write_bytes(pdf(["A line."]))
    assert read(tmp_path / "one.pdf", name="mine").only.source == "file:mine/one.pdf"
