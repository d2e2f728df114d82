"""The boilerplate cleaner: what it leaves out, and above all what it keeps."""

import itertools
from pathlib import Path

import pytest
from pydantic import ValidationError

from twin.basics.cleaners import COMPONENTS, BoilerplateOptions
from twin.components import BuildContext, CleanerComponent
from twin.documents import Document, Kind

PROSE = "I went down to the harbour, and the tide had turned.\n"


def clean(text: str, *patterns: str, kind: Kind = Kind.ARTICLE) -> list[tuple[str, str]]:
    """Return what is left out, as text with its reason."""
    component = COMPONENTS[0]
    cleaner = component.build(
        BoilerplateOptions(patterns=patterns),
        BuildContext(cache=Path("cache"), data=Path("data")),
    )
    found = list(cleaner(Document(source="x", text=text, kind=kind)))
    spans = [excluded.span for excluded in found]
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    return [(excluded.span.of(text), excluded.reason) for excluded in found]


def left_out(text: str) -> str:
    return "".join(part for part, _ in clean(text))


def test_the_component_is_offered() -> None:
    assert [type(component) for component in COMPONENTS] == [CleanerComponent]
    assert COMPONENTS[0].name == "boilerplate"


@pytest.mark.parametrize(
    "line",
    [
        "Thanks for reading Tidewatch! Subscribe for free to receive new posts.",
        "Subscribe to my newsletter",
        "**Subscribe now to our weekly newsletter!**",
        "[Sign up for the newsletter](https://example.org/s)",
        "Join 12,000+ readers and get one essay a week.",
        "Type your email…",
        "Enter your e-mail address to follow this blog.",
        "Follow me on [Twitter](https://twitter.com/x) and Mastodon.",
        "If you enjoyed this post, please share it with a friend!",
        "If you liked this article, clap 50 times 👏",
        "Share this article",
        "Leave a comment",
        "Log in to post a comment",
        "Please enable JavaScript to view the comments powered by Disqus.",
        "This website uses cookies to improve your experience. By continuing you accept them.",
        "*Originally published at [example.org](https://example.org/a.html) on January 4, 2019.*",
        "This post was originally published on my old blog.",
        "Discover more from Tidewatch",
        "Copy link",
        "Skip to main content",
        "© 2024 Ada Byron",
        "Copyright (c) 2019-2024, Ada Byron",
        "All rights reserved.",
        "Sitemap",
        "![](https://example.org/a.png)",
        "[![](https://example.org/a.png)](https://example.org)",
        '<img src="a.png" alt="" width="3">',
        "<!-- a note to self -->",
        "Share on Twitter",
    ],
)
def test_boilerplate_is_left_out(line: str) -> None:
    assert left_out(f"{PROSE}\n{line}\n\n{PROSE}").strip() == line


@pytest.mark.parametrize(
    "text",
    [
        "Subscribe to the topic `orders` before you publish to it.",
        "Subscribe.\n\nThat was his whole advice.",
        "We use cookies to remember who is logged in, and nothing else.",
        "Follow me on this one: a queue is a promise.",
        "If you liked this post, you would hate the next one. It is about pumps.",
        "Share\n\nnothing that you cannot defend.",
        "## Comments\n\nComments lie.",
        "## Sign up\n\nThe form has three fields.",
        "- Email\n- Facebook\n- Twitter\n- Note",
        "- Sign in\n- Sign up",
        "Thanks for reading my draft, Ada; you caught the worst of it.",
        "My essay was originally published in 1998, when nobody read it. I still mean it.",
        "![The weir at low water](weir.png)",
        '<img src="a.png" alt="The weir">',
        "Write `<!-- more -->` where the excerpt ends.",
        "    <!-- in an indented block -->",
        "```html\n<!-- in a fence -->\nSubscribe to my newsletter\n![](a.png)\n```",
        "~~~\nCopy link\n~~~",
        "> Copyright is a bargain.",
        "An unclosed <!-- is only text.",
        "See [the docs](/docs), [the blog](/blog) and [home](/).",
        "- [Ada's page](https://ada.example.org)\n- [Bob's](https://bob.example.org)\n- [C](https://c.org)",
        "## Related\n\n- [On pumps](/pumps)\n- [On weirs](/weirs)\n- [On locks](/locks)",
        "1\n\n2\n\n3",
    ],
)
def test_writing_is_kept(text: str) -> None:
    assert clean(f"{PROSE}\n{text}\n\n{PROSE}") == []
    assert clean(f"{PROSE}\n{text}\n") == []


