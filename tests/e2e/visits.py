"""A page of the twin that is open in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

MILLISECONDS = 180_000
PRESSED = 60
"""Times that Enter is pressed until a question is sent, at the most."""
ANSWER = ".ai-message:not(:has(button[id^='step-'])) .message-content"
BESIDE = "#side-view-content"

WATCH = """
() => {
  window.lengths = [];
  new MutationObserver(() => {
    const answer = [...document.querySelectorAll(ANSWER)].pop();
    const length = answer ? answer.innerText.length : 0;
    if (length && window.lengths.at(-1) !== length) window.lengths.push(length);
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}
""".replace("ANSWER", repr(ANSWER))


class Visit:
    """A page that is open, with what it asked for and what it complained of."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        scheme: Literal["light", "dark"],
        *,
        wide: int = 1280,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.address = address
        self.context = browser.new_context(
            viewport={"width": wide, "height": 860}, color_scheme=scheme
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(MILLISECONDS)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        if login is not None:
            self.log_in(*login)
        # They can be clicked once the page is connected; what is typed before that is not sent.
        self.page.locator("#starters button:enabled").first.wait_for()

    def _heard(self, message: ConsoleMessage) -> None:
        # Chainlit gives the sheet of a narrow window a title that Radix does not recognise.
        if message.type == "error" and "`DialogTitle`" not in message.text:
            self.errors.append(message.text)

    def log_in(self, name: str, password: str) -> None:
        """Fill in the form, and send it."""
        self.page.locator("#email").fill(name)
        self.page.locator("#password").fill(password)
        self.page.locator("button[type='submit']").click()

    def ask(self, question: str) -> None:
        """Type a question and send it.

        While the page is not connected, as for a moment after the choice of a profile, Enter does
        nothing and the text stays where it is: whoever sees that presses it again.
        """
        box = self.page.locator("#chat-input")
        box.click()
        self.page.keyboard.type(question)
        for _ in range(PRESSED):
            self.page.locator("#chat-submit:enabled").wait_for()
            self.page.keyboard.press("Enter")
            self.page.wait_for_timeout(500)
            if question not in box.inner_text():
                return
            box.click()
        message = f"{question!r} was never sent"
        raise AssertionError(message)

    def picture(self, path: Path) -> None:
        """Keep a picture, once nothing moves any more."""
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Leave, and see that nothing went wrong and nothing was fetched from elsewhere."""
        self.context.close()
        assert self.errors == []
        own = (self.address, "data:", "blob:")
        assert [url for url in self.requests if not url.startswith(own)] == []

    def finished(self, count: int) -> str:
        """Wait until so many answers stand there, the last one complete, and return that."""
        answer = self.page.locator(ANSWER).nth(count - 1)
        answer.wait_for()
        self.page.locator("#stop-button").wait_for(state="detached")
        return answer.inner_text()
