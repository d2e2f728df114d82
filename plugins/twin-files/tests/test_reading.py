"""One file: its text, its bytes, its kind, and what is said when it cannot be read."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin

Read = Callable[..., Any]
Write = Callable[..., Path]


def test_text_and_bytes_stay_as_they_are(read: Read, write: Write) -> None:
    raw = "\ufeff---\r\ntitle: T\r\n---\r\n\r\nOne  \r\n\ttwo\u00a0“three”\r\n\r\n".encode()
    write("a.md", raw)
    found = read().only
    assert found.text == "\r\nOne  \r\n\ttwo\u00a0“three”\r\n\r\n"
    assert found.raw == raw
    assert (found.title, found.media_type) == ("T", "text/markdown")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_encodings_with_a_mark(read: Read, write: Write, codec: str) -> None:
    mark = "" if codec == "utf-8-sig" else "\ufeff"
    write("a.txt", f"{mark}Ebbe und Flöße\n".encode(codec))
    assert read().only.text == "Ebbe und Flöße\n"


def test_what_cannot_be_decoded_names_the_byte(read: Read, write: Write) -> None:
    write("bad.md", b"caf\xe9 ole\n")
    write("marked.md", b"\xef\xbb\xbfcaf\xe9 ole\n")
    write("odd.md", b"\xff\xfea\x00b")
    write("good.md")
    found = read()
    assert list(found.documents) == ["good.md"]
    assert "byte 3 (0xe9)" in found.ledger.failures["bad.md"]
    assert "byte 6 (0xe9)" in found.ledger.failures["marked.md"]
    assert "UTF-16" in found.ledger.failures["odd.md"]


def test_binary_data_under_a_text_name_fails(read: Read, write: Write) -> None:
    write("a.md", b"PK\x03\x04\x00\x00")
    assert "binary" in read().ledger.failures["a.md"]


def test_empty_files_are_skipped(read: Read, write: Write) -> None:
    write("a.md", b"")
    write("b.md", " \n\t\r\n")
    write("c.md", "---\ntitle: Only\n---\n\n")
    write("d.html", "<html><body><script>x()</script></body></html>")
    found = read()
    assert not found.documents
    assert found.ledger.skips == {
        "a.md": "it is empty",
        "b.md": "it is empty",
        "c.md": "it has no text",
        "d.html": "it has no text",
    }


def test_a_file_that_is_too_large_is_not_read(
    read: Read, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("big.md", "x" * 2001)
    write("fits.md", "x" * 2000)
    opened: list[str] = []
    original = os.open

    def counting(path: Any, *args: Any, **kwargs: Any) -> int:
        opened.append(Path(path).name)
        return original(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", counting)
    found = read(max_bytes=2000)
    assert list(found.documents) == ["fits.md"]
    assert "2,001 bytes" in found.ledger.failures["big.md"]
    assert opened == ["fits.md"]
    assert path.name not in opened


def test_a_file_of_too_many_lines_or_tags_is_not_parsed(read: Read, write: Write) -> None:
    for name, text in [
        ("fits.md", "line\n" * 19),
        ("long.md", "line\n" * 20),
        ("mac.md", "line\r" * 20),
        ("page.html", "<p>line" * 21),
    ]:
        write(name, text)
    found = read(max_lines=20)
    assert list(found.documents) == ["fits.md"]
    assert found.ledger.failures == {
        "long.md": "its 21 lines are more than max_lines, 20 (raise max_lines, split it, or leave it out with exclude)",
        "mac.md": "its 21 lines are more than max_lines, 20 (raise max_lines, split it, or leave it out with exclude)",
        "page.html": "its 21 tags are more than max_lines, 20 (raise max_lines, split it, or leave it out with exclude)",
    }


def test_a_file_that_became_a_pipe_is_not_waited_for(
    read: Read, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("was.md", "A text.")
    original = os.open

    def changing(name: Any, *args: Any, **kwargs: Any) -> int:
        if Path(name).name == "was.md":
            path.unlink()
            os.mkfifo(path)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", changing)
    assert read().ledger.failures == {"was.md": "it is no regular file any more"}


def test_a_file_that_vanishes_after_it_was_found_fails_alone(
    read: Read, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("gone.md", "A text.")
    write("stays.md", "A text.")
    original = os.open

    def vanishing(name: Any, *args: Any, **kwargs: Any) -> int:
        path.unlink(missing_ok=True)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", vanishing)
    found = read()
    assert list(found.documents) == ["stays.md"]
    assert "No such file" in found.ledger.failures["gone.md"]


def test_a_file_that_grows_while_it_is_read_fails(
    read: Read, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("log.md", "x" * 100)
    original = os.open

    def growing(name: Any, *args: Any, **kwargs: Any) -> int:
        opened = original(name, *args, **kwargs)
        if Path(name).name == "log.md":
            monkeypatch.undo()
            path.write_bytes(b"x" * 5000)
        return opened

    monkeypatch.setattr(os, "open", growing)
    assert "5,000 bytes" in read(max_bytes=2000).ledger.failures["log.md"]


def test_a_file_that_cannot_be_opened_fails_alone(
    read: Read, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not bind root, who runs many test suites, so the refusal is made here.
    write("locked.md")
    write("open.md")
    original = os.open

    def refusing(path: Any, *args: Any, **kwargs: Any) -> int:
        if Path(path).name == "locked.md":
            raise PermissionError(13, "Permission denied")
        return original(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refusing)
    found = read()
    assert list(found.documents) == ["open.md"]
    assert found.ledger.failures == {
        "locked.md": "it cannot be opened: Permission denied (look at its permissions)"
    }


def test_markup_nested_too_deeply_fails_alone(read: Read, write: Write) -> None:
    write("deep.html", "<div>" * 5000 + "words")
    write("good.md")
    found = read()
    assert list(found.documents) == ["good.md"]
    assert found.ledger.failures == {"deep.html": "its markup is nested too deeply"}


def test_source_code_is_kept_to_the_letter(read: Read, write: Write) -> None:
    code = "---\n# title: no front matter here\n---\r\nx = 1\t\n"
    write("src/a.py", code)
    write("src/b.SQL", "select 1;\n")
    found = read(name="repo", author="Ada").documents
    document = found["src/a.py"]
    assert document.text == code
    assert (document.kind, document.platform, document.title) == (
        twin.Kind.CODE,
        "code",
        "src/a.py",
    )
    assert (document.author, document.media_type) == ("Ada", "text/x-python")
    assert found["src/b.SQL"].kind is twin.Kind.CODE


def test_source_code_can_be_left_out(read: Read, write: Write) -> None:
    write("a.py")
    write("README", "# Tidewatch\n\nWords.\n")
    found = read(code=False)
    assert found.only.title == "Tidewatch"
    assert found.only.kind is twin.Kind.ARTICLE
    assert found.ledger.skips == {"a.py": "source code, which is left out"}


def test_options_fill_in_and_do_not_overrule(read: Read, write: Write) -> None:
    write("own.md", "---\nauthor: Bob\nplatform: medium\naudience: friends\n---\nWords\n")
    write("draft.md", "---\ndraft: true\n---\nWords\n")
    write("bare.md")
    found = read(author="Ada", platform="blog", audience="public").documents
    own, draft, bare = (found[name] for name in ("own.md", "draft.md", "bare.md"))
    assert (own.author, own.platform, own.audience) == ("Bob", "medium", "friends")
    assert (bare.author, bare.platform, bare.audience) == ("Ada", "blog", "public")
    assert draft.audience is twin.Audience.PRIVATE


def test_a_kind_is_forced(read: Read, write: Write) -> None:
    write("a.md", "---\nkind: article\n---\nWords\n")
    write("b.py")
    assert {d.kind for d in read(kind="post").documents.values()} == {twin.Kind.POST}
    assert read().documents["a.md"].kind is twin.Kind.ARTICLE
