"""Small archives in each format's own form, for checks and for trying things out.

In: a folder, and which edition. Out: the archive in it. Of the first edition's items the second lacks
one, has another text for one, and has one more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

FORD: Final = "One wades it in May."
MORE: Final = " In June there is no water at all."
HERON: Final = "It stood in the weir."
BRIDGE: Final = "Nobody wades any more."


def told(edition: int) -> list[tuple[int, str]]:
    """Return number and text of each item of an edition."""
    if edition == 1:
        return [(1, FORD), (2, HERON)]
    return [(1, FORD + MORE), (3, BRIDGE)]


def _put(place: Path, value: Any, before: str = "") -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(before + json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def write_x(folder: Path, edition: int) -> Path:
    """Write an archive of X: a post with a continuation, one alone, and a repost."""
    root = folder / "twitter-archive"
    account = {"username": "ada", "accountId": "7", "accountDisplayName": "Ada Wren"}
    _put(root / "data/account.js", [{"account": account}], "window.YTD.account.part0 = ")
    tweets: list[dict[str, Any]] = [
        {"id_str": f"10{n}", "full_text": text, "created_at": f"Fri Mar 0{n} 08:00:00 +0000 2024"}
        for n, text in told(edition)
    ]
    more = {"id_str": "109", "full_text": "And dry feet?", "in_reply_to_status_id_str": "101"}
    more |= {"in_reply_to_user_id_str": "7", "created_at": "Fri Mar 01 08:05:00 +0000 2024"}
    repost = {"id_str": "110", "full_text": "RT @bob: Rain again."}
    tweets += [more, repost | {"created_at": "Mon Mar 04 08:00:00 +0000 2024"}]
    _put(root / "data/tweets.js", [{"tweet": t} for t in tweets], "window.YTD.tweets.part0 = ")
    return root


def write_mastodon(folder: Path, edition: int) -> Path:
    """Write an archive of Mastodon: two posts and a boost."""
    root = folder / "archive-ada"
    me = "https://fen.example/users/ada"
    public = "https://www.w3.org/ns/activitystreams#Public"
    items: list[dict[str, Any]] = []
    for n, text in told(edition):
        note = {
            "id": f"{me}/statuses/{n}",
            "type": "Note",
            "summary": None,
            "inReplyTo": None,
            "published": f"2024-03-0{n}T08:00:00Z",
            "url": f"https://fen.example/@ada/{n}",
            "to": [public],
            "content": f"<p>{text}</p>",
            "contentMap": {"en": f"<p>{text}</p>"},
            "tag": [],
        }
        items.append(
            {"id": f"{note['id']}/activity", "type": "Create", "actor": me, "object": note}
        )
    boost = "https://else.example/users/bob/statuses/5"
    items.append(
        {"id": f"{me}/statuses/8/activity", "type": "Announce", "actor": me, "object": boost}
    )
    _put(root / "outbox.json", {"type": "OrderedCollection", "orderedItems": items})
    _put(root / "actor.json", {"type": "Person", "name": "Ada Wren", "preferredUsername": "ada"})
    return root


def write_bluesky(folder: Path, edition: int) -> Path:
    """Write records of Bluesky as JSON: two posts and a like."""
    did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
    records: list[dict[str, Any]] = [
        {
            "uri": f"at://{did}/app.bsky.feed.post/3k{n}",
            "value": {
                "$type": "app.bsky.feed.post",
                "text": text,
                "createdAt": f"2024-03-0{n}T08:00:00.000Z",
                "langs": ["en"],
            },
        }
        for n, text in told(edition)
    ]
    like = {"$type": "app.bsky.feed.like", "createdAt": "2024-03-04T08:00:00.000Z"}
    records.append({"uri": f"at://{did}/app.bsky.feed.like/3k9", "value": like})
    _put(folder / "records.json", {"records": records, "cursor": "3k1"})
    return folder / "records.json"


_WXR: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Fen</title>
<link>https://fen.example</link><wp:wxr_version>1.2</wp:wxr_version>
<wp:author><wp:author_login>ada</wp:author_login>
<wp:author_display_name><![CDATA[Ada Wren]]></wp:author_display_name></wp:author>
{items}</channel></rss>
"""
_ITEM: Final = """<item><title>Item {n}</title><link>https://fen.example/{n}/</link>
<dc:creator>ada</dc:creator><content:encoded><![CDATA[<p>{text}</p>]]></content:encoded>
<wp:post_id>{n}</wp:post_id><wp:post_date_gmt>2024-03-0{n} 08:00:00</wp:post_date_gmt>
<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>
"""


def write_wordpress(folder: Path, edition: int) -> Path:
    """Write an export of WordPress: two posts."""
    items = "".join(_ITEM.format(n=n, text=text) for n, text in told(edition))
    place = folder / "fen.WordPress.2024-05-01.xml"
    place.write_text(_WXR.format(items=items), encoding="utf-8")
    return place


def write_jekyll(folder: Path, edition: int) -> Path:
    """Write a blog of Jekyll: two posts."""
    posts = folder / "fen" / "_posts"
    posts.mkdir(parents=True, exist_ok=True)
    for old in posts.glob("*.md"):
        old.unlink()
    for n, text in told(edition):
        front = f"---\ntitle: Item {n}\nauthor: Ada Wren\n---\n"
        (posts / f"2024-03-0{n}-item-{n}.md").write_text(f"{front}{text}\n", encoding="utf-8")
    (folder / "fen" / "_config.yml").write_text("url: https://fen.example\n", encoding="utf-8")
    return folder / "fen"


