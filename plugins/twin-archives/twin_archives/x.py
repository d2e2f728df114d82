"""X, formerly Twitter: the archive of an account.

In: the files of the archive (``data/tweets.js`` and its neighbours). Out: a document a post or thread.
Reposts are others' words and are skipped; replies are told apart by `x_what`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import twin
from twin.components import Report
from twin_archives.files import Files, json_of, told
from twin_archives.options import XOptions
from twin_archives.shapes import rows, string, strings, table
from twin_archives.threads import Post, thread_document, threads
from twin_archives.x_messages import direct_messages

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_ASSIGNED: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*window\.[\w.\[\]\"']+\s*=\s*")
_POSTS: Final = re.compile(r"(?:data/)?(?:community-)?tweets?(?:-part\d+)?\.js")
_NOTES: Final = re.compile(r"(?:data/)?note-tweet(?:-part\d+)?\.js")
_TALKS: Final = re.compile(r"(?:data/)?direct-messages?(?:-group)?(?:-part\d+)?\.js")
_CUT: Final = re.compile(r"\s*…?\s*(?:https://t\.co/\w+\s*)*\Z")
_REPEATED: Final = re.compile(
    # By hand, before there was a button: "So true! RT @bob: his words", "“@bob: his words” So true!".
    r"(?P<own>(?:.*?[^\w@])??)(?:RT|MT):?\s?@(?P<who>\w+):?\s(?P<what>.*)"
    r"|[\"“”]@(?P<quoted>\w+):\s(?P<words>.*)[\"“”](?P<after>[^\"“”]*)",
    re.DOTALL,
)
_TIME: Final = "%a %b %d %H:%M:%S %z %Y"


def read(files: Files, options: XOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an account's archive.

    Raises:
        ReadError: if it is none, or does not say whose it is.
    """
    # Archives of 2019 and before have no folder for their data.
    archive = files.beneath("data/account.js") or files.beneath("account.js")
    names = [name for name in archive.names if _POSTS.fullmatch(name)] if archive else []
    if archive is None or files.export is None or not names:
        message = (
            f"{files.path}: it is no archive of X: it has no data/account.js and data/tweets.js"
        )
        raise twin.ReadError(message, "x.com/settings/download_your_data has the download")
    about = "data/account.js" if "data/account.js" in archive.names else "account.js"
    account = next(iter(_rows(archive, about, "account")), {})
    handle = string(account, "username")
    own = string(account, "accountId")
    if not handle:
        message = f"{about}: it does not say whose archive it is"
        raise twin.ReadError(message, "download the archive again")
    notes = [name for name in archive.names if _NOTES.fullmatch(name)]
    talks = [name for name in archive.names if _TALKS.fullmatch(name)]
    archive.rest([*names, *notes, *talks, about], report, "no posts of this account")
    long = list(_notes(archive, notes, report))
    posts = list(_posts(archive, names, report, _Account(own, handle, long)))
    for thread in threads(_last_wordings(posts, report), "x", report):
        if thread[0].to_other and not options.replies:
            report.skipped(f"x:{thread[0].id}", "a reply, which is left out")
        elif not any(post.text.strip() for post in thread):
            report.skipped(f"x:{thread[0].id}", "it has no words")
        else:
            author = string(account, "accountDisplayName") or handle
            yield thread_document(thread, platform="x", author=author)
    for name in talks:
        if not options.messages:
            report.skipped(name, "direct messages; the option messages=true reads them")
            continue
        try:
            yield from direct_messages(_rows(archive, name, "dmConversation"), account, report)
        except twin.ReadError as error:
            told(report, ".", name, error)


class _Account:
    """Whose archive it is, and the texts of its long posts."""

    def __init__(self, number: str, handle: str, notes: list[tuple[datetime | None, str]]) -> None:
        self.number = number
        self.handle = handle
        self.notes = notes

    def whole(self, text: str, when: datetime) -> str:
        """Return the whole of a long post, of which `text` may be the beginning."""
        head = _CUT.sub("", text)
        near = [note for at, note in self.notes if at and abs((at - when).total_seconds()) <= _NEAR]
        same = [note for note in near if head and note.startswith(head)]
        # Where links or letters are written in another way, there may still be but one that it can be.
        alone = near if len(near) == 1 and "…" in text[len(head) :] else []
        return next(iter(same + alone), text)


_NEAR: Final = 60
"""Seconds that may lie between a long post and the text that is kept elsewhere."""


def _rows(archive: Files, name: str, key: str) -> list[dict[str, Any]]:
    raw = archive.read(name)
    found = json_of(_ASSIGNED.sub(b"", raw, count=1), name)
    if not isinstance(found, list):
        message = f"{name}: it holds no list"
        raise twin.ReadError(message, "download the archive again")
    return [table(row, key) or row for row in found if isinstance(row, dict)]


def _notes(
    archive: Files, names: list[str], report: Report
) -> Iterator[tuple[datetime | None, str]]:
    for name in names:
        try:
            found = _rows(archive, name, "noteTweet")
        except twin.ReadError as error:
            told(report, ".", name, error)
            continue
        for note in found:
            try:
                when = datetime.fromisoformat(string(note, "createdAt"))
            except ValueError:
                when = None
            text = _expanded(string(note, "core", "text"), rows(note, "core", "urls"))
            yield when, html.unescape(text)


