"""The chat page without a browser: what is shown, who may see it, and how it is opened."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from twin.chat import page
from twin.chat.answer import Source, Token
from twin.chat.shown import Shown, shown
from twin.chat.welcome import welcome
from twin.chat.wish import Wish
from twin.documents import Audience, Kind, Span
from twin.errors import ConfigurationError, StoreInUse, UsageError
from twin.retrieve.passages import Passage
from twin.serving import guard
from twin.serving import page as server
from twin.serving.live import LiveTwin
from twin.tables import AdapterSettings, Choice
from twin.training import runs
from twin.training.runs import Manifest, Run, State
from twin.warehouse.protocol import Summary

NASTY = """\
# Not a heading, and *not* emphasis
1. not a list
- nor this, <b>nor that</b> ![picture](https://evil.example/x.png)
> no quotation | no | table
note:this and std::vector and :smile: and 10:30
    indented, with `ticks` and a [link](javascript:alert(1))

***
He said **no**_at_once_. [1] &amp; [^2]\\
"""


def passage(text: str, **more: Any) -> Passage:
    values: dict[str, Any] = {
        "document_id": "d0c",
        "version": 3,
        "start": 100,
        "end": 100 + len(text),
        "text": text,
        "title": "A *title*",
        "source": "file:notes/a.md",
        "url": None,
        "author": "Ines Marlow",
        "author_slug": "ines-marlow",
        "kind": Kind.ARTICLE,
        "platform": "file",
        "published_at": "2022-05-17",
        "score": 1.0,
        "similarity": 0.5,
    }
    return Passage(**values | more)


def source(text: str, *quotes: str, **more: Any) -> Source:
    spans = tuple(
        Span(100 + text.index(quote), 100 + text.index(quote) + len(quote)) for quote in quotes
    )
    return Source(1, passage(text, **more), spans)


def visible(markdown: str) -> tuple[list[str], list[str]]:
    """Return the blocks that a reader sees (code as it stands), and what of them is bold."""
    blocks, bold = [], []
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "fence":
            blocks.append(token.content)
        for child in token.children or []:
            assert child.type in {
                "text",
                "softbreak",
                "strong_open",
                "strong_close",
                "link_open",
                "link_close",
                "code_inline",
                "text_special",
            }
        if token.type == "inline":
            blocks.append(
                "".join(c.content or "\n" * (c.type == "softbreak") for c in token.children or [])
            )
            inside = False
            for child in token.children or []:
                if child.type in {"strong_open", "strong_close"}:
                    inside = child.type == "strong_open"
                    bold += [""] if inside else []
                elif inside:
                    bold[-1] += child.content
    return blocks, bold


def words(text: str) -> list[str]:
    return text.replace("\u00a0", " ").split()


def body(markdown: str) -> str:
    """Return what stands between the origin and the place."""
    return markdown.split("\n\n---\n\n")[1]


class TestSource:
    def test_no_text_acts_on_the_page_and_every_word_is_shown(self) -> None:
        markdown = page.source_markdown(source(NASTY))
        blocks, bold = visible(body(markdown))
        assert words(" ".join(blocks)) == words(NASTY)
        assert bold == []

    @pytest.mark.parametrize(
        "quote",
        ["He said **no**_at_once_.", "not a list\n- nor", "“x”", "smile: and 10:30\n    indented"],
    )
    def test_the_quoted_words_are_bold_wherever_they_stand(self, quote: str) -> None:
        text = NASTY + "\n(“x”)y\n"
        _, bold = visible(body(page.source_markdown(source(text, quote))))
        assert set(re.findall(r"\w+", quote)) <= set(re.findall(r"\w+", " ".join(bold)))

    def test_quotes_that_touch_are_one(self) -> None:
        text = "One sentence. Another one. A third."
        _, bold = visible(body(page.source_markdown(source(text, "One sentence.", "Another one."))))
        assert bold == ["One sentence. Another one."]

    def test_code_in_an_article_is_shown_as_code(self) -> None:
        text = "Before:\n\n````python\nx[1] = '''*'''\n```\ny = 2\n````\n\nAfter *that*."
        blocks, bold = visible(body(page.source_markdown(source(text, "After *that*."))))
        assert blocks == ["Before:", "x[1] = '''*'''\n```\ny = 2\n", "After *that*."]
        assert bold == ["After *that*."]

    def test_the_quoted_lines_of_code_stand_apart(self) -> None:
        text = "def tide():\n    return high - low\n\n\ndef other():\n    pass\n"
        markdown = page.source_markdown(
            source(text, "return high", kind=Kind.CODE, source="code:x/tide.py")
        )
        blocks, bold = visible(body(markdown))
        assert blocks == [
            "def tide():\n",
            "Quoted:",
            "    return high - low\n",
            "def other():\n    pass\n",
        ]
        assert bold == ["Quoted:"]
        assert markdown.count("```py\n") == 3

    def test_its_origin_and_place_can_be_read(self) -> None:
        markdown = page.source_markdown(source("Text.", url="https://example.org/a b>(c)"))
        blocks, _ = visible(markdown)
        assert blocks[0] == "[1] A *title*"
        assert blocks[1] == "Ines Marlow · 17 May 2022\nexample.org"
        assert "(<https://example.org/a%20b%3E(c)>)" in markdown
        assert blocks[-1] == "d0c\nversion 3, characters 100:105"

    @pytest.mark.parametrize(
        "url", [None, "javascript:alert(1)", "file:///etc/passwd", "https:", "https://[draft]/a"]
    )
    def test_only_a_web_address_is_a_link(self, url: str | None) -> None:
        markdown = page.source_markdown(source("Text.", url=url))
        assert "](" not in markdown.replace("\\]\\(", "")
        assert "file:notes/a.md" in visible(markdown)[0][1]

    def test_what_only_looks_like_a_citation_leads_nowhere(self) -> None:
        text = "It is so [1][2]. `a[1]` is not.\n\n```\nb[2]\n```\n\nSo [1]"
        shown_text = page.linked(text)
        assert shown_text.replace("\u2060", "") == text
        assert shown_text.count(page.source_name(1)) == 2
        assert shown_text.count(page.source_name(2)) == 1
        for other in ("`a[1]`", "```\nb[2]\n```"):
            assert other in shown_text

    def test_an_undated_untitled_text_is_named_by_its_source(self) -> None:
        nameless = source("Text.", title=" ", published_at=None, author="")
        assert page.sources_line([nameless]) == f"{page.source_name(1)} file\\:notes\\/a\\.md"


class TestShown:
    CASES = (
        ("note:this", "note\\:this"),
        (":::tip\nx\n:::", "\\:\\:\\:tip\nx\n:::"),
        ("at 10:30: yes", "at 10:30: yes"),
        ("https://example.org/a:b ok:no", "https://example.org/a:b ok\\:no"),
        ("![p](https://evil.example/x)", "\\![p](https://evil.example/x)"),
        ("already \\:so", "already \\:so"),
        ("a `key:value` b:c", "a `key:value` b\\:c"),
        ("an open ` tick\n\nb:c", "an open ` tick\n\nb\\:c"),
        ("``a`b:c`` d:e", "``a`b:c`` d\\:e"),
        ("x\n```py\na:b ![c](d)\n```\ne:f", "x\n```py\na:b ![c](d)\n```\ne\\:f"),
        ("~~~\na:b\n```\nc:d\n~~~\ne:f", "~~~\na:b\n```\nc:d\n~~~\ne\\:f"),
        ("zero\u200bwidth [1]", "zerowidth [1]"),
        ("", ""),
    )

    @pytest.mark.parametrize(("text", "expected"), CASES)
    def test_nothing_is_lost_and_nothing_is_fetched(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    @pytest.mark.parametrize(("text", "expected"), CASES)
    def test_however_it_comes_in_pieces(self, text: str, expected: str) -> None:
        for size in (1, 2, 3, 5):
            stream = Shown()
            parts = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
            assert "".join(parts) + stream.end() == expected


def summary(title: str, **more: Any) -> Summary:
    values: dict[str, Any] = {
        "id": title,
        "source": f"file:{title}",
        "title": title,
        "author": "Ines Marlow",
        "author_slug": "ines-marlow",
        "kind": Kind.ARTICLE,
        "platform": "file",
        "audience": Audience.PUBLIC,
        "published_at": "2022-05-17",
        "url": None,
        "collection": "file:notes",
        "version": 1,
        "characters": 10,
    }
    return Summary(**values | more)


class TestWelcome:
    def greet(self, *held: Summary, audience: Audience = Audience.PRIVATE, person: str = "") -> Any:
        slug = "ines-marlow" if person else None
        return welcome(held, person=person, slug=slug, audience=audience)

    def test_it_says_whose_twin_it_is_and_what_it_holds(self) -> None:
        said = self.greet(
            summary("A"), summary("B", published_at="2024-01-01"), summary("c", kind=Kind.CODE)
        )
        assert said.person == "Ines Marlow"
        assert said.text.startswith("### Ines Marlow’s twin")
        assert "2 articles and 1 source file, 2022 to 2024" in said.text

    def test_the_newest_of_each_year_is_asked_about_first(self) -> None:
        dates = {
            "old": "2020-01-01",
            "new": "2024-05-05",
            "newer": "2024-06-06",
            "mid": "2022-02-02",
        }
        said = self.greet(*(summary(title, published_at=date) for title, date in dates.items()))
        assert [starter.label for starter in said.starters] == ["newer", "mid", "old", "new"]
        assert said.starters[0].question == "What did you write about “newer”?"

    def test_a_title_that_asks_is_the_question(self) -> None:
        [starter] = self.greet(summary("Why do I write\nat all?")).starters
        assert starter.question == "Why do I write at all?"

    def test_a_long_title_is_shortened_on_its_button_only(self) -> None:
        title = "A very long title that goes on for much longer than any button could be wide"
        [starter] = self.greet(summary(title)).starters
        assert len(starter.label) <= 45
        assert starter.label.endswith("…")
        assert title in starter.question

    def test_nothing_above_the_audience_is_told(self) -> None:
        secret = summary("Secret", audience=Audience.PRIVATE, author="X", author_slug="x")
        said = self.greet(summary("Open"), secret, audience=Audience.PUBLIC)
        assert "1 article," not in said.text
        assert "1 article from 2022" in said.text
        assert [starter.label for starter in said.starters] == ["Open"]

    def test_one_is_asked_about_what_one_has_written_oneself(self) -> None:
        guest = summary("Guest", author="G", author_slug="g", published_at="2025-01-01")
        said = self.greet(guest, summary("Own"), person="Ines Marlow")
        assert [starter.label for starter in said.starters] == ["Own"]

    def test_an_empty_home_says_how_to_begin(self) -> None:
        said = self.greet()
        assert said.starters == ()
        assert "twin ingest" in said.text


class TestGuard:
    @pytest.mark.parametrize(
        ("host", "origin", "loopback", "expected"),
        [
            ("127.0.0.1:8000", None, True, True),
            ("localhost:8000", "http://localhost:8000", True, True),
            ("[::1]:8000", "http://[::1]:8000", True, True),
            ("localhost:8000", "http://evil.example", True, False),
            ("localhost:8000", "http://localhost:9000", True, False),
            ("localhost:8000", "null", True, False),
            ("evil.example:8000", "http://evil.example:8000", True, False),
            ("", None, True, False),
            ("twin.lan:8000", "http://twin.lan:8000", False, True),
            ("twin.lan:8000", "http://evil.example", False, False),
            ("[::1", None, True, False),
            ("[::1", "http://[::1", False, False),
            ("127.0.0.1:8000", "http://[::1", True, False),
        ],
    )
    def test_only_the_page_itself_may_ask(
        self,
        host: str,
        origin: str | None,
        expected: bool,  # noqa: FBT001
        loopback: bool,  # noqa: FBT001
    ) -> None:
        assert guard.allowed(host, origin, loopback=loopback) is expected

    @pytest.mark.parametrize(
        ("host", "expected"),
        [("127.0.0.9", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("x", False)],
    )
    def test_what_is_this_machine_alone(self, host: str, expected: bool) -> None:  # noqa: FBT001
        assert guard.is_loopback(host) is expected

    async def test_a_host_that_is_none_is_refused_in_good_order(self) -> None:
        sent: list[Any] = []

        async def inner(*_: Any) -> None:
            pytest.fail("it was let through")

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "headers": [(b"host", b"[::1:8000")]}
        await guard.Guard(inner, loopback=True)(scope, inner, send)
        assert sent[0]["status"] == 403

    def test_a_foreign_websocket_is_closed_before_it_opens(self) -> None:
        sent: list[Any] = []

        async def inner(*_: Any) -> None:
            pytest.fail("it was let through")

        async def run() -> None:
            async def receive() -> dict[str, Any]:
                return {"type": "websocket.connect"}

            async def send(message: Any) -> None:
                sent.append(message)

            headers = [(b"host", b"localhost:8000"), (b"origin", b"https://evil.example")]
            scope = {"type": "websocket", "headers": headers}
            await guard.Guard(inner, loopback=True)(scope, receive, send)

        asyncio.run(run())
        assert [message["type"] for message in sent] == ["websocket.close"]


class TestServer:
    def test_a_port_in_use_is_a_mistake_in_usage(self) -> None:
        with server.bind("127.0.0.1", 0) as taken:
            port = taken.getsockname()[1]
            assert server.address_of(taken) == f"http://127.0.0.1:{port}"
            with pytest.raises(UsageError, match=f"port {port}"):
                server.bind("127.0.0.1", port)

    def test_a_missing_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        with pytest.raises(ConfigurationError) as caught:
            server.check_installed()
        assert caught.value.hint == "pip install 'twin[chat]'"


class FakeAnswerer:
    """Yields tokens for ever, and says when it was stopped."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def stream(self, question: str, *, audience: Audience, **wished: Any) -> Iterator[Token]:
        assert audience is Audience.FRIENDS
        assert set(wished) == {"wish", "history", "retrieval"}
        try:
            while True:
                yield Token(question)
        finally:
            self.closed.set()


class FakeHome:
    """A home that opens at the second try."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.fake = FakeAnswerer()
        self.closed = False
        self.settings = SimpleNamespace(
            retrieve=SimpleNamespace(audience=Audience.FRIENDS),
            models=SimpleNamespace(adapters=(), chat_run=""),
        )
        self.warehouse = SimpleNamespace(cursor=lambda _: None)
        self.follow = lambda stopped: stopped(60)

    def refresh(self) -> bool:
        return False

    @property
    def answerer(self) -> FakeAnswerer:
        if self.failures:
            raise self.failures.pop(0)
        return self.fake

    def close(self) -> None:
        self.closed = True


class TestLiveTwin:
    def test_whoever_leaves_stops_the_answer(self) -> None:
        home: Any = FakeHome()
        live = LiveTwin(home)

        async def run() -> list[str]:
            async with aclosing(live.ask("q")) as events:
                return [(await anext(events)).text for _ in range(3)]  # type: ignore[union-attr]

        assert asyncio.run(run()) == ["q", "q", "q"]
        assert home.fake.closed.wait(10)
        live.close()
        assert home.closed

    def test_what_was_in_the_way_may_be_gone_at_the_next_question(self) -> None:
        home: Any = FakeHome(StoreInUse("in use"))
        live = LiveTwin(home)

        async def first() -> object:
            async with aclosing(live.ask("q")) as events:
                return await anext(events)

        with pytest.raises(StoreInUse):
            asyncio.run(first())
        assert asyncio.run(first()) == Token("q")
        live.close()

    def test_closing_ends_what_is_being_answered(self) -> None:
        home: Any = FakeHome()
        live = LiveTwin(home)

        async def run() -> int:
            seen = 0
            async with aclosing(live.ask("q")) as events:
                async for _ in events:
                    seen += 1
                    if seen == 1:
                        await asyncio.to_thread(live.close)
            return seen

        assert asyncio.run(run()) >= 1
        assert home.fake.closed.is_set()
        assert home.closed

    def test_what_learned_from_private_writing_answers_no_guests(self, tmp_path: Path) -> None:
        for name, audience in (("open", "public"), ("close", "private")):
            run = Run(runs.new_folder(tmp_path, name), manifest(name, Audience(audience)))
            runs.write_manifest(run)
            run.folder.rename(run.folder.with_name(name))
        folders = {
            "one": "open",
            "two": "close",
            "three": "",
            "four": str(tmp_path / "runs/close/adapter"),
        }
        choice = Choice(use="quotes")
        adapters = [
            AdapterSettings(name=name, model=choice, run=run) for name, run in folders.items()
        ]
        home: Any = FakeHome()
        home.folder = tmp_path
        home.settings.models = SimpleNamespace(adapters=adapters, chat_run="close")
        assert LiveTwin(home, Audience.PRIVATE).models == ("one", "two", "three", "four")
        live = LiveTwin(home, Audience.FRIENDS)
        assert live.models == ("one", "three")

        async def asked(model: str) -> object:
            async with aclosing(live.ask("q", wish=Wish(model=model))) as events:
                return await anext(events)

        assert asyncio.run(asked("one")) == Token("q")
        with pytest.raises(UsageError, match="no model 'two'"):
            asyncio.run(asked("two"))
        with pytest.raises(UsageError, match="is not for whom the page is for"):
            asyncio.run(asked(""))
        live.close()
        home.settings.models.chat_run = "open"
        live = LiveTwin(home, Audience.FRIENDS)
        assert asyncio.run(asked("")) == Token("q")
        live.close()


def manifest(name: str, audience: Audience) -> Manifest:
    return Manifest(
        id=name,
        kind="sft",
        state=State.DONE,
        created_at=runs.now(),
        recipe="",
        recipe_sha256="",
        base_model="",
        dataset="",
        dataset_sha256={},
        rows=1,
        audience=audience,
        seed=1,
        versions={},
    )


def test_an_error_is_shown_as_sentences() -> None:
    error = StoreInUse("the index in /a_b is in use", "stop it, or wait")
    blocks, _ = visible(page.apology(error))
    assert blocks == ["The index in /a_b is in use.", "Stop it, or wait."]
