"""The folder reader and the boilerplate cleaner on real writing."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import twin
from twin.basics.cleaners import Boilerplate, BoilerplateOptions
from twin.reading import checked_document

twin_files = pytest.importorskip("twin_files", reason="the plugin twin-files is not installed")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass
class Ledger:
    skips: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def skipped(self, item: str, reason: str) -> None:
        self.skips.append((item, reason))

    def failed(self, item: str, reason: str) -> None:
        self.failures.append((item, reason))


def folder(relative: str) -> Path:
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"the real data is absent: {path}")
    return path


def read(root: Path) -> tuple[list[twin.Document], Ledger]:
    (component,) = twin_files.twin_readers()
    ledger = Ledger()
    context = twin.BuildContext(cache=root / "no", data=root / "no", report=ledger)
    reader = component.build(component.options(), context)
    return [checked_document(found) for found in reader.lazy_load_data(str(root))], ledger


def left_out(documents: list[twin.Document]) -> tuple[float, Counter[str]]:
    cleaner = Boilerplate(BoilerplateOptions())
    lines: Counter[str] = Counter()
    gone = 0
    for document in documents:
        for excluded in cleaner(document):
            part = excluded.span.of(document.text)
            gone += len(part)
            lines.update(line.strip() for line in part.splitlines() if line.strip())
    return gone / sum(len(document.text) for document in documents), lines


@pytest.mark.parametrize("name", ["simonw-til", "matklad-posts"])
def test_every_file_is_accounted_for(name: str) -> None:
    root = folder(f"authors/{name}")
    documents, ledger = read(root)
    on_disk = [path for path in root.rglob("*") if path.is_file()]
    assert len(documents) + len(ledger.skips) + len(ledger.failures) == len(on_disk)
    writing = [path for path in on_disk if path.suffix in {".md", ".dj"}]
    assert len(documents) == len(writing)
    assert {d.source for d in documents} == {
        f"file:{name}/{path.relative_to(root).as_posix()}" for path in writing
    }
    assert not ledger.failures
    for document in documents:
        path = root / document.source.split("/", 1)[1]
        assert document.raw == path.read_bytes()
        assert document.text == path.read_bytes().decode()


def test_the_dates_of_matklad_are_those_of_the_file_names() -> None:
    documents, _ = read(folder("authors/matklad-posts"))
    for document in documents:
        stated = re.match(r"\d{4}-\d\d-\d\d", document.source.rsplit("/", 1)[1])
        assert document.published_at == (stated[0] if stated else None), document.source
    assert sum(document.published_at is not None for document in documents) == 201


def test_the_notes_of_simonw_state_no_date() -> None:
    documents, _ = read(folder("authors/simonw-til"))
    assert {document.published_at for document in documents} == {None}


def test_titles_are_plain_words() -> None:
    posts, _ = read(folder("authors/matklad-posts"))
    titles = {d.source.rsplit("/", 1)[1]: d.title for d in posts}
    assert titles["2020-10-15-study-of-std-io-error.dj"] == "Study of std::io::Error"
    notes, _ = read(folder("authors/simonw-til"))
    for document in [*posts, *notes]:
        assert document.title
        first = document.text.lstrip().split("\n", 1)[0]
        if document.text.startswith("# "):
            words = set(re.findall(r"[A-Za-z]{4,}", document.title))
            assert words <= set(re.findall(r"[A-Za-z]{4,}", first)), document.source


def test_a_jekyll_folder_keeps_its_dates_and_drafts() -> None:
    documents, ledger = read(folder("exports/jekyll-export"))
    found = {d.source.rsplit("/", 1)[1]: d for d in documents}
    assert len(found) == 13
    assert not ledger.skips
    assert not ledger.failures
    assert found["2021-9-1-alt-date-format.md"].published_at == "2021-09-01"
    assert found["my-first-post.md"].published_at == "2021-11-26"
    assert found["unquoted-date.markdown"].published_at == "2022-06-06"
    assert [name for name, d in found.items() if d.audience is twin.Audience.PRIVATE] == [
        "2022-06-05-published-false.md"
    ]
    assert found["2022-06-05-basic.html"].title == "Basic HTML Post"
    assert found["2022-06-05-basic.html"].author == "Mark Stosberg"
    assert set(found["2022-06-06-tag-list.md"].tags) == {"some-word", "cat", "photos"}


@pytest.mark.parametrize("name", ["simonw-til", "matklad-posts"])
def test_next_to_nothing_is_left_out_of_writing_without_boilerplate(name: str) -> None:
    documents, _ = read(folder(f"authors/{name}"))
    share, lines = left_out(documents)
    assert share < 0.002, lines.most_common(20)


def test_the_pages_around_the_handbooks_articles_go() -> None:
    dump = json.loads((folder("handbook") / "ArticleDocument.json").read_text())
    documents = [
        twin.Document(source=entry["link"], text=entry["content"]["Content"]) for entry in dump
    ]
    share, lines = left_out(documents)
    assert 0.05 < share < 0.08
    for line in ("SubscribeSign in", "Share this post", "Copy link", "Restacks", "PreviousNext"):
        inside = sum(text.strip() == line for d in documents for text in d.text.splitlines())
        assert lines[line] == inside > 0, line
    menu = next(d for d in documents if "Finetune_Llama31" in d.source)
    kept = menu.text
    for excluded in sorted(Boilerplate(BoilerplateOptions())(menu), key=lambda e: -e.span.start):
        kept = kept[: excluded.span.start] + kept[excluded.span.end :]
    assert "Minecraft Bot" not in kept
    assert "__Hands-On GNNs" not in kept
    assert "  * **Evaluate** it on the Open LLM Leaderboard" in kept
