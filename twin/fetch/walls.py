"""Pages that stand in the place of what was asked for.

In: the answer of a server. Out: what it is, if it is a captcha, a login, a consent page or a shell
that only a browser can fill; else nothing. No such page may ever be stored as somebody's writing.

Long texts are writing, whatever else is on the page: an article about captchas names them all, and
many a page has a login in its corner. So most signs count only where there are few words.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

CHECK: Final = "a captcha or another check for robots"

FEW: Final = 250
"""Words of a page up to which it may be a wall; the longest seen, a consent page, has about 200."""

VERY_FEW: Final = 60
"""Words of a page up to which it may be a shell that a script fills."""

HEAD: Final = 600_000
"""Characters of a page that are looked at."""

_UNSHOWN: Final = {"script", "style", "template", "svg", "title", "head"}
_ROOTS: Final = {"root", "app", "__next", "__nuxt", "react-root", "___gatsby", "svelte", "main-app"}

_CHALLENGE_HEADERS: Final = {
    "cf-mitigated": re.compile(r"challenge"),
    "x-amzn-waf-action": re.compile(r"captcha|challenge"),
    "x-datadome": re.compile(r"protected"),
}
_CAPTCHA: Final = re.compile(
    r"_cf_chl_opt|cf-chl-|/cdn-cgi/challenge-platform/h/|captcha-delivery\.com|px-captcha"
    r"|_Incapsula_Resource|awsWafCookieDomainList|/recaptcha/(?:api|enterprise)\.js|hcaptcha\.com/1/"
    r"|challenges\.cloudflare\.com/turnstile|/\.within\.website/x/cmd/anubis",
)
_CAPTCHA_TITLE: Final = re.compile(
    r"just a moment|attention required|access denied|are you (?:a )?(?:human|robot)|not a bot"
    r"|verify(?:ing)? (?:that )?you are human|security check|ddos-guard|pardon our interruption"
    r"|human verification|bot verification|robot check|one more step|access to this page has been"
    r"|request unsuccessful|please wait\W*$",
    re.IGNORECASE,
)
_CAPTCHA_WORDS: Final = re.compile(
    r"unusual traffic from your|verify you are (?:a )?human|checking (?:if the site|your browser)"
    r"|enable javascript and cookies to continue|are not a robot|complete the security check"
    r"|you have been blocked|press (?:&|and) hold to confirm",
    re.IGNORECASE,
)
_LOGIN_PATH: Final = re.compile(
    r"/(?:log-?in|sign-?in|sign-?up|authwall|uas/login|checkpoint|sso|oauth2?|accounts/login)\b",
    re.IGNORECASE,
)
_LOGIN_TITLE: Final = re.compile(
    r"^\W*(?:log|sign) ?(?:in|on|up)\b|\b(?:log|sign) ?(?:in|up)\W*$|^\W*(?:anmelden|connexion)\b",
    re.IGNORECASE,
)
_LOGIN_WORDS: Final = re.compile(
    r"(?:log|sign) ?in to (?:continue|see|view|read|your account)|you must (?:be logged|log) in"
    r"|please (?:log|sign) ?in",
    re.IGNORECASE,
)
_CONSENT_TITLE: Final = re.compile(
    r"before you continue|^\W*(?:cookie|privacy) (?:consent|settings|choices|notice)\W*$"
    r"|we value your privacy|bevor sie fortfahren|avant de continuer|your privacy choices",
    re.IGNORECASE,
)
_CONSENT_WORDS: Final = re.compile(
    r"before you continue|we (?:value|care about) your privacy|(?:accept|agree to) all"
    r"|wir verwenden cookies|nous utilisons des cookies",
    re.IGNORECASE,
)
_CONSENT_URL: Final = re.compile(r"^(?:consent|guce|privacy-mgmt)\.|/(?:consent|collectconsent)\b")
_SCRIPT_WORDS: Final = re.compile(
    r"(?:enable|requires?|turn on|activate|needs?|without) javascript|javascript (?:is|must be|to)"
    r"|javascript aktivieren|activer javascript",
    re.IGNORECASE,
)


class _Page(HTMLParser):
    """The shown words of a page, its title, and the signs of a login or a shell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.shown: list[str] = []
        self.noscript: list[str] = []
        self.password = False
        self.scripts = 0
        self.root = False
        self._open: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.password |= tag == "input" and (values.get("type") or "").lower() == "password"
        self.root |= (values.get("id") or "").lower() in _ROOTS
        self.scripts += tag == "script"
        if tag == "body":
            self._open.clear()
        elif tag in _UNSHOWN or tag == "noscript":
            self._open[tag] = 1

    def handle_endtag(self, tag: str) -> None:
        self._open.pop(tag, None)

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title += data
        elif "noscript" in self._open:
            self.noscript.append(data)
        elif not self._open.keys() & _UNSHOWN:
            self.shown.append(data)


def wall(html: str, headers: Mapping[str, str], asked: str, url: str) -> str:
    """Return what stands in the place of the page, empty if it is a page.

    Args:
        html: the page.
        headers: of the answer, their names in lower case.
        asked: the address that was asked for.
        url: the one that it led to.
    """
    for name, pattern in _CHALLENGE_HEADERS.items():
        if pattern.search(headers.get(name, "").lower()):
            return CHECK
    page = _Page()
    page.feed(html[:HEAD])
    shown = " ".join(" ".join(page.shown).split())
    words = len(shown.split())
    if words > FEW:
        return ""
    said = f"{page.title}\n{shown}\n{' '.join(page.noscript)}"
    title = " ".join(page.title.split())
    signs = {
        CHECK: _captcha(html[:HEAD], title, shown, words),
        "a page that asks for consent": _consent(title, said, asked, url),
        "a login page": _login(page, title, said, asked, url),
        "a shell that only a browser fills": words <= VERY_FEW and _shell(page, said),
    }
    return next((what for what, there in signs.items() if there), "")


def _captcha(html: str, title: str, shown: str, words: int) -> bool:
    if _CAPTCHA_TITLE.search(title) or _CAPTCHA_WORDS.search(shown):
        return True
    # Forms of comments and newsletters have captchas too; a page of them alone says little else.
    return words <= VERY_FEW and _CAPTCHA.search(html) is not None


def _consent(title: str, said: str, asked: str, url: str) -> bool:
    if _CONSENT_TITLE.search(title):
        return True
    led = asked != url and _CONSENT_URL.search(_place(url)) is not None
    return led and (_CONSENT_WORDS.search(said) is not None or "cookie" in said.lower())


def _login(page: _Page, title: str, said: str, asked: str, url: str) -> bool:
    led = _LOGIN_PATH.search(_place(url)) is not None and _place(asked) != _place(url)
    named = _LOGIN_TITLE.search(title) is not None
    told = _LOGIN_WORDS.search(said) is not None
    return (
        (page.password and (led or named or told))
        or (led and (named or told))
        or (page.password and len(said.split()) <= VERY_FEW)
    )


def _shell(page: _Page, said: str) -> bool:
    return page.scripts > 0 and (page.root or _SCRIPT_WORDS.search(said) is not None)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}{parts.path}"
