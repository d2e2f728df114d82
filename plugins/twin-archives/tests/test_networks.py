"""X, Mastodon and Bluesky."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libipld
import pytest

import twin
from twin_archives.car import car_records

Read = Callable[..., Any]

ACCOUNT = {"account": {"username": "ada", "accountId": "7", "accountDisplayName": "Ada Wren"}}
ME = "https://fen.example/users/ada"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"


def tweet(number: str, text: str, minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "tweet": {
            "edit_info": {"initial": {"editTweetIds": [number]}},
            "retweeted": False,
            "source": '<a href="https://mobile.twitter.com">Twitter Web App</a>',
            "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
            "display_text_range": ["0", str(len(text))],
            "favorite_count": "3",
            "id_str": number,
            "truncated": False,
            "created_at": f"Wed Oct 10 20:{minute:02d}:24 +0000 2018",
            "favorited": False,
            "full_text": text,
            "lang": "en",
            **more,
        }
    }


def x_archive(folder: Path, tweets: list[dict[str, Any]], **more: Any) -> Path:
    data = folder / "x" / "data"
    data.mkdir(parents=True, exist_ok=True)
    for name, rows in {"account": [ACCOUNT], "tweets": tweets, **more}.items():
        key = name.replace("-", "_")
        (data / f"{name}.js").write_text(f"window.YTD.{key}.part0 = {json.dumps(rows)}", "utf-8")
    return folder / "x"


def answer(number: str, user: str, name: str) -> dict[str, Any]:
    return {
        "in_reply_to_status_id_str": number,
        "in_reply_to_user_id_str": user,
        "in_reply_to_screen_name": name,
    }


def test_x_joins_threads_and_tells_replies_and_reposts(read: Read, tmp_path: Path) -> None:
    mention = {"user_mentions": [{"screen_name": "bob", "id_str": "9"}], "urls": []}
    root = x_archive(
        tmp_path,
        [
            tweet("3", "third", 5, **answer("2", "7", "ada")),
            tweet("1", "first"),
            tweet("2", "second", 2, **answer("1", "7", "ada")),
            tweet("4", "@bob I disagree", 9, entities=mention, **answer("99", "9", "bob")),
            tweet("5", "as I said", 10, **answer("4", "7", "ada")),
            tweet("6", "RT @bob: Rain again"),
            tweet("7", "after a post that is gone", 11, **answer("98", "7", "ada")),
        ],
    )
    found = read("x", root)
    assert {s: d.text for s, d in found.documents.items()} == {
        "x:1": "first\n\nsecond\n\nthird",
        "x:4": "I disagree\n\nas I said",
        "x:7": "after a post that is gone",
    }
    thread, reply = found.documents["x:1"], found.documents["x:4"]
    assert (thread.extra["x_what"], thread.extra["posts"]) == ("thread", "3")
    assert (reply.extra["x_what"], reply.extra["in_reply_to"]) == (
        "reply",
        "https://x.com/bob/status/99",
    )
    assert found.documents["x:7"].extra["x_what"] == "post"
    assert thread.url == "https://x.com/ada/status/1"
    assert (thread.author, thread.published_at) == ("Ada Wren", "2018-10-10T20:00:24+00:00")
    assert (thread.kind, thread.platform, thread.language) == (twin.Kind.POST, "x", "en")
    assert found.ledger.skips == [("x:6", "a repost: another's words")]
    assert "x:4" not in read("x", root, replies=False).documents


def test_x_links_are_whole_and_entities_are_letters(read: Read, tmp_path: Path) -> None:
    entities = {
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/ford?a=1&b=2"}],
        "media": [{"url": "https://t.co/p", "media_url": "https://pbs.twimg.com/p.jpg"}],
        "hashtags": [{"text": "birds"}],
    }
    text = "Tea &amp; cake &lt;3 https://t.co/a https://t.co/p"
    found = read("x", x_archive(tmp_path, [tweet("1", text, entities=entities)])).only
    assert found.text == "Tea & cake <3 https://example.org/ford?a=1&b=2"
    assert found.tags == ("birds",)


def test_x_long_posts_are_whole(read: Read, tmp_path: Path) -> None:
    long = "It begins here. " * 30 + "And it ends."
    note = {"noteTweetId": "55", "createdAt": "2018-10-10T20:00:24.000Z", "core": {"text": long}}
    short = long[:270] + "… https://t.co/more"
    root = x_archive(tmp_path, [tweet("1", short)], **{"note-tweet": [{"noteTweet": note}]})
    assert read("x", root).only.text == long
    note["core"] = {"text": long.replace("It begins", "It \u201cbegins\u201d &lt;", 1)}
    root = x_archive(tmp_path, [tweet("1", short)], **{"note-tweet": [{"noteTweet": note}]})
    assert read("x", root).only.text.startswith("It \u201cbegins\u201d < here.")
    whole = x_archive(tmp_path, [tweet("1", "Short.")], **{"note-tweet": [{"noteTweet": note}]})
    assert read("x", whole).only.text == "Short."


def test_x_an_edited_post_is_one_document_in_its_last_wording(read: Read, tmp_path: Path) -> None:
    first = tweet("1", "The hernn stands in the weir.")
    before = read("x", x_archive(tmp_path / "before", [first])).only
    wordings = ["1", "9", "10"]
    info = {"edit": {"initialTweetId": "1", "editControlInitial": {"editTweetIds": wordings}}}
    first["tweet"]["edit_info"] = {"initial": {"editTweetIds": wordings}}
    last = tweet("10", "The heron stands in the weir.", 6, edit_info=info)
    middle = tweet("9", "The hern stands in the weir.", 5, edit_info=info)
    more = tweet("11", "It still does.", 9, **answer("10", "7", "ada"))
    found = read("x", x_archive(tmp_path / "after", [last, first, more, middle]))
    # The same document as in an archive from before the edit.
    assert found.only.source == before.source == "x:1"
    assert found.only.text == "The heron stands in the weir.\n\nIt still does."
    assert found.only.published_at == before.published_at
    assert found.only.url == "https://x.com/ada/status/10"
    assert dict(found.ledger.skips)["x:9 (edited)"] == "an earlier wording of 10, which counts"


def test_x_what_is_repeated_by_hand_is_anothers(read: Read, tmp_path: Path) -> None:
    texts = [
        "So true! RT @bob: herons never wade &lt;alone&gt;",
        "“@bob: herons never wade” They do here.",
        "MT @bob: herons wade",
        '"@bob: herons wade"',
        "They START @bob: but never end. Via @bob",
    ]
    found = read("x", x_archive(tmp_path, [tweet(str(n), text) for n, text in enumerate(texts)]))
    said = {source: twin.spans_of_others(one) for source, one in found.documents.items()}
    own = {
        source: one.text[: said[source][0].start].strip() if said[source] else one.text
        for source, one in found.documents.items()
    }
    assert own == {"x:0": "So true!", "x:1": "They do here.", "x:4": texts[4]}
    first = found.documents["x:0"].text
    assert first == "So true!\n\n> herons never wade <alone>\n>\n> — @bob"
    assert {item for item, reason in found.ledger.skips if "repost" in reason} == {"x:2", "x:3"}


def test_x_every_file_and_every_fault_is_told(read: Read, tmp_path: Path) -> None:
    root = x_archive(
        tmp_path,
        [tweet("1", "fine"), tweet("2", "no time", created_at="yesterday"), {"tweet": {}}],
        like=[],
        **{"tweets-part1": []},
    )
    (root / "data" / "tweets-part2.js").write_text("window.YTD.tweets.part2 = [{", "utf-8")
    found = read("x", root)
    assert set(found.documents) == {"x:1"}
    assert sorted(item for item, _ in found.ledger.failures) == [".", ".", "x:2"]
    assert ("data/like.js", "no posts of this account") in found.ledger.skips


def test_x_direct_messages_are_read_where_asked_for(read: Read, tmp_path: Path) -> None:
    def message(sender: str, text: str, minute: int) -> dict[str, Any]:
        created = f"2018-10-10T20:0{minute}:24.000Z"
        return {
            "messageCreate": {"senderId": sender, "text": text, "id": "1", "createdAt": created}
        }

    messages = [message("7", "Wet.", 2), message("9", "How is it?", 1), {"joinConversation": {}}]
    talk = {"dmConversation": {"conversationId": "7-9", "messages": messages}}
    root = x_archive(tmp_path, [tweet("1", "post")], **{"direct-messages": [talk]})
    found = read("x", root, messages=True).documents["x:messages/7-9/2018-10-10"]
    assert found.text == (
        "**user 9** 2018-10-10 20:01\n> How is it?\n\n**Ada Wren** 2018-10-10 20:02\nWet.\n"
    )
    assert (found.kind, found.audience) == (twin.Kind.MESSAGE, twin.Audience.PRIVATE)
    without = read("x", root)
    assert set(without.documents) == {"x:1"}
    assert "messages=true" in without.ledger.reason("data/direct-messages.js")


def note(number: int, content: str, **more: Any) -> dict[str, Any]:
    address = f"{ME}/statuses/{number}"
    return {
        "id": f"{address}/activity",
        "type": "Create",
        "actor": ME,
        "published": f"2024-03-01T08:0{number}:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [f"{ME}/followers"],
        "object": {
            "id": address,
            "type": "Note",
            "summary": None,
            "inReplyTo": None,
            "published": f"2024-03-01T08:0{number}:00Z",
            "url": f"https://fen.example/@ada/{number}",
            "attributedTo": ME,
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [f"{ME}/followers"],
            "sensitive": False,
            "content": content,
            "contentMap": {"en": content},
            "attachment": [],
            "tag": [],
            **more,
        },
    }


def outbox(folder: Path, items: list[Any]) -> Path:
    place = folder / "outbox.json"
    whole = {"id": "outbox.json", "type": "OrderedCollection", "totalItems": len(items)}
    place.write_text(json.dumps(whole | {"orderedItems": items}), "utf-8")
    return place


def test_mastodon_reads_threads_replies_audiences_and_markup(read: Read, tmp_path: Path) -> None:
    followers = {"to": [f"{ME}/followers"], "cc": []}
    direct = {"to": ["https://else.example/users/bob"], "cc": []}
    link = (
        '<p>See <a href="https://example.org/a"><span class="invisible">https://</span>'
        '<span>example.org/a</span></a> <a href="https://fen.example/tags/tea" '
        'class="mention hashtag" rel="tag">#<span>tea</span></a></p>'
    )
    picture = {
        "type": "Document",
        "mediaType": "image/png",
        "url": "/media/a.png",
        "name": "A weir",
    }
    items = [
        note(1, link, tag=[{"type": "Hashtag", "name": "#tea"}], summary="On tea"),
        note(2, "<p>and <strong>more</strong></p>", inReplyTo=f"{ME}/statuses/1"),
        note(3, "<p>no</p>", inReplyTo="https://else.example/users/bob/statuses/5"),
        note(4, "<p>friends</p>", **followers),
        note(5, "<p>secret</p>", **direct),
        note(6, "", attachment=[picture]),
        note(7, ""),
        {"id": "boost", "type": "Announce", "actor": ME, "object": "https://else.example/1"},
    ]
    found = read("mastodon", outbox(tmp_path, items), author="Ada")
    by_number = {source.rpartition("/")[2]: d for source, d in found.documents.items()}
    assert by_number["1"].text == "On tea\n\nSee <https://example.org/a> #tea\n\nand **more**"
    assert by_number["1"].tags == ("tea",)
    assert by_number["1"].url == "https://fen.example/@ada/1"
    assert by_number["3"].extra["mastodon_what"] == "reply"
    assert by_number["3"].extra["in_reply_to"] == "https://else.example/users/bob/statuses/5"
    audiences = {number: d.audience.value for number, d in by_number.items()}
    assert audiences == {
        "1": "public",
        "3": "public",
        "4": "friends",
        "5": "private",
        "6": "public",
    }
    assert by_number["6"].text == "![A weir](/media/a.png)"
    assert found.ledger.reason("boost") == "a boost: another's words"
    assert found.ledger.reason(f"mastodon:{ME}/statuses/7") == "it has no words"
    assert len(found.ledger.skips) == 2


def post(text: str, minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": f"2024-03-01T08:{minute:02d}:00.123Z",
        "langs": ["en"],
        **more,
    }


def replying(did: str, key: str) -> dict[str, Any]:
    parent = {"uri": f"at://{did}/app.bsky.feed.post/{key}", "cid": "bafy"}
    return {"reply": {"root": parent, "parent": parent}}


RECORDS = {
    "app.bsky.actor.profile/self": {"$type": "app.bsky.actor.profile", "displayName": "Ada Wren"},
    "app.bsky.feed.like/3ka": {"$type": "app.bsky.feed.like"},
    "app.bsky.feed.post/3ka": post("first"),
    "app.bsky.feed.post/3kb": post("second", 1, **replying(DID, "3ka")),
    "app.bsky.feed.post/3kc": post("I disagree", 2, **replying("did:plc:other", "9")),
    "app.bsky.feed.repost/3ka": {"$type": "app.bsky.feed.repost"},
}


def check_records(read: Read, place: Path) -> None:
    found = read("bluesky", place)
    assert {s: d.text for s, d in found.documents.items()} == {
        f"bluesky:{DID}/3ka": "first\n\nsecond",
        f"bluesky:{DID}/3kc": "I disagree",
    }
    first = found.documents[f"bluesky:{DID}/3ka"]
    assert (first.author, first.url) == (
        "Ada Wren",
        f"https://bsky.app/profile/{DID}/post/3ka",
    )
    assert found.documents[f"bluesky:{DID}/3kc"].extra["bluesky_what"] == "reply"
    assert {item for item, _ in found.ledger.skips} == {
        "app.bsky.actor.profile",
        "app.bsky.feed.like",
        "app.bsky.feed.repost",
    }
    assert not found.ledger.failures


def block(value: Any) -> tuple[bytes, bytes]:
    raw = libipld.encode_dag_cbor(value)
    return b"\x01\x71\x12\x20" + hashlib.sha256(raw).digest(), raw


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def car(records: dict[str, Any], missing: str = "") -> bytes:
    """Return a repository as its server writes it: a tree of two layers, then a commit."""
    blocks: dict[bytes, bytes] = {}

    def add(value: Any) -> bytes:
        cid, raw = block(value)
        blocks[cid] = raw
        return cid

    leaves = {path: add(value) for path, value in records.items()}
    paths = sorted(leaves)
    half = paths[len(paths) // 2]

    def entries(chosen: list[str]) -> list[dict[str, Any]]:
        found, before = [], b""
        for path in chosen:
            key = path.encode()
            shared = next(
                (n for n, (a, b) in enumerate(zip(before, key, strict=False)) if a != b),
                min(len(before), len(key)),
            )
            found.append({"p": shared, "k": key[shared:], "v": leaves[path], "t": None})
            before = key
        return found

    low = add({"l": None, "e": entries([p for p in paths if p < half])})
    high = add({"l": None, "e": entries([p for p in paths if p > half])})
    (middle,) = entries([half])
    root = add({"l": low, "e": [middle | {"t": high}]})
    commit = add({"did": DID, "version": 3, "data": root, "rev": "3k", "prev": None, "sig": b"s"})
    if missing:
        del blocks[leaves[missing]]
    header = libipld.encode_dag_cbor({"version": 1, "roots": [commit]})
    out = varint(len(header)) + header
    for cid, raw in blocks.items():
        out += varint(len(cid) + len(raw)) + cid + raw
    return out


def test_bluesky_reads_a_car_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "repo.car").write_bytes(car(RECORDS))
    did, records = car_records(car(RECORDS))
    assert did == DID
    assert dict(records) == RECORDS
    check_records(read, tmp_path / "repo.car")


def test_bluesky_reads_an_unpacked_repository(read: Read, tmp_path: Path) -> None:
    root = tmp_path / DID
    for path, value in RECORDS.items():
        (root / f"{path}.json").parent.mkdir(parents=True, exist_ok=True)
        (root / f"{path}.json").write_text(json.dumps(value), "utf-8")
    check_records(read, root)


def test_bluesky_tells_what_a_car_file_lacks(read: Read, tmp_path: Path) -> None:
    (tmp_path / "repo.car").write_bytes(car(RECORDS, missing="app.bsky.feed.post/3kc"))
    found = read("bluesky", tmp_path / "repo.car")
    assert set(found.documents) == {f"bluesky:{DID}/3ka"}
    assert [item for item, _ in found.ledger.failures] == [f"bluesky:{DID}/3kc"]


@pytest.mark.parametrize("cut", [0, 1, 40, 200])
def test_bluesky_a_damaged_car_file_is_told(cut: int, read: Read, tmp_path: Path) -> None:
    (tmp_path / "repo.car").write_bytes(car(RECORDS)[:cut])
    with pytest.raises(twin.ReadError):
        read("bluesky", tmp_path / "repo.car")


def test_bluesky_facets_count_bytes(read: Read, tmp_path: Path) -> None:
    text = "Grüße 🌿 example.org/very... hier"
    start = len("Grüße 🌿 ".encode())
    end = start + len(b"example.org/very...")
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/very/long"}
    here = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/here"}
    facets = [
        {"index": {"byteStart": end + 1, "byteEnd": end + 5}, "features": [here]},
        {"index": {"byteStart": start, "byteEnd": end}, "features": [link]},
        {"index": {"byteStart": 2, "byteEnd": 9000}, "features": [link]},
    ]
    external = {"uri": "https://example.org/card", "title": "A card"}
    embed = {"$type": "app.bsky.embed.external", "external": external}
    value = post(text, facets=facets, embed=embed)
    records = [{"uri": f"at://{DID}/app.bsky.feed.post/3k", "value": value}]
    (tmp_path / "r.json").write_text(json.dumps({"records": records}), "utf-8")
    assert read("bluesky", tmp_path / "r.json").only.text == (
        "Grüße 🌿 https://example.org/very/long [hier](https://example.org/here)\n\n"
        "[A card](https://example.org/card)"
    )


def test_bluesky_a_tree_that_repeats_itself_is_refused() -> None:
    # Every layer twice the one below: 2^40 records of 41 blocks.
    blocks: dict[bytes, bytes] = {}
    below: bytes | None = None
    value, raw = block({"$type": "app.bsky.feed.post"})
    blocks[value] = raw
    for _ in range(40):
        entry = {"p": 0, "k": b"app.bsky.feed.post/3k", "v": value, "t": below}
        below, raw = block({"l": below, "e": [entry]})
        blocks[below] = raw
    commit, raw = block({"did": DID, "version": 3, "data": below, "sig": b"s"})
    blocks[commit] = raw
    header = libipld.encode_dag_cbor({"version": 1, "roots": [commit]})
    whole = varint(len(header)) + header
    whole += b"".join(varint(len(c) + len(r)) + c + r for c, r in blocks.items())
    with pytest.raises(twin.ReadError, match="two places"):
        car_records(whole)


def test_archives_that_lack_what_they_are_known_by_say_so(read: Read, tmp_path: Path) -> None:
    root = x_archive(tmp_path, [tweet("1", "post")], account=[{"account": {}}])
    with pytest.raises(twin.ReadError, match="whose archive it is"):
        read("x", root)
    (root / "data" / "tweets.js").unlink()
    with pytest.raises(twin.ReadError, match="no archive of X"):
        read("x", root)
    (tmp_path / "outbox.json").write_text('{"orderedItems": 3}', "utf-8")
    with pytest.raises(twin.ReadError, match="no list of activities"):
        read("mastodon", tmp_path / "outbox.json")
    with pytest.raises(twin.ReadError, match="no records"):
        read("bluesky", tmp_path / "outbox.json")


def test_mastodon_a_damaged_item_never_stops_the_rest(read: Read, tmp_path: Path) -> None:
    items = [note(1, "<p>fine</p>"), note(2, "<p>when?</p>", published="soon"), "what", None]
    items.append({"type": "Like", "id": "like-1", "object": "https://else.example/1"})
    question = note(3, "<p>Tea?</p>", type="Question", oneOf=[{"type": "Note", "name": "Yes"}])
    question["object"]["tag"] = [{"type": "Mention", "name": "@bob"}]
    (tmp_path / "actor.json").write_text('{"preferredUsername": "ada"}', "utf-8")
    outbox(tmp_path, [*items, question])
    found = read("mastodon", tmp_path)
    assert found.documents[f"mastodon:{ME}/statuses/1"].author == "ada"
    assert found.documents[f"mastodon:{ME}/statuses/3"].text == "Tea?\n\n- Yes"
    assert len(found.documents) == 2
    assert [item for item, _ in found.ledger.failures] == [f"mastodon:{ME}/statuses/2"]
    assert len(found.ledger.skips) == 3


def test_a_post_that_is_there_twice_is_told(read: Read, tmp_path: Path) -> None:
    reason = "the archive has it twice; the first one counts"
    found = read("x", x_archive(tmp_path, [tweet("1", "first"), tweet("1", "again")]))
    assert (found.only.text, found.ledger.skips) == ("first", [("x:1", reason)])
    found = read("mastodon", outbox(tmp_path, [note(1, "first"), note(1, "again")]))
    assert (found.only.text, found.ledger.reason(found.only.source)) == ("first", reason)
    records = [{"uri": f"at://{DID}/app.bsky.feed.post/3k1", "value": post("first")}]
    (tmp_path / "posts.json").write_text(json.dumps({"records": records * 2}), "utf-8")
    found = read("bluesky", tmp_path / "posts.json")
    assert found.ledger.skips == [(found.only.source, reason)]
