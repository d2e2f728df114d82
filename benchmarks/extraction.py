"""How much of the writing on real pages is found, and how much of what is found is writing.

Run: ``python -m benchmarks.extraction``

Two sets of pages, with what is right for each: 120 articles with their bare text, and 24 pages with
their HTML. Text is compared by shingles of four words, as multisets; Markdown is rendered first, so
that an address in a link is no word. The same is done with Trafilatura alone.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from statistics import mean
from time import perf_counter

from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from benchmarks.report import SHARED, Row, report

ARTICLES = SHARED / "pages" / "articles"
READABILITY = SHARED / "pages" / "readability"
SHINGLE = 4

_WORD = re.compile(r"\w+")
_RENDERER = MarkdownIt("commonmark").enable("table")
_BLOCKS = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "pre", "blockquote", "br"]
_KINDS = {
    "code blocks": ["pre"],
    "inline code": ["code"],
    "links": ["a"],
    "headings": ["h1", "h2", "h3", "h4", "h5", "h6"],
    "list items": ["li"],
    "emphasis": ["em", "strong", "b", "i"],
}
_PERMALINKS = {"#", "¶", "§"}

Extractor = Callable[[str, str], str]


def main() -> None:
    """Measure and report."""
    if not ARTICLES.is_dir():
        print("the real pages do not lie beside the checkout (../shared/data/pages)")
        return
    import trafilatura  # noqa: PLC0415 - heavy

    def plain(html: str, url: str) -> str:
        del url
        return trafilatura.extract(html, include_comments=False) or ""

    def untouched(html: str, url: str) -> str:
        del url
        return trafilatura.extract(html) or ""

    def own_markdown(html: str, url: str) -> str:
        del url
        options = {"include_links": True, "include_formatting": True, "favor_precision": True}
        text = trafilatura.extract(
            html, include_comments=False, output_format="markdown", **options
        )
        return text or ""

    rows = [
        *_articles("trafilatura.extract as it comes", untouched, markdown=False),
        *_articles("trafilatura.extract, no comments", plain, markdown=False),
        *_articles("trafilatura's Markdown, precise", own_markdown, markdown=True),
        *_articles("twin-web", _twin, markdown=True, wanted="at least 0.97, and above the others"),
        *_readability(own_markdown),
    ]
    report("extraction", rows)


def _twin(html: str, url: str) -> str:
    from twin_web.extraction import extracted  # noqa: PLC0415 - heavy
    from twin_web.facts import facts_of  # noqa: PLC0415

    return extracted(html, url, facts_of(html, url).titles).text


def _articles(name: str, extract: Extractor, *, markdown: bool, wanted: str = "") -> Iterator[Row]:
    truth = json.loads((ARTICLES / "ground-truth.json").read_text(encoding="utf-8"))
    precisions, recalls, both = [], [], []
    begun = perf_counter()
    for page, right in truth.items():
        html = gzip.decompress((ARTICLES / "html" / f"{page}.html.gz").read_bytes()).decode()
        text = extract(html, right["url"])
        found = _shingles(_rendered(text) if markdown else text)
        expected = _shingles(right["articleBody"])
        common = sum((found & expected).values())
        precision = common / max(1, sum(found.values()))
        recall = common / max(1, sum(expected.values()))
        precisions.append(precision)
        recalls.append(recall)
        both.append(_harmonic(precision, recall))
    seconds = perf_counter() - begun
    yield Row(f"{name}: F1, mean over {len(truth)} pages", mean(both), "", wanted)
    yield Row(f"{name}: F1 of the means", _harmonic(mean(precisions), mean(recalls)), "", wanted)
    yield Row(f"{name}: precision", mean(precisions), "")
    yield Row(f"{name}: recall", mean(recalls), "")
    yield Row(f"{name}: a page", seconds / len(truth), "s")


def _readability(other: Extractor) -> Iterator[Row]:
    there: Counter[str] = Counter()
    kept: dict[str, Counter[str]] = {"twin-web": Counter(), "trafilatura": Counter()}
    for page in sorted(p for p in READABILITY.iterdir() if p.is_dir()):
        html = (page / "source.html").read_text(encoding="utf-8")
        expected = _items((page / "expected.html").read_text(encoding="utf-8"))
        there.update({kind: sum(items.values()) for kind, items in expected.items()})
        for name, extract in (("twin-web", _twin), ("trafilatura", other)):
            found = _items(_RENDERER.render(extract(html, "https://example.org/page/")))
            kept[name].update(
                {kind: sum((items & found[kind]).values()) for kind, items in expected.items()}
            )
    for kind in _KINDS:
        for name, counts in kept.items():
            yield Row(f"readability: {kind} kept by {name}", counts[kind], f"of {there[kind]:,}")


def _items(html: str) -> Mapping[str, Counter[str]]:
    soup = BeautifulSoup(html, "lxml")
    for line in soup.find_all("br"):
        line.replace_with("\n")
    for link in soup.find_all("a"):
        # A sign that links a heading to itself is none of its words.
        if link.get_text(strip=True) in _PERMALINKS:
            link.decompose()
    return {
        kind: Counter(
            text
            for tag in soup.find_all(names)
            # The expected pages have lost some line ends of code, so blanks do not count there.
            if _counts(tag)
            and (text := ("" if kind == "code blocks" else " ").join(tag.get_text().split()))
        )
        for kind, names in _KINDS.items()
    }


def _counts(tag: Tag) -> bool:
    if tag.name == "a":
        return not str(tag.get("href") or "#").startswith("#")
    return tag.name != "code" or tag.find_parent("pre") is None


def _rendered(markdown: str) -> str:
    soup = BeautifulSoup(_RENDERER.render(markdown), "lxml")
    for tag in soup.find_all(_BLOCKS):
        tag.append("\n")
    return soup.get_text()


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    last = max(1, len(words) - SHINGLE + 1)
    return Counter(tuple(words[i : i + SHINGLE]) for i in range(last) if words)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


if __name__ == "__main__":
    main()