def write_ghost(folder: Path, edition: int) -> Path:
    """Write an export of Ghost: two posts."""
    posts = [
        {
            "id": f"6{n}",
            "uuid": f"9e6b1c52-0000-4000-8000-00000000000{n}",
            "title": f"Item {n}",
            "slug": f"item-{n}",
            "html": f"<p>{text}</p>",
            "type": "post",
            "status": "published",
            "visibility": "public",
            "published_at": f"2024-03-0{n}T08:00:00.000Z",
        }
        for n, text in told(edition)
    ]
    authors = [{"post_id": post["id"], "author_id": "1", "sort_order": 0} for post in posts]
    users = [{"id": "1", "name": "Ada Wren", "slug": "ada", "email": "ada@fen.example"}]
    data = {"posts": posts, "posts_authors": authors, "users": users, "tags": [], "posts_tags": []}
    place = folder / "fen.ghost.2024-05-01.json"
    meta = {"exported_on": 1714550400000, "version": "5.82.2"}
    _put(place, {"db": [{"meta": meta, "data": data}]})
    return place


def write_slack(folder: Path, edition: int) -> Path:
    """Write an export of Slack with direct conversations, from which it shows whose it is."""
    root = folder / "fen Slack export"
    users = [{"id": f"U{n}", "team_id": "T1", "name": name} for n, name in ((1, "ada"), (2, "bob"))]
    _put(root / "users.json", users)
    _put(root / "channels.json", [{"id": "C1", "name": "weir", "members": ["U1", "U2"]}])
    _put(
        root / "dms.json", [{"id": "D1", "members": ["U1"]}, {"id": "D2", "members": ["U1", "U2"]}]
    )
    for old in (root / "weir").glob("*.json"):
        old.unlink()
    for n, text in told(edition):
        start = 1709280000 + 86400 * (n - 1)
        said = [("U2", "How is the ford?", start), ("U1", text, start + 60)]
        messages = [
            {"type": "message", "user": user, "text": words, "ts": f"{at}.000100"}
            for user, words, at in said
        ]
        _put(root / "weir" / f"2024-03-0{n}.json", messages)
    return root


def write_whatsapp(folder: Path, edition: int) -> Path:
    """Write a chat of WhatsApp as Android exports it."""
    lines = [
        line
        for n, text in told(edition)
        for line in (f"2{n}/03/2024, 08:00 - Bob: How is it?", f"2{n}/03/2024, 08:01 - Ada: {text}")
    ]
    place = folder / "WhatsApp Chat with Bob.txt"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def write_telegram(folder: Path, edition: int) -> Path:
    """Write an account's export of Telegram Desktop."""
    messages = [
        {
            "id": 10 * n + k,
            "type": "message",
            "date": f"2024-03-0{n}T08:0{k}:00",
            "date_unixtime": str(1709280000 + 86400 * (n - 1) + 60 * k),
            "from": who,
            "from_id": user,
            "text": text,
        }
        for n, own in told(edition)
        for k, (who, user, text) in enumerate(
            [("Bob", "user2", "How is it?"), ("Ada Wren", "user1", own)]
        )
    ]
    chat = {"name": "Bob", "type": "personal_chat", "id": 2, "messages": messages}
    account = {"user_id": 1, "first_name": "Ada", "last_name": "Wren"}
    place = folder / "DataExport" / "result.json"
    _put(place, {"personal_information": account, "chats": {"list": [chat]}})
    return place


def write_mbox(folder: Path, edition: int) -> Path:
    """Write a mailbox as Gmail's Takeout does: a question and an answer in each conversation."""
    raw = b""
    for n, text in told(edition):
        question, answer = EmailMessage(), EmailMessage()
        question["From"], question["Message-ID"] = "Bob <bob@fen.example>", f"<q{n}@fen.example>"
        question["X-Gmail-Labels"] = "Inbox"
        question.set_content("How is it?")
        answer["From"], answer["Message-ID"] = "Ada Wren <ada@fen.example>", f"<a{n}@fen.example>"
        answer["In-Reply-To"], answer["X-Gmail-Labels"] = f"<q{n}@fen.example>", "Sent"
        answer.set_content(f"{text}\n\nOn Fri, 1 Mar 2024, Bob wrote:\n> How is it?\n")
        for minute, message in enumerate((question, answer)):
            message["Subject"] = f"{'Re: ' * minute}Item {n}"
            message["Date"] = f"0{n} Mar 2024 08:0{minute}:00 +0100"
            raw += b"From 123@xxx Fri Mar 01 08:00:00 +0000 2024\n" + bytes(message) + b"\n"
    place = folder / "All mail Including Spam and Trash.mbox"
    place.write_bytes(raw)
    return place


WRITERS: Final[dict[str, Callable[[Path, int], Path]]] = {
    "x": write_x,
    "mastodon": write_mastodon,
    "bluesky": write_bluesky,
    "wordpress": write_wordpress,
    "jekyll": write_jekyll,
    "ghost": write_ghost,
    "slack": write_slack,
    "whatsapp": write_whatsapp,
    "telegram": write_telegram,
    "mbox": write_mbox,
}
"""What writes an example, by the name of its reader."""
