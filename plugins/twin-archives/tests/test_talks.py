"""Slack, WhatsApp, Telegram and mail."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from types import EllipsisType
from typing import Any

import pytest

import twin
from twin.basics.conversations import conversation_passages
from twin_archives.history import own_words
from twin_archives.talk import Message, chat_markdown, woven
from twin_archives.whatsapp_notes import own_text

Read = Callable[..., Any]


def says(who: str, text: str, *, mine: bool = False) -> Message:
    return Message(who=who, when=datetime(2024, 3, 1, 8, tzinfo=UTC), text=text, mine=mine)


def test_others_stand_in_quotation_and_are_marked() -> None:
    text, extra = woven(
        [
            says("Bob", "How is\n\nit?"),
            says("Ada *W*", "> How is\n> it?\nWet 🌿.", mine=True),
            says("Bob", "Oh."),
        ]
    )
    assert text == (
        "**Bob** 2024-03-01 08:00\n> How is\n>\n> it?\n\n"
        "**Ada W** 2024-03-01 08:00\n> How is\n> it?\nWet 🌿.\n\n"
        "**Bob** 2024-03-01 08:00\n> Oh.\n"
    )
    document = twin.Document(source="x:1", text=text, extra=extra)
    assert [span.of(text) for span in twin.spans_of_others(document)] == [
        "**Bob** 2024-03-01 08:00\n> How is\n>\n> it?",
        "> How is\n> it?",
        "**Bob** 2024-03-01 08:00\n> Oh.",
    ]
    assert (extra["participants"], extra["messages"], extra["own_messages"]) == (
        "Bob, Ada *W*",
        "3",
        "1",
    )
    assert len(conversation_passages(text, 60)) == 3


def test_emphasis_of_chats_is_that_of_markdown_but_in_code() -> None:
    assert chat_markdown("*a* ~b~ 2*3*4 `*c*`") == "**a** ~~b~~ 2*3*4 `*c*`"
    assert chat_markdown("```x = *y\nz*```") == "```\nx = *y\nz*\n```"


def slack(folder: Path, messages: list[dict[str, Any]], **lists: Any) -> Path:
    root = folder / "slack"
    users = [
        {"id": "U1", "name": "ada", "profile": {"real_name": "Ada Wren", "display_name": "ada"}},
        {"id": "U2", "name": "bob", "profile": {"real_name": "Bob"}},
    ]
    channels = [{"id": "C1", "name": "weir"}]
    for name, value in {"users": users, "channels": channels, **lists}.items():
        (root / "weir").mkdir(parents=True, exist_ok=True)
        (root / f"{name}.json").write_text(json.dumps(value), "utf-8")
    (root / "weir" / "2024-03-01.json").write_text(json.dumps(messages), "utf-8")
    return root


def said(user: str, text: str, ts: float, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": f"{ts:.6f}", **more}


NOON = 1709294400


def test_slack_puts_answers_behind_what_they_answer(read: Read, tmp_path: Path) -> None:
    messages = [
        said("U2", "Is it <https://a.example|wet>? <@U1> &lt;3", NOON, thread_ts=f"{NOON}.000000"),
        said("U1", "*Something* else", NOON + 60),
        said("U1", "Very", NOON + 100_000, thread_ts=f"{NOON}.000000"),
        said("U2", "joined", NOON + 5, subtype="channel_join"),
    ]
    found = read("slack", slack(tmp_path, messages), me="@Ada")
    assert found.only.source == "slack:C1/2024-03-01"
    assert found.only.text == (
        "**Bob** 2024-03-01 12:00\n> Is it [wet](https://a.example)? @Ada Wren <3\n\n"
        "**Ada Wren** 2024-03-02 15:46\nVery\n\n"
        "**Ada Wren** 2024-03-01 12:01\n**Something** else\n"
    )
    assert found.only.audience is twin.Audience.PRIVATE
    assert (found.only.author, found.only.title) == ("Ada Wren", "#weir, 2024-03-01")


def test_slack_knows_its_owner_only_where_it_must_be(read: Read, tmp_path: Path) -> None:
    messages = [said("U1", "Wet", NOON)]
    own = [{"id": "D1", "members": ["U1"]}, {"id": "D2", "members": ["U1", "U2"]}]
    assert read("slack", slack(tmp_path / "a", messages, dms=own)).only.author == "Ada Wren"
    # Of a whole workspace, everyone's notes to themselves are there.
    everyone = [*own, {"id": "D3", "members": ["U2"]}]
    with pytest.raises(twin.ReadError, match="who of those that speak"):
        read("slack", slack(tmp_path / "b", messages, dms=everyone))
    with pytest.raises(twin.ReadError, match="nobody is called 'Eve'") as caught:
        read("slack", slack(tmp_path / "c", messages), me="Eve")
    assert "Ada Wren, Bob" in caught.value.message


def test_slack_of_two_with_one_name_neither_is_taken_for_the_person(
    read: Read, tmp_path: Path
) -> None:
    root = slack(tmp_path, [said("U1", "Wet", NOON), said("U9", "Dry", NOON + 1)])
    users = json.loads((root / "users.json").read_text("utf-8"))
    users.append({"id": "U9", "name": "other", "profile": {"real_name": "Ada Wren"}})
    (root / "users.json").write_text(json.dumps(users), "utf-8")
    with pytest.raises(twin.ReadError, match=r"2 people are called 'ada wren': .*\(U9\)"):
        read("slack", root, me="Ada Wren")
    assert read("slack", root, me="U1").only.extra["own_messages"] == "1"
    assert read("slack", root, me="U1;U9").only.extra["own_messages"] == "2"


def test_slack_a_damaged_day_never_counts_as_gone(read: Read, tmp_path: Path) -> None:
    root = slack(tmp_path, [said("U1", "Wet", NOON)])
    (root / "weir" / "2024-03-02.json").write_text("[{", "utf-8")
    found = read("slack", root, me="ada")
    assert found.only.text.endswith("Wet\n")
    assert [item for item, _ in found.ledger.failures] == ["."]


def chat(folder: Path, *lines: str, name: str = "WhatsApp Chat with Bob.txt") -> Path:
    (folder / name).write_text("\n".join(lines), "utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["25/03/24, 8:05 pm - Ada: Wet", "26/03/24, 9:00 am - Bob: Oh"], "2024-03-25T20:05"),
        (["[3/25/24, 8:05:01 PM] Ada: Wet"], "2024-03-25T20:05:01"),
        (["[3/25/24, 8:05:01\u202fPM] Ada: Wet"], "2024-03-25T20:05:01"),
        (["25.03.24, 20:05 - Ada: Wet"], "2024-03-25T20:05"),
        (["2024-03-25, 20:05 - Ada: Wet"], "2024-03-25T20:05"),
        (["01/02/2024, 20:05 - Ada: Wet", "03/02/2024, 20:05 - Ada: Oh"], ""),
        (["12/01/2024, 20:05 - Ada: Wet", "01/02/2024, 20:05 - Ada: Oh"], "2024-01-12T20:05"),
    ],
)
def test_whatsapp_tells_day_from_month_or_asks(
    lines: list[str], when: str, read: Read, tmp_path: Path
) -> None:
    place = chat(tmp_path, *lines)
    if not when:
        with pytest.raises(twin.ReadError, match="day or month first") as caught:
            read("whatsapp", place, me="Ada")
        assert "dates=dmy" in caught.value.message
        assert len(read("whatsapp", place, me="Ada", dates="mdy").documents) == 2
        return
    found = read("whatsapp", place, me="Ada", timezone="Europe/Berlin")
    first = next(iter(found.documents.values()))
    assert str(first.published_at).startswith(when)
    assert str(first.published_at).endswith("+01:00")


def test_whatsapp_reads_words_and_leaves_the_rest(read: Read, tmp_path: Path) -> None:
    place = chat(
        tmp_path,
        "25/03/2024, 08:00 - Messages and calls are end-to-end encrypted.",
        "25/03/2024, 08:01 - Bob: How is it?",
        "25/03/2024, 08:02 - Ada: Two lines:",
        "and *wet*",
        "25/03/2024, 08:03 - Ada: <Media omitted>",
        "25/03/2024, 08:04 - Ada: IMG-1.jpg (file attached)",
        "The weir <This message was edited>",
        "25/03/2024, 08:05 - Bob: You deleted this message",
        '25/03/2024, 08:06 - Ada changed the group name to "Ford: wet"',
    )
    found = read("whatsapp", place)
    assert found.only.source == "whatsapp:bob/2024-03-25"
    assert found.only.text == (
        "**Bob** 2024-03-25 08:01\n> How is it?\n\n"
        "**Ada** 2024-03-25 08:02\nTwo lines:\nand **wet**\n\n"
        "**Ada** 2024-03-25 08:04\nThe weir\n"
    )
    assert found.only.author == "Ada"
    lines = {item.rpartition(":")[2] for item, _ in found.ledger.skips if ".txt:" in item}
    assert lines == {"1", "5", "8", "9"}


@pytest.mark.parametrize(
    "note",
    [
        "<Medien ausgeschlossen>",
        "<Multimedia omitido>",
        "<Mídia oculta>",
        "<Без медиафайлов>",
        "Du hast diese Nachricht gelöscht.",
        "Se eliminó este mensaje.",
        "Vous avez supprimé ce message",
        "Mensagem apagada",
        "Missed voice call",
        "foto.jpg (archivo adjunto)",
        "\u200eimage omitted",
        "Plan.pdf • \u200e2 pages \u200edocument omitted",
    ],
)
def test_whatsapp_speaks_many_languages_in_ones_place(note: str) -> None:
    assert own_text(note) == ""


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("neu <Diese Nachricht wurde bearbeitet.>", "neu"),
        ("nuevo <Se editó este mensaje.>", "nuevo"),
        ("The weir \u200eimage omitted", "The weir"),
        ("The weir \u200e<attached: 1-PHOTO.jpg>\nin May", "The weir\nin May"),
        ("I omitted it: a <b> tag", "I omitted it: a <b> tag"),
        ("<html>", "<html>"),
    ],
)
def test_whatsapp_notes_go_and_ones_own_words_stay(text: str, own: str) -> None:
    assert own_text(text) == own


@pytest.mark.parametrize(
    ("time", "hour"),
    [("25/12/2021 à 21:05", 21), ("2021/12/25 午後9:05", 21), ("25/12/21 9:05 p. m.", 21)],
)
def test_whatsapp_heads_of_other_languages(
    time: str, hour: int, read: Read, tmp_path: Path
) -> None:
    folder = tmp_path / "Discussion WhatsApp avec Bob"
    folder.mkdir()
    place = chat(folder, f"{time} - Ada: Hi", f"{time} - Bob: Oh").rename(folder / "_chat.txt")
    found = read("whatsapp", place, dates="" if time.startswith("2021") else "dmy").only
    # Given alone, it is known by its folder: every chat of an iPhone has the same name.
    assert (found.source, found.author) == ("whatsapp:bob/2021-12-25", "Ada")
    assert f"2021-12-25T{hour}:05" in str(found.published_at)


def test_code_of_chats_is_fenced_by_lines_of_its_own() -> None:
    assert chat_markdown("See ```a\n  b`` ``` *now*") == "See \n```\na\n  b`` \n```\n **now**"


def test_whatsapp_of_a_group_asks_who_one_is(read: Read, tmp_path: Path) -> None:
    place = chat(tmp_path, *(f"25/03/2024, 08:00 - {who}: Hi" for who in ("Ada", "Bob", "Cy")))
    with pytest.raises(twin.ReadError, match="who of those") as caught:
        read("whatsapp", place)
    assert "Ada, Bob, Cy" in caught.value.message
    assert read("whatsapp", place, me="ada").only.extra["own_messages"] == "1"


def test_telegram_marks_forwards_and_reads_emphasis(read: Read, tmp_path: Path) -> None:
    def message(number: int, user: int, text: Any, **more: Any) -> dict[str, Any]:
        base = {"id": number, "type": "message", "date": "2024-03-01T13:00:00"}
        base |= {"date_unixtime": str(NOON + number), "from": {1: "Ada", 2: "Bob"}[user]}
        return base | {"from_id": f"user{user}", "text": text, **more}

    pieces = ["See ", {"type": "bold", "text": "this "}, {"type": "link", "text": "a.example"}]
    pieces.append({"type": "text_link", "text": "page", "href": "https://b.example"})
    chat = {
        "name": "Bob",
        "type": "personal_chat",
        "id": 2,
        "messages": [
            message(1, 1, pieces),
            message(2, 1, "Others' words", forwarded_from="Eve"),
            message(3, 2, "Oh"),
            message(4, 1, "", photo="photo.jpg"),
            {"id": 5, "type": "service", "action": "phone_call", "text": ""},
        ],
    }
    (tmp_path / "result.json").write_text(json.dumps(chat), "utf-8")
    found = read("telegram", tmp_path / "result.json", timezone="Europe/Berlin")
    assert found.only.text == (
        "**Ada** 2024-03-01 13:00\nSee **this** a.example[page](https://b.example)\n\n"
        "**Ada, forwarding** 2024-03-01 13:00\n> Others' words\n\n"
        "**Bob** 2024-03-01 13:00\n> Oh\n"
    )
    assert found.only.extra["own_messages"] == "1"
    assert len(twin.spans_of_others(found.only)) == 2
    assert found.ledger.reason("telegram:2 (without words)").startswith("1 messages")
    assert found.ledger.reason("telegram:2 (a note of the platform)").startswith("1 messages")


def mail(who: str, number: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Message-ID"] = who, f"<{number}@fen.example>"
    message["Date"] = f"Fri, 01 Mar 2024 08:0{number[-1]}:00 +0100"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def mailbox(folder: Path, *messages: EmailMessage | bytes, name: str = "mail.mbox") -> Path:
    place = folder / name
    raw = [m if isinstance(m, bytes) else bytes(m) for m in messages]
    place.write_bytes(b"".join(b"From x@y Fri Mar  1 08:00:00 2024\n" + m + b"\n" for m in raw))
    return place


ADA, BOB = "Ada Wren <ada@fen.example>", "Bob <bob@fen.example>"


def test_mail_joins_conversations_and_drops_history(read: Read, tmp_path: Path) -> None:
    answer = "Wet.\n\nFrom where I stand, very.\n\n-- \nAda Wren, Fen Ltd\n"
    inline = "Two things:\n\n> How is it?\n\nWet still.\n\nOn Fri, 1 Mar 2024, Bob\nwrote:\n> Oh\n> > Wet\n"
    place = mailbox(
        tmp_path,
        mail(BOB, "q1", "How is it?\n", Subject="The ford"),
        bytes(
            mail(ADA, "a2", answer, Subject="Re: The ford", In_Reply_To="<q1@fen.example>")
        ).replace(b"\nFrom where", b"\n>From where"),
        mail(BOB, "q3", "Oh\n", References="<q1@fen.example> <a2@fen.example>"),
        mail(ADA, "a4", inline, References="<q1@fen.example> <q3@fen.example>"),
        mail(BOB, "n5", "Newsletter", Subject="News"),
    )
    found = read("mbox", place, me="Ada Wren")
    assert found.only.source == "mbox:q1@fen.example"
    assert found.only.text == (
        "**Bob** 2024-03-01 08:01\n> How is it?\n\n"
        "**Ada Wren** 2024-03-01 08:02\nWet.\n\nFrom where I stand, very.\n\n"
        "**Bob** 2024-03-01 08:03\n> Oh\n\n"
        "**Ada Wren** 2024-03-01 08:04\nTwo things:\n\n> How is it?\n\nWet still.\n"
    )
    assert (found.only.title, found.only.platform) == ("The ford", "mail")
    assert found.only.audience is twin.Audience.PRIVATE
    marked = [span.of(found.only.text) for span in twin.spans_of_others(found.only)]
    assert marked[-1] == "> How is it?"
    assert found.ledger.skips == [("mbox:n5@fen.example", "1 messages, of which none is yours")]


def test_mail_knows_its_owner_from_what_was_sent(read: Read, tmp_path: Path) -> None:
    labelled = mailbox(tmp_path, mail(ADA, "a1", "One", X_Gmail_Labels="Sent,Important"))
    assert read("mbox", labelled).only.author == "Ada Wren"
    sent = mailbox(tmp_path, mail(ADA, "a1", "One"), name="Sent.mbox")
    assert read("mbox", sent).only.author == "Ada Wren"
    with pytest.raises(twin.ReadError, match="who of those that speak") as caught:
        read("mbox", mailbox(tmp_path, mail(ADA, "a1", "One"), mail(BOB, "b2", "Two")))
    assert "ada@fen.example, bob@fen.example" in caught.value.message


def test_mail_reads_every_charset_html_and_odd_heads(read: Read, tmp_path: Path) -> None:
    html = EmailMessage()
    html["From"], html["Date"] = "=?iso-8859-1?q?J=F6rg?= <j@fen.example>", "1 Mar 2024 08:00 +0100"
    html["Subject"] = "Grüße"
    html.set_content("<p>Some <b>bold</b> <a href='https://a.example'>link</a></p>", subtype="html")
    head = b"From: j@fen.example\nMessage-ID: <%d@x>\nDate: Fri, 1 Mar 2024 09:00:00 +0100\n"
    latin = head % 1 + b"Content-Type: text/plain; charset=x-unknown\n\nGr\xfc\xdfe\n"
    undated = b"From: j@fen.example\nMessage-ID: <2@x>\n\nNo date\n"
    flowed = head % 3 + b"Content-Type: text/plain; format=flowed\n\nOne long \nline.\n\nTwo.\n"
    place = mailbox(tmp_path, html, latin, undated, flowed, latin)
    found = read("mbox", place, me="j@fen.example")
    texts = {d.text.split("\n", 1)[1].strip() for d in found.documents.values()}
    assert texts == {"Some **bold** [link](https://a.example)", "Grüße", "One long line.\n\nTwo."}
    assert {d.author for d in found.documents.values()} == {"Jörg", "j@fen.example"}
    assert [item for item, _ in found.ledger.failures] == ["mbox:2@x"]
    assert [reason for _, reason in found.ledger.skips] == ["the same message as before"]


def test_mail_of_a_message_that_is_too_large_only_its_head_is_read(
    read: Read, tmp_path: Path
) -> None:
    place = mailbox(tmp_path, mail(ADA, "a1", "x " * 50_000), mail(ADA, "a2", "Small"))
    found = read("mbox", place, me="Ada Wren", max_message=10_000)
    assert found.only.source == "mbox:a2@fen.example"
    assert found.ledger.failures[0][0] == "mbox:a1@fen.example"


def test_mail_words_stand_around_pictures_and_beside_an_empty_part(
    read: Read, tmp_path: Path
) -> None:
    head = b"From: j@fen.example\nMessage-ID: <%d@x>\nDate: Fri, 1 Mar 2024 09:00:00 +0100\n"
    parts = b"Content-Type: multipart/%s; boundary=B\n\n--B\n%s\n--B--\n"
    plain, html = b"Content-Type: text/plain\n\n%s", b"Content-Type: text/html\n\n<p>%s</p>"
    picture = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
    footer = plain % b"______________\nFord mailing list\n"
    enclosed = b"Content-Type: message/rfc822\n\nFrom: bob@x\n\nAnother's"
    mixed = [plain % b"Above.", picture, plain % b"Below.", enclosed, footer]
    history = [plain % b"Yes.\n\nFrom: Bob\nSent: Friday\nTo: Ada\n\nAnother's", picture]
    flowed = (
        b"Content-Type: text/plain; format=flowed; delsp=yes\n\n"
        b"See https://fen.exam \nple/a\n\n     def f():\n >x\n"
    )
    place = mailbox(
        tmp_path,
        head % 1 + parts % (b"mixed", b"\n--B\n".join(mixed)),
        head % 2 + parts % (b"alternative", b"\n--B\n".join([plain % b"\n", html % b"Rich"])),
        head % 3 + parts % (b"mixed", b"\n--B\n".join([*history, plain % b"Another's too."])),
        head % 4 + flowed,
    )
    found = read("mbox", place, me="j@fen.example")
    texts = [document.text.split("\n", 1)[1] for document in found.documents.values()]
    assert texts[:3] == ["Above.\n\nBelow.\n", "Rich\n", "Yes.\n"]
    assert texts[3] == "See https://fen.example/a\n\n    def f():\n >x\n"


def test_mail_that_is_junk_or_was_never_sent_is_left_out(read: Read, tmp_path: Path) -> None:
    place = mailbox(
        tmp_path,
        mail(ADA, "a1", "Mine", X_Gmail_Labels="Sent"),
        mail(ADA, "a2", "Buy!", X_Gmail_Labels="Spam,Unread"),
        mail(ADA, "a3", "Unsent", X_Gmail_Labels="Entwürfe"),
    )
    found = read("mbox", place)
    assert list(found.documents) == ["mbox:a1@fen.example"]
    assert [reason for _, reason in found.ledger.skips] == [
        "junk, whoever it says that it is from",
        "never sent; the option drafts=true reads it",
    ]
    drafts = mailbox(tmp_path, mail(ADA, "a1", "Unsent"), name="Drafts.mbox")
    assert (
        "mbox:a1@fen.example" in read("mbox", drafts, me="ada@fen.example", drafts=True).documents
    )
    with pytest.raises(twin.ReadError, match="never sent"):
        read("mbox", drafts, me="ada@fen.example")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nAm 01.03.2024 um 08:00 schrieb Bob:\n> Wet?\n", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Bob\nWet?", "Yes."),
        ("Yes.\n\nFrom: Bob\nSent: Friday\nTo: Ada\n\nWet?", "Yes."),
        ("On the whole I agree.\n\n> Wet?\n", "On the whole I agree.\n\n> Wet?"),
        ("No quotation at all.\n", "No quotation at all."),
        # None of these bears a mark of quotation.
        (
            "Yes.\n\nVon: Bob <b@x>\nGesendet: Freitag, 08:00\nAn: Ada\nBetreff: Ford\n\nWet?",
            "Yes.",
        ),
        ("Yes.\n\n---\n\n**From:** Bob  \n**Sent:** Friday  \n**To:** Ada  \n\nWet?", "Yes."),
        ("Yes.\n\nDe : Bob\n\nEnvoyé : vendredi\n\nÀ : Ada\n\nWet?", "Yes."),
        ("FYI\n\nBegin forwarded message:\n\nFrom: Bob\nSubject: Ford\nDate: 1 May\n\nWet?", "FYI"),
        ("Yes.\n\nOn Friday, May 3, 2024, 08:00, Bob <b@x>\nwrote:\n\nWet?\n", "Yes."),
        ("Sim.\n\nEm sex., 3 de mai. de 2024 às 08:00, Bob <b@x> escreveu:\n\n> Wet?\n", "Sim."),
        ("Tak.\n\npt., 3 maj 2024 o 08:00 Bob <b@x>\nnapisał(a):\n\n> Wet?\n", "Tak."),
        ("はい\n\n2024年5月3日(金) 08:00 Bob <b@x>:\n\nWet?\n", "はい"),
        (
            "Да\n\n---- Переадресация ----\nОт: Bob\nОтправлено: 3 мая\nКому: Ada\n\nWet?",  # noqa: RUF001 - Russian
            "Да",
        ),
        ("是\n\n发件人：Bob\n发送时间：2024-05-03\n收件人：Ada\n\nWet?", "是"),  # noqa: RUF001 - Chinese
        ("Ask Bob <b@x>:\n\nis it wet?", ...),
        ("Yes.\n\nOn Friday at 08:00, Bob <b@x> wrote:\n> Wet?\nNo.", ...),
        ("On 3 May 2024 at 08:00 I wrote:\n\nWet.", ...),
        ("From: the ford\nTo: the bridge\n\nTwo miles.", ...),
        ("Note:\nTime: noon\nFrom: Ely", ...),
    ],
)
def test_history_is_told_from_what_was_written(text: str, own: str | EllipsisType) -> None:
    """An ellipsis stands for all of the text."""
    assert own_words(text) == (text if isinstance(own, EllipsisType) else own)


def test_a_sentence_that_begins_with_from_begins_no_mail(read: Read, tmp_path: Path) -> None:
    text = "Wet.\n\nFrom here on, at 08:00, it rained.\n"
    box = mailbox(tmp_path, mail(ADA, "a1", text), mail(ADA, "a2", "Dry"))
    found = read("mbox", box, me="ada@fen.example")
    assert "From here on, at 08:00, it rained." in found.documents["mbox:a1@fen.example"].text
    assert len(found.documents) == 2
    assert not found.ledger.skips


def test_of_several_chats_one_that_cannot_be_read_never_stops_the_rest(
    read: Read, tmp_path: Path
) -> None:
    chat(tmp_path, "25/03/2024, 08:00 - Ada: Hi", "25/03/2024, 08:00 - Bob: Hi")
    group = (f"25/03/2024, 08:00 - {who}: Hi" for who in ("Ada", "Bob", "Cy"))
    chat(tmp_path, *group, name="Group.txt")
    found = read("whatsapp", tmp_path)
    assert found.only.source == "whatsapp:bob/2024-03-25"
    ((item, reason),) = found.ledger.failures
    assert item == "."
    assert "Ada, Bob, Cy" in reason


def test_mail_in_a_zip_and_in_apples_folder(read: Read, tmp_path: Path) -> None:
    box = tmp_path / "Sent Messages.mbox"
    box.mkdir()
    mailbox(box, mail(ADA, "a1", "One"), name="mbox")
    (box / "table_of_contents").write_bytes(b"\x00")
    found = read("mbox", box, me="ada@fen.example")
    assert found.only.text.endswith("One\n")
    assert found.ledger.reason("table_of_contents") == "no mailbox"
