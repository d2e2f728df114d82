"""What is taken of a page, and what is left."""

import pytest

from twin.testing.web_pages import article, sentences
from twin_web.extraction import extracted
from twin_web.markdown import fragment


def text_of(html: str, *titles: str) -> str:
    return extracted(html, "https://example.org/a/b", titles).text


def test_the_title_is_no_part_of_the_text() -> None:
    html = article("On tides", f"{sentences(8)}<h2>On tides again</h2>{sentences(6, 'boat')}")
    text = text_of(html, "On tides | The Harbour", "On tides")
    assert not text.startswith("# On tides")
    assert "## On tides again" in text


def test_a_pointer_to_another_page_goes_and_a_link_of_the_author_stays() -> None:
    pointer = "<p>Read more: <a href=/x>How the boats were counted on the ninth day of May</a></p>"
    own = "<p>I read <a href=/y>what she wrote about the boats on the ninth day of May</a>.</p>"
    text = text_of(article("T", sentences(8) + pointer + own + sentences(8, "boat")))
    assert "Read more" not in text
    assert "I read [what she wrote about the boats" in text
    assert "](https://example.org/y)." in text


def test_the_address_of_a_base() -> None:
    html = article("T", sentences(6) + "<p>We wrote <a href=c>more of that</a> there.</p>", "")
    based = html.replace("<head>", "<head><base href='/other/'>")
    assert "[more of that](https://example.org/a/c)" in text_of(html)
    assert "[more of that](https://example.org/other/c)" in text_of(based)


def test_a_quotation_between_short_lines_stays_one() -> None:
    quoted = '<blockquote class="twitter-tweet"><p>Herons wade.</p>&mdash; Bob</blockquote>'
    links = "<nav><a href='/'>Start</a> <a href='/all'>Short posts</a></nav>"
    page = (
        f"<html><head><title>A post</title></head><body>{links}<article><h1>A post</h1>"
        f"<p>Short <b>one</b>.</p>{quoted}<p>Short two.</p></article></body></html>"
    )
    text = extracted(page, titles=["A post"]).text
    assert text == "Short **one**.\n\n> Herons wade.\n>\n> — Bob\n\nShort two.\n"


def test_a_page_of_nothing_but_short_lines_is_still_read() -> None:
    lines = "".join(f"<p>Line {n} here</p>" for n in range(60))
    assert "Line 7 here" in text_of(f"<html><body><article>{lines}</article></body></html>")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <b>b</b> <i>c</i> <code>d_e*f</code></p>", "a **b** *c* `d_e*f`\n"),
        ("<pre>a\n\n\n\n  b</pre>", "```\na\n\n\n\n  b\n```\n"),
        ("<pre class='brush: py'>a</pre>", "```\na\n```\n"),
        ("<pre data-lang=Rust><span>a</span><br>b</pre>", "```rust\na\nb\n```\n"),
        ("<div class='highlight-source-js'><pre>a</pre></div>", "```js\na\n```\n"),
        ("<a href='javascript:x()'>a</a> <a href='/b'></a><a href='http://['>c</a>", "a c\n"),
        ("<a href='mailto:a@b.c'>mail</a>", "[mail](mailto:a@b.c)\n"),
        ("<table><tr><td><p>laid out</p></td></tr></table>", "laid out\n"),
        ("<h2>T <a href='#t'>\u00b6</a></h2>x", "## T\n\nx\n"),
        ("<script>x</script><style>y</style><!-- z -->", ""),
        ("", ""),
    ],
)
def test_markdown_of_a_fragment(html: str, expected: str) -> None:
    assert fragment(html, "https://example.org/") == expected