def test_nothing_is_left_out_of_an_unclosed_fence() -> None:
    assert clean(f"{PROSE}\n```\nCopy link\n\nSubscribe to my newsletter\n") == []


def test_a_fence_is_closed_by_its_own_kind_only() -> None:
    text = f"{PROSE}\n````\n```\nCopy link\n```\n````\n\nCopy link\n"
    assert clean(text) == [("Copy link\n", "buttons of the page")]


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.MESSAGE])
def test_code_and_messages_are_never_touched(kind: Kind) -> None:
    assert clean(f"{PROSE}\nSubscribe to my newsletter\n", kind=kind) == []


def test_a_post_that_is_a_call_is_kept_whole() -> None:
    assert clean("Subscribe to my newsletter\n", kind=Kind.POST) == []


def test_a_run_of_buttons_takes_the_unsure_ones_along() -> None:
    text = f"{PROSE}\n14\n\nShare this post\n\n#### On tides\n\nexample.org\n\nCopy link\n\n"
    text += "Facebook\n\nEmail\n\nNote\n\nOther\n\nShare\n"
    assert left_out(text).split() == text.removeprefix(PROSE).split()


def test_a_table_of_contents_goes_and_its_sections_stay() -> None:
    contents = "## Contents\n\n- [Tides](#tides)\n  - [Neap](#neap)\n- [Pumps](#pumps)\n"
    text = f"# Water\n\n{contents}\n## Tides\n\n{PROSE}\n## Neap\n\n{PROSE}\n## Pumps\n\n{PROSE}"
    assert left_out(text) == contents


def test_a_table_of_contents_without_links_is_known_by_the_headings() -> None:
    contents = "## **Sections**\n\n  * Tides\n  * Pumps\n  * Conclusion\n"
    rest = f"\n## Tides\n\n{PROSE}\n## Pumps\n\n{PROSE}\n## Conclusion\n\n{PROSE}"
    assert left_out(f"# Water\n\n{contents}{rest}") == contents


def test_a_list_named_contents_that_names_no_heading_is_kept() -> None:
    assert clean(f"{PROSE}\n## Contents\n\n- rope\n- a lamp\n- bread\n\n{PROSE}") == []


def test_a_menu_before_the_title_and_a_sidebar_of_icons_go() -> None:
    menu = "  * __Course\n  * __Books\n  * __About\n\n__\n\n  1. 🔧 **Posts**\n  2. Tides\n"
    side = "  * 🔧 **Posts** __\n\n    * Tides\n\n    * Pumps\n\n  * * * *\n\n  * ⚡ **More** __\n"
    text = f"Ada Byron\n\n{menu}\n# Tides\n\nOn water\n\n{side}\n{PROSE}"
    assert left_out(text).split() == (menu + side).split()


def test_a_site_menu_at_the_end_goes() -> None:
    menu = "- [Home](/)\n- [About](/about)\n- RSS\n"
    assert left_out(f"# Tides\n\n{PROSE}\n{menu}") == menu


def test_crlf_line_ends_are_counted() -> None:
    text = f"{PROSE}\nCopy link\n\n{PROSE}".replace("\n", "\r\n")
    assert left_out(text) == "Copy link\r\n"


def test_a_comment_may_span_lines_and_hold_a_fence() -> None:
    comment = "<!-- [[[cog\n```\nSubscribe to my newsletter\n]]] -->"
    assert clean(f"{PROSE}\n{comment}\n\n{PROSE}") == [(comment, "an HTML comment")]


def test_own_patterns_match_whole_lines() -> None:
    text = f"{PROSE}\n  -- sent from my boat --\n\nI sent it from my boat.\n"
    assert [part for part, _ in clean(text, "-- sent .* --", "boat")] == [
        "  -- sent from my boat --\n"
    ]


@pytest.mark.parametrize("pattern", ["(", "x*", "^.*$"])
def test_patterns_that_cannot_be_meant_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="patterns"):
        BoilerplateOptions(patterns=(pattern,))


def test_long_texts_are_read_once() -> None:
    # Each of these made a naive step quadratic or worse; the suite would stand still here.
    for text in (
        "share this post\n" * 50_000,
        "- [Home](/)\n" * 50_000,
        "<!-- a\n" * 100_000,
        "a <!-- b --> " * 50_000 + "`",
        "- a\n- b\n- c\n\nword\n\n" * 20_000,
        ("thanks for reading " + "a b " * 90 + "\n\n") * 2_000,
        "_" * 500_000 + "\n" + "![](" * 100_000,
    ):
        clean(text + PROSE)
