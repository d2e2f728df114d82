"""The chat page, as a person meets it: in a browser, started by `twin chat`."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.visits import ANSWER, BESIDE, WATCH, Visit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser

    from tests.e2e.conftest import Chat, SlowModel

    Chatting = Callable[..., AbstractContextManager[Chat]]
    Run = Callable[..., subprocess.CompletedProcess[str]]

QUESTION = "Should every change be reviewed by somebody else before it is merged?"
SENTENCE = "I no longer require review."
TITLE = "Review is asked for, not owed"
OTHER_QUESTION = "How long did the restore from backup take?"
UNANSWERABLE = "What flour do you use for your sourdough?"
REFUSAL = "I have not written about that."


def test_an_answer_grows_and_its_sources_stand_beside_it(
    written: Path, browser: Browser, artifacts: Path, chatting: Chatting
) -> None:
    with chatting(written) as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        welcome = page.locator("#welcome-screen").inner_text()
        assert "Ines Marlow’s twin" in welcome
        assert "4 articles" in welcome
        assert TITLE in page.locator("#starters").inner_text()
        visit.picture(artifacts / "welcome-light.png")

        page.evaluate(WATCH)
        visit.ask(QUESTION)
        assert SENTENCE in visit.finished(1)
        lengths = page.evaluate("window.lengths")
        assert len([length for length in lengths if length < lengths[-1]]) >= 2, lengths
        assert lengths == sorted(lengths)
        visit.picture(artifacts / "answer-light.png")

        # The number of the very citation that stands behind the sentence.
        answer = page.locator(ANSWER).first
        number = answer.inner_text().split(SENTENCE)[1].split("]")[0].strip() + "]"
        page.locator("#side-view-title", has_text="Sources").wait_for()
        answer.locator("a.element-link", has_text=number).first.click()
        page.locator("#side-view-title", has_text=number).wait_for()
        beside = page.locator(BESIDE)
        assert TITLE in beside.inner_text()
        assert "version 1, characters " in beside.inner_text()
        assert SENTENCE in " ".join(beside.locator(".font-bold").all_inner_texts())
        link = beside.locator("a[href^='https://inesmarlow.example/']").first
        assert link.get_attribute("target") == "_blank"
        visit.picture(artifacts / "source-light.png")

        step = page.locator("button[id^='step-Looked']").first
        step.click()
        page.locator("button[id^='step-Search']").first.click()
        page.get_by_text("Similarity").wait_for()
        visit.picture(artifacts / "step-light.png")
        visit.close()
        assert chat.end() == 0
        assert chat.complaints == []


def test_each_answer_has_its_own_sources_and_a_refusal_has_none(
    written: Path, browser: Browser, artifacts: Path, chatting: Chatting
) -> None:
    with chatting(written) as chat:
        visit = Visit(browser, chat.address, "light")
        beside = visit.page.locator(BESIDE)
        visit.ask(QUESTION)
        visit.finished(1)
        beside.get_by_text(TITLE).first.wait_for()

        visit.ask(OTHER_QUESTION)
        visit.finished(2)
        beside.get_by_text("A backup is a rumour").first.wait_for()
        beside.get_by_text(TITLE).first.wait_for(state="detached")

        # The older answer still leads to its own.
        visit.page.locator(ANSWER).first.locator("a.element-link").first.click()
        beside.get_by_text(TITLE).first.wait_for()

        visit.ask(UNANSWERABLE)
        assert visit.finished(3).strip() == REFUSAL
        beside.wait_for(state="detached")
        visit.picture(artifacts / "refusal-light.png")
        visit.close()


def test_it_is_dark_where_the_system_is_and_fits_a_narrow_window(
    written: Path, browser: Browser, artifacts: Path, chatting: Chatting
) -> None:
    with chatting(written) as chat:
        visit = Visit(browser, chat.address, "dark")
        starter = visit.page.locator("#starters button", has_text=TITLE)
        visit.picture(artifacts / "welcome-dark.png")
        starter.click()
        visit.finished(1)
        visit.page.locator(BESIDE).wait_for()
        assert "dark" in (visit.page.locator("html").get_attribute("class") or "")
        visit.picture(artifacts / "answer-dark.png")
        visit.close()

        narrow = Visit(browser, chat.address, "light", wide=430)
        narrow.picture(artifacts / "welcome-narrow.png")
        width = narrow.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 430
        # The longest name of a profile pushes nothing out of the header.
        header = "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
        assert narrow.page.evaluate(f"{header}(document.querySelector('#header'))") <= 0
        narrow.ask(QUESTION)
        narrow.finished(1)
        # Where the sources would hide the answer, they wait until they are asked for.
        assert narrow.page.locator(BESIDE).count() == 0
        narrow.page.locator(f"{ANSWER} a.element-link").first.click()
        narrow.page.locator(BESIDE).wait_for()
        narrow.picture(artifacts / "answer-narrow.png")
        narrow.close()


def test_the_stop_button_ends_the_answer_and_the_model(
    written: Path, browser: Browser, slow_model: SlowModel, chatting: Chatting
) -> None:
    with chatting(written, TWIN_MODELS__CHAT=slow_model.setting) as chat:
        visit = Visit(browser, chat.address, "light")
        visit.ask(QUESTION)
        visit.page.get_by_text("word20").wait_for()
        visit.page.locator("#stop-button").click()
        assert slow_model.gone.wait(30)
        assert slow_model.written < slow_model.WORDS
        stood = visit.page.locator(ANSWER).first.inner_text()
        assert "word20" in stood
        visit.page.wait_for_timeout(1000)
        assert visit.page.locator(ANSWER).first.inner_text() == stood
        # What was sent for it is not known any more, so nobody can judge it.
        assert visit.page.locator("button.positive-feedback-off").count() == 0
        visit.close()
        assert chat.end() == 0


def test_sigterm_ends_it_even_while_it_answers(
    written: Path, browser: Browser, slow_model: SlowModel, chatting: Chatting
) -> None:
    with chatting(written, TWIN_MODELS__CHAT=slow_model.setting) as chat:
        visit = Visit(browser, chat.address, "light")
        visit.ask(QUESTION)
        visit.page.get_by_text("word5").first.wait_for()
        children = psutil.Process(chat.process.pid).children(recursive=True)
        assert visit.errors == []
        assert chat.end() == 0
        assert [child for child in children if child.is_running()] == []
        # From here on the page may ask in vain for a server that is gone.
        visit.context.close()


def test_ctrl_c_ends_it_and_leaves_nothing_in_the_current_folder(
    written: Path, chatting: Chatting
) -> None:
    before = {path.name for path in written.iterdir()}
    with chatting(written) as chat:
        assert chat.end(signal.SIGINT) == 0
    after = {path.name for path in written.iterdir()}
    assert after - before <= {"chat", "cache", "index"}
    assert list((written / "chat" / ".files").glob("page-*/")) == []


def test_a_port_in_use_is_said_at_once(written: Path, run_twin: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_twin(written, "chat", "--no-open", "--port", str(port))
    assert done.returncode == 2
    assert f"error: cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "hint: choose another with --port" in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_private_writing_is_not_served_to_other_machines(
    written: Path, host: str, run_twin: Run
) -> None:
    done = run_twin(written, "chat", "--no-open", "--port", "0", "--host", host)
    assert done.returncode == 2
    assert "there is no login" in done.stderr
    assert "--anyone-may-read" in done.stderr


def test_public_writing_may_be_served_to_other_machines(written: Path, chatting: Chatting) -> None:
    with chatting(written, "--host", "0.0.0.0", TWIN_RETRIEVE__AUDIENCE="public") as chat:
        assert chat.address.startswith("http://localhost:")
        assert chat.end() == 0


def test_other_commands_work_beside_the_page_through_its_store(
    written: Path, browser: Browser, chatting: Chatting, run_twin: Run
) -> None:
    with chatting(written) as chat:
        visit = Visit(browser, chat.address, "light")
        visit.ask(QUESTION)
        visit.finished(1)
        done = run_twin(written, "ask", QUESTION)
        assert done.returncode == 0, done.stderr
        assert "[1]" in done.stdout
        visit.close()
