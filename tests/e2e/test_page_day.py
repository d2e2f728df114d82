"""A day with the page: what is asked, thought and corrected on it is there the next morning."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.visits import ANSWER, BESIDE, WATCH, Visit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, Page

    from tests.e2e.conftest import Chat

    Chatting = Callable[..., AbstractContextManager[Chat]]
    Run = Callable[..., subprocess.CompletedProcess[str]]

QUESTION = "Should every change be reviewed by somebody else before it is merged?"
SENTENCE = "I no longer require review."
TITLE = "Review is asked for, not owed"
FOLLOW_UP = "When did you change your mind about it?"
PASSWORD = "a heron and a tide gauge"
WRITTEN = "I ask for a review when I want one. [1]"


def feedback(home: Path, run_twin: Run) -> list[dict[str, Any]]:
    done = run_twin(home, "feedback", "export")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def opened_steps(page: Page) -> list[str]:
    page.locator("button[id^='step-Looked']").first.click()
    names = page.locator("button[id^='step-']:not([id^='step-Looked'])")
    names.first.wait_for()
    return [name.strip() for name in names.all_inner_texts()]


def test_what_was_asked_and_thought_is_there_after_a_restart(
    own_home: Path, browser: Browser, artifacts: Path, chatting: Chatting, run_twin: Run
) -> None:
    done = run_twin(own_home, "chat", "user", "add", "ines", "--password-stdin", typed=PASSWORD)
    assert done.returncode == 0, done.stderr
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "light", login=("ines", PASSWORD))
        number = asked_and_clicked(visit)
        steps_opened(visit, artifacts)
        thought(visit, artifacts)
        visit.page.reload()
        still_thought(visit.page)
        conversation = visit.page.url
        # The first requests come before the login; nothing else may fail.
        visit.errors = [one for one in visit.errors if "nauthorized" not in one]
        visit.close()
        assert chat.end() == 0
        assert chat.complaints == []
    kept(own_home, run_twin)

    path = conversation.split("/", 3)[3]
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "dark", login=("ines", PASSWORD))
        visit.page.goto(f"{chat.address}/{path}")
        still_thought(visit.page)
        assert SENTENCE in visit.page.locator(ANSWER).first.inner_text()
        opened(visit.page, number)
        assert len(opened_steps(visit.page)) == 5
        visit.picture(artifacts / "day-resumed-dark.png")
        gone_on(visit, artifacts)
        visit.context.close()
        assert chat.end() == 0
        assert chat.complaints == []
    assert [one["kind"] for one in feedback(own_home, run_twin)] == ["edit"]


def asked_and_clicked(visit: Visit) -> str:
    """Ask, see the answer grow, and open the source of a sentence; return its number."""
    page = visit.page
    page.evaluate(WATCH)
    visit.ask(QUESTION)
    assert SENTENCE in visit.finished(1)
    lengths = page.evaluate("window.lengths")
    assert len([length for length in lengths if length < lengths[-1]]) >= 2, lengths
    page.locator("#side-view-title", has_text="Sources").wait_for()
    page.locator("#chat-settings-open-modal").wait_for()
    number = page.locator(ANSWER).first.inner_text().split(SENTENCE)[1].split("]")[0].strip()
    opened(page, number)
    return number


def opened(page: Page, number: str) -> None:
    """Open a source, and see the sentence that rests on it marked."""
    page.locator(ANSWER).first.locator("a.element-link", has_text=f"{number}]").first.click()
    page.locator("#side-view-title", has_text=f"{number}]").wait_for()
    page.locator(f"{BESIDE} .font-bold").first.wait_for()
    assert SENTENCE in " ".join(page.locator(f"{BESIDE} .font-bold").all_inner_texts())


def steps_opened(visit: Visit, artifacts: Path) -> None:
    names = opened_steps(visit.page)
    assert [name.split(" (")[0] for name in names] == [
        "Filters",
        "Variants: none",
        "Search",
        "Rerank",
        "Generation: quotes",
    ]
    assert all(re.search(r"\(\d+(?:\.\d)? m?s\)$", name) for name in names), names
    visit.page.locator("button[id^='step-Generation']").click()
    visit.page.get_by_text("What was sent").wait_for()
    visit.picture(artifacts / "day-steps.png")


def thought(visit: Visit, artifacts: Path) -> None:
    """Press thumbs up with a comment, and write what should have been written."""
    page = visit.page
    page.locator("button.positive-feedback-off").first.click()
    page.locator("[role='dialog'] textarea").fill("just so")
    page.locator("#submit-feedback").click()
    page.locator("button.positive-feedback-on").wait_for()
    page.get_by_role("button", name="I would have written").first.click()
    page.locator(".correction textarea").fill(WRITTEN)
    visit.picture(artifacts / "day-correction.png")
    page.locator(".save-correction").click()
    still_thought(page)


def still_thought(page: Page) -> None:
    page.locator("button.positive-feedback-on").wait_for()
    page.locator(".correction-text", has_text=WRITTEN).wait_for()


def kept(home: Path, run_twin: Run) -> None:
    given = {one["kind"]: one for one in feedback(home, run_twin)}
    assert set(given) == {"thumb", "edit"}
    assert (given["thumb"]["value"], given["thumb"]["comment"]) == (1.0, "just so")
    assert given["edit"]["edited"] == WRITTEN
    for one in given.values():
        assert one["question"] == QUESTION
        assert (one["model"], one["user"], one["audience"]) == ("quotes", "ines", "private")
        assert one["sources"]
        assert QUESTION in one["prompt"][1][1]


def gone_on(visit: Visit, artifacts: Path) -> None:
    """Ask what only the conversation makes plain, look at the history, and take a thumb back."""
    page = visit.page
    visit.ask(FOLLOW_UP)
    said = visit.finished(2)
    assert "Understood as: When did you change your mind about it? (" in said
    page.locator("#header #sidebar-trigger-button").click()
    page.locator("#thread-history", has_text=QUESTION[:20]).wait_for()
    visit.picture(artifacts / "day-history-dark.png")
    page.locator("button.positive-feedback-on").first.click()
    page.locator("button.positive-feedback-on").wait_for(state="detached")


def test_nobody_reads_without_the_password(
    own_home: Path, browser: Browser, artifacts: Path, chatting: Chatting, run_twin: Run
) -> None:
    run_twin(own_home, "chat", "user", "add", "ines", "--password-stdin", typed=PASSWORD)
    with chatting(own_home) as chat:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        page = context.new_page()
        page.goto(chat.address)
        page.locator("#email").fill("ines")
        page.locator("#password").fill("a heron and a tide")
        page.screenshot(path=artifacts / "day-login.png")
        with page.expect_response("**/login") as answered:
            page.locator("button[type='submit']").click()
        assert answered.value.status == 401
        assert page.locator("#chat-input").count() == 0
        for address in ("project/settings", "user"):
            assert page.request.get(f"{chat.address}/{address}").status == 401
        threads = page.request.post(f"{chat.address}/project/threads", data={})
        assert threads.status in {401, 422}
        context.close()


def test_an_edited_question_is_answered_anew_and_stop_reaches_it(
    own_home: Path, browser: Browser, chatting: Chatting
) -> None:
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        visit.ask("What flour do you use for your sourdough?")
        visit.finished(1)
        page.locator("[data-step-type='user_message']").first.hover()
        page.locator("button.edit-message").first.click()
        page.locator("#edit-chat-input").fill(QUESTION)
        page.locator("button.confirm-edit").click()
        page.locator(f"{ANSWER} a.element-link").first.wait_for()
        page.locator("#stop-button").wait_for(state="detached")
        assert page.locator(ANSWER).count() == 1
        page.wait_for_timeout(500)
        page.reload()
        page.locator(f"{ANSWER} a.element-link").first.wait_for()
        assert page.locator(ANSWER).count() == 1
        assert SENTENCE in page.locator(ANSWER).first.inner_text()
        visit.close()
        assert chat.complaints == []


def test_two_models_stand_next_to_each_other_and_one_is_chosen(
    own_home: Path, browser: Browser, artifacts: Path, chatting: Chatting, run_twin: Run
) -> None:
    with (own_home / "twin.toml").open("a") as file:
        file.write(
            '[[models.adapters]]\nname = "brief"\nsummary = "one quotation"\n'
            'model = { use = "quotes", quotations = 1, sentences = 1 }\n'
        )
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        page.locator("#chat-profiles").click()
        page.get_by_role("option", name="Side by side").click()
        page.locator("#starters button:enabled").first.wait_for()
        visit.ask(QUESTION)
        page.locator(".column button.choose").nth(1).wait_for()
        texts = page.locator(".column-text").all_inner_texts()
        assert len(texts) == 2
        assert texts[0] != texts[1]
        shorter = min((0, 1), key=lambda side: len(texts[side]))
        page.locator(".column").nth(shorter).locator("a.element-link").first.click()
        page.locator("#side-view-title", has_text="[1]").wait_for()
        page.locator(".column button.choose").nth(shorter).click()
        page.locator(".column-chosen", has_text="brief").wait_for()
        rated(page, 1 - shorter, "Not good", "too long")
        visit.picture(artifacts / "day-side-by-side.png")
        page.reload()
        page.locator(".column-chosen", has_text="brief").wait_for()
        page.locator(".column").nth(1 - shorter).locator("button.rated").wait_for()
        visit.close()
        assert chat.complaints == []
    given, thumb = feedback(own_home, run_twin)
    assert (given["kind"], given["adapter"], given["rejected_adapter"]) == ("choice", "brief", "")
    assert given["rejected"]
    assert given["rejected"] != given["answer"]
    assert (thumb["kind"], thumb["value"], thumb["comment"]) == ("thumb", 0.0, "too long")
    assert (thumb["adapter"], thumb["answer"]) == ("", given["rejected"])
    assert thumb["prompt"]
    assert thumb["sources"]


def rated(page: Page, side: int, label: str, why: str = "") -> None:
    """Press a thumb of one of two texts; the message itself has none, which would be about neither."""
    assert page.locator("button.positive-feedback-off, button.negative-feedback-off").count() == 0
    column = page.locator(".column").nth(side)
    column.get_by_role("button", name=label, exact=True).click()
    column.locator("button.rated").wait_for()
    if why:
        column.locator("input.why").fill(why)
        column.locator(".keep-why").click()
        column.locator(".keep-why").wait_for(state="detached")


def test_two_drafts_say_where_each_sentence_rests_and_can_be_edited(
    own_home: Path, browser: Browser, artifacts: Path, chatting: Chatting, run_twin: Run
) -> None:
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        page.locator("#chat-profiles").click()
        page.get_by_role("option", name="Write as me").click()
        page.get_by_text("Say what to write about").first.wait_for()
        visit.ask("why Slackwater left Kubernetes")
        page.locator(".column button.choose").nth(1).wait_for()
        page.locator(".column-sources", has_text="you said this in 2022").first.wait_for()
        page.locator(".column a.element-link").first.click()
        page.locator("#side-view-title", has_text="[1]").wait_for()
        page.locator(f"{BESIDE} .font-bold").first.wait_for()
        rated(page, 1, "Good")
        visit.picture(artifacts / "day-drafts.png")
        page.locator(".edit-column").first.click()
        page.locator(".column textarea").fill("We left because of one week in January.")
        page.locator(".save-column").click()
        page.locator(".column", has_text="as you wrote it").wait_for()
        page.reload()
        page.locator(".column", has_text="one week in January").wait_for()
        visit.close()
        assert chat.complaints == []
    thumb, given = feedback(own_home, run_twin)
    assert (given["kind"], given["edited"]) == ("edit", "We left because of one week in January.")
    assert given["answer"] != given["edited"]
    assert (thumb["kind"], thumb["value"], thumb["model"]) == ("thumb", 1.0, "quotes")
    assert thumb["answer"]
    assert thumb["message_id"] != given["message_id"]


def test_a_file_is_taken_in_and_found_but_not_by_guests(
    own_home: Path, tmp_path: Path, browser: Browser, artifacts: Path, chatting: Chatting
) -> None:
    note = tmp_path / "herons.md"
    note.write_text("# Herons\n\nThe heron nests behind the boiler house, in the old willow.\n")
    asked = "Where does the heron nest?"
    with chatting(own_home) as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        with page.expect_response("**/project/file**"):
            page.locator("#upload-button-input").set_input_files(note)
        page.get_by_text("herons.md").first.wait_for()
        page.wait_for_timeout(500)
        visit.ask("Please read this")
        page.get_by_text("1 text taken in").first.wait_for()
        visit.finished(2)
        visit.picture(artifacts / "day-upload.png")
        for count in range(2, 12):
            visit.ask(asked)
            said = visit.finished(count + 1)
            if "boiler house" in said:
                break
            page.wait_for_timeout(1000)
        assert "boiler house" in said
        assert page.locator("#chat-settings-open-modal").count() == 1
        visit.close()
    with chatting(own_home, "--audience", "public") as chat:
        visit = Visit(browser, chat.address, "light")
        page = visit.page
        visit.ask(asked)
        said = visit.finished(1)
        assert "boiler" not in said
        visit.ask(QUESTION)
        visit.finished(2)
        page.locator(f"{ANSWER} a.element-link").first.wait_for()
        for kept in ("button.positive-feedback-off", "#sidebar-trigger-button", "#upload-button"):
            assert page.locator(kept).count() == 0
        assert page.get_by_role("button", name="I would have written").count() == 0
        visit.picture(artifacts / "day-guest.png")
        visit.close()