def _posts(archive: Files, names: list[str], report: Report, account: _Account) -> Iterator[Post]:
    for name in names:
        try:
            found = _rows(archive, name, "tweet")
        except twin.ReadError as error:
            told(report, ".", name, error)
            continue
        for tweet in found:
            number = string(tweet, "id_str") or string(tweet, "id")
            try:
                if post := _post(tweet, number, account, report):
                    yield post
            except (twin.ReadError, ValueError) as error:
                told(report, f"x:{number}" if number else ".", f"{name} {number}", error)


def _post(tweet: dict[str, Any], number: str, account: _Account, report: Report) -> Post | None:
    if not number:
        message = "a post without an id"
        raise twin.ReadError(message)
    text = string(tweet, "full_text") or string(tweet, "text")
    if text.startswith("RT @"):
        report.skipped(f"x:{number}", "a repost: another's words")
        return None
    when = datetime.strptime(string(tweet, "created_at"), _TIME)  # noqa: DTZ007 - _TIME has %z
    # A picture's link leads to the post itself.
    for medium in rows(tweet, "entities", "media") + rows(tweet, "extended_entities", "media"):
        text = text.replace(string(medium, "url") or "\0", "")
    text = account.whole(html.unescape(_expanded(text, rows(tweet, "entities", "urls"))), when)
    answers = string(tweet, "in_reply_to_status_id_str") or string(tweet, "in_reply_to_status_id")
    to = string(tweet, "in_reply_to_user_id_str") or string(tweet, "in_reply_to_user_id")
    name = string(tweet, "in_reply_to_screen_name")
    if to or answers:
        text = _without_greeting(text, rows(tweet, "entities", "user_mentions"))
    text, repeated, whose = _repeated(text.strip())
    if repeated and not text:
        report.skipped(f"x:{number}", "a repost: another's words")
        return None
    extra = {"x_id": number}
    if quoted := string(tweet, "quoted_status_id_str"):
        extra["quotes"] = f"https://x.com/i/web/status/{quoted}"
    language = string(tweet, "lang")
    return Post(
        id=_first_of(tweet, number),
        text=text,
        when=when,
        answers=answers,
        to_other=bool(to and to != account.number),
        url=f"https://x.com/{account.handle}/status/{number}",
        answered=f"https://x.com/{name or 'i'}/status/{answers}" if answers else "",
        # The platform's codes for posts without words, such as "zxx" and "und".
        language=language if re.fullmatch("[a-z]{2}", language) else None,
        tags=tuple(filter(None, (string(t, "text") for t in rows(tweet, "entities", "hashtags")))),
        extra=extra,
        repeated=repeated,
        whose=whose,
    )


def _last_wordings(posts: list[Post], report: Report) -> Iterator[Post]:
    """Yield posts in their last wording: the archive has one that was edited once for each.

    The first wording identifies it, as in an archive from before the edit, and has its time.
    """
    wordings: dict[str, dict[str, Post]] = {}
    first = {post.extra["x_id"]: post.id for post in posts}
    for post in posts:
        kept = wordings.setdefault(post.id, {}).setdefault(post.extra["x_id"], post)
        if kept is not post:
            report.skipped(f"x:{post.id}", "the archive has it twice; the first one counts")
    for versions in wordings.values():
        *earlier, last = sorted(versions, key=lambda number: (len(number), number))
        for number in earlier:
            report.skipped(f"x:{number} (edited)", f"an earlier wording of {last}, which counts")
        yield replace(
            versions[last],
            when=min(post.when for post in versions.values()),
            answers=first.get(versions[last].answers, versions[last].answers),
        )


def _first_of(tweet: dict[str, Any], number: str) -> str:
    """Return the id of the first wording of a post, its own if it was never edited."""
    edit = table(tweet, "edit_info", "edit")
    known = strings(edit, "editControlInitial", "editTweetIds")
    known += strings(tweet, "edit_info", "initial", "editTweetIds")
    return string(edit, "initialTweetId") or next(iter(known), "") or number


def _repeated(text: str) -> tuple[str, str, str]:
    """Return a post's own words, what it repeats of another's by hand, and whose that is."""
    found = _REPEATED.fullmatch(text)
    if found is None:
        return text, "", ""
    if found["quoted"]:
        return found["after"].strip(), found["words"].strip(), f"@{found['quoted']}"
    return found["own"].strip(), found["what"].strip(), f"@{found['who']}"


def _expanded(text: str, urls: list[dict[str, Any]]) -> str:
    for url in urls:
        short = string(url, "url") or string(url, "shortUrl")
        long = string(url, "expanded_url") or string(url, "expandedUrl")
        if short and long:
            text = text.replace(short, long)
    return text


def _without_greeting(text: str, mentions: list[dict[str, Any]]) -> str:
    """Return a reply without the names that the platform puts before it."""
    names = {string(mention, "screen_name").casefold() for mention in mentions}
    while (match := re.match(r"@(\w+)\s+", text)) and match[1].casefold() in names:
        text = text[match.end() :]
    return text
