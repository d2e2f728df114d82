"""Real pages: how much of the writing is found, and whether code, links and headings survive."""

import gzip
import json
from pathlib import Path
from statistics import mean

import pytest
import trafilatura
from markdown_it import MarkdownIt

from twin_web.extraction import extracted
from twin_web.facts import facts_of


def grams(text: str) -> set[tuple[str, ...]]:
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return {tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))}


def f1(found: str, expected: str) -> float:
    one, other = grams(found), grams(expected)
    return 2 * len(one & other) / (len(one) + len(other))


def shown(markdown: str) -> str:
    """Return the words of Markdown as they are shown, without addresses and signs."""
    words = []
    for block in MarkdownIt("commonmark").enable("table").parse(markdown):
        for token in block.children or ([block] if block.type in {"fence", "code_block"} else []):
            words += [" " if token.type == "softbreak" else token.content]
        words.append("\n")
    return "".join(words)


def test_more_of_the_writing_is_found_than_by_the_extractor_alone(shared_data: Path) -> None:
    """Every third page; `python -m benchmarks.extraction` has them all."""
    folder = shared_data / "pages" / "articles"
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    ours, plain = [], []
    for page, right in list(truth.items())[::3]:
        html = gzip.decompress((folder / "html" / f"{page}.html.gz").read_bytes()).decode()
        facts = facts_of(html, right["url"])
        text = extracted(html, right["url"], facts.titles).text
        ours.append(f1(shown(text), right["articleBody"]))
        alone = trafilatura.extract(html, include_comments=False) or ""
        plain.append(f1(alone, right["articleBody"]))
    assert mean(ours) > 0.96
    assert mean(ours) > mean(plain)


def test_code_is_kept_to_the_letter(shared_data: Path) -> None:
    html = (shared_data / "pages" / "readability" / "v8-blog" / "source.html").read_text("utf-8")
    url = "https://v8.dev/blog/emscripten-standalone-wasm"
    text = extracted(html, url, facts_of(html, url).titles).text
    assert text.count("\n```") == 20
    assert (
        "```c\n// add.c\n#include <emscripten.h>\n\nEMSCRIPTEN_KEEPALIVE\n"
        "int add(int x, int y) {\n  return x + y;\n}\n```"
    ) in text
    assert "\n\n## Using standalone mode in Emscripten\n\n" in text
    assert "part of the [WASI](https://github.com/WebAssembly/WASI) spec" in text


@pytest.mark.parametrize("name", ["medium-1", "medium-2", "quanta-1", "blogger"])
def test_links_and_headings_survive(shared_data: Path, name: str) -> None:
    from bs4 import BeautifulSoup

    folder = shared_data / "pages" / "readability" / name
    html = (folder / "source.html").read_text("utf-8")
    expected = BeautifulSoup((folder / "expected.html").read_text("utf-8"), "lxml")
    text = extracted(
        html, "https://example.org/", facts_of(html, "https://example.org/").titles
    ).text
    found = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(text), "lxml")
    for tags, share in ((["h1", "h2", "h3", "h4"], 0.9), (["a"], 0.9), (["li"], 0.9)):
        there = {
            " ".join(t.get_text().split())
            for t in expected.find_all(tags)
            if t.get_text(strip=True)
        }
        here = {" ".join(t.get_text().split()) for t in found.find_all(tags)}
        assert len(there & here) >= share * len(there), (tags, there - here)
