"""Pages as blogs have them, for tests of what reads the web.

In: a title and what the page is to hold. Out: HTML.
"""


def sentences(count: int = 30, word: str = "tide") -> str:
    """Return paragraphs that an extractor takes for an article, no two of them the same."""
    return "".join(
        f"<p>On day {number} the {word} came in over the flats, slower than the last one, and we "
        f"wrote {number + 3} lines about it in the book by the door.</p>"
        for number in range(count)
    )


def article(title: str = "On tides", body: str = "", head: str = "", nav: str = "") -> str:
    """Return a page as blogs have them."""
    return (
        f"<!doctype html><html lang='en-GB'><head><title>{title} | The Harbour</title>{head}</head>"
        f"<body><nav><a href='/'>Home</a> <a href='/about'>About</a>{nav}</nav>"
        f"<article><h1>{title}</h1>{body or sentences()}</article>"
        "<footer>Imprint and more</footer></body></html>"
    )
