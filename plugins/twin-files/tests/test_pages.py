"""Saved web pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin_files.pages import read_page

Read = Callable[..., Any]
Write = Callable[..., Path]

PAGE = """<!doctype html><html lang="en-GB"><head>
<title>On tides | The Harbour</title><meta name="author" content="Ada  Byron">
<meta property="article:published_time" content="2023-01-04T10:00:00+02:00">
<link rel="canonical" href="https://example.org/tides"><style>p{}</style></head>
<body><nav>Home About</nav><header>The Harbour</header>
<article><h1>On tides</h1><p>The <em>tide</em> is <strong>late</strong>, see
<a href="https://example.org/t?a=1">the table</a> &amp; snake_case_name.</p><aside>Buy!</aside>
<pre><code class="language-python">def f(*a):
    return "```"
</code></pre><ul><li>one</li><li>two</li></ul>
<table><tr><th>Day</th><th>High</th></tr><tr><td>Mon</td><td>3.1</td></tr></table>
<blockquote><p>Wait.</p><footer>the pilot</footer></blockquote>
<script>track()</script><footer>Share</footer></article>
<footer>Imprint</footer></body></html>"""


def test_a_page_becomes_markdown_with_its_facts(read: Read, write: Write) -> None:
    write("tides.html", PAGE)
    found = read().only
    assert (found.title, found.author, found.language) == ("On tides", "Ada Byron", "en-GB")
    assert found.published_at == "2023-01-04T10:00:00+02:00"
    assert found.url == "https://example.org/tides"
    assert (found.raw, found.media_type) == (PAGE.encode(), "text/html")
    assert found.text.startswith("# On tides\n\nThe *tide* is **late**, see\n")
    assert "[the table](https://example.org/t?a=1) & snake_case_name." in found.text
    assert '````python\ndef f(*a):\n    return "```"\n````' in found.text
    assert "- one\n- two" in found.text
    assert "| Day | High |\n| --- | --- |\n| Mon | 3.1 |" in found.text
    assert "the pilot" in found.text
    for gone in ("Home", "The Harbour", "Buy!", "track", "Share", "Imprint"):
        assert gone not in found.text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<main><p>main</p></main><p>rest</p>", "main\n"),
        ("<div role=main><p>main</p></div><p>rest</p>", "main\n"),
        ("<p>all</p>", "all\n"),
        ("<article></article><main>main</main>", "main\n"),
        ("<article>one long piece</article><article>x</article>", "one long piece\n"),
        (
            "<main><article>aa</article><article>bb</article><article>cc</article></main>",
            "aa\n\nbb",
        ),
    ],
)
def test_the_main_content(body: str, text: str) -> None:
    assert read_page(f"<html><body>{body}</body></html>").text.startswith(text)


def test_a_fragment_is_a_page() -> None:
    assert read_page("<p>First</p>\n\nsecond").text == "First\n\nsecond\n"


def test_the_title_of_a_fragment_without_heading_is_the_pages(read: Read, write: Write) -> None:
    write("a.html", "<title>From the head</title><p>Words</p>")
    write("b.html", '<meta property="og:title" content="Open"><title>T</title><h1>Site</h1>x')
    write("c-d.html", "<p>Words</p>")
    assert [d.title for d in read().documents.values()] == ["From the head", "Open", "c d"]


def test_front_matter_before_a_page_wins(read: Read, write: Write) -> None:
    write("a.html", f"---\ntitle: Mine\ndate: 2020-01-01\n---\n{PAGE}")
    found = read().only
    assert (found.title, found.published_at, found.author) == ("Mine", "2020-01-01", "Ada Byron")


@pytest.mark.parametrize(
    ("html", "iso"),
    [
        ('<article><time datetime="2023-01-04">Jan</time>x</article>', "2023-01-04"),
        ('<article><time datetime="10:30">x</time>x</article>', None),
        ('<nav><time datetime="2023-01-04">x</time></nav><article>x</article>', None),
        ('<meta itemprop="datePublished" content="2023-01-04"><p>x</p>', "2023-01-04"),
    ],
)
def test_dates_of_pages(html: str, iso: str | None) -> None:
    found = read_page(html).facts.published
    assert (found.isoformat() if found else None) == iso


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<pre><code class="lang-rust">x</code></pre>', "rust"),
        ('<pre class="language-js"><code>x</code></pre>', "js"),
        ('<div class="highlight highlight-source-shell"><pre>x</pre></div>', "shell"),
        ('<pre data-lang="go">x</pre>', "go"),
        (
            '<div class="language-rb highlighter"><div class="highlight"><pre>x</pre></div></div>',
            "rb",
        ),
        ("<pre>x</pre>", ""),
    ],
)
def test_the_language_of_code(html: str, language: str) -> None:
    assert read_page(html).text == f"```{language}\nx\n```\n"


def test_a_declared_encoding_is_believed(read: Read, write: Write) -> None:
    head = "<meta charset='iso-8859-1'><title>Caf\u00e9</title><p>\u201cCaf\u00e9\u201d</p>"
    write("a.html", head.encode("cp1252"))
    write("b.html", "<p>Caf\u00e9</p>".encode("cp1252"))
    write("c.html", "<meta charset=base64><p>Caf\u00e9</p>".encode("cp1252"))
    found = read()
    assert found.only.text == "\u201cCaf\u00e9\u201d\n"
    assert set(found.ledger.failures) == {"b.html", "c.html"}


def test_lines_of_code_may_be_broken_by_tags() -> None:
    page = read_page("<pre><code>one<br>  two<br/></code></pre>")
    assert page.text == "```\none\n  two\n```\n"


@pytest.mark.parametrize("name", ["base64", "rot13", "zip", "no-such-charset"])
def test_a_charset_that_is_none_of_texts_is_not_believed(
    read: Read, write: Write, name: str
) -> None:
    write("a.html", f"<meta charset={name}><title>T</title><p>Tide \u00e4.</p>")
    assert read().only.text.strip() == "Tide \u00e4."
    # What is no UTF-8 has no charset left that could be believed.
    write("a.html", f"<meta charset={name}><p>Caf\u00e9</p>".encode("cp1252"))
    assert set(read().ledger.failures) == {"a.html"}
