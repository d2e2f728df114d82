"""Archives of LinkedIn."""

from __future__ import annotations

import csv
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import twin
import twin_linkedin
from twin.claims import claim_of
from twin_linkedin.options import LinkedInOptions
from twin_linkedin.sample import write_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UPDATE = "https://www.linkedin.com/feed/update/urn:li"
COLUMNS = {
    "Shares.csv": "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility",
    "Comments.csv": "Date,Link,Message",
    "messages.csv": (
        "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,"
        "DATE,SUBJECT,CONTENT,FOLDER,ATTACHMENTS,IS MESSAGE DRAFT"
    ),
    "Profile.csv": "First Name,Last Name,Headline",
}
ARTICLE = (
    "<html><head><title>Tea</title><style>p {{}}</style></head><body><img src='https://m.org/a.jpg'>"
    '<h1><a href="{link}">Tea &amp; me</a></h1><p class="created">Created on 2024-01-01 09:00</p>'
    '<p class="published">Published on {published}</p><div><p>It is <em>hot</em>, '
    '<a href="https://example.org">they say</a>. #tea</p></div></body></html>'
)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    def writing(**tables: list[dict[str, str]]) -> Path:
        """Write tables by their names without the suffix, each row with what it states."""
        root = tmp_path / "archive"
        root.mkdir(exist_ok=True)
        for stem, rows in tables.items():
            name = f"{stem}.csv"
            with (root / name).open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, COLUMNS[name].split(","), restval="")
                table.writeheader()
                table.writerows(rows)
        return root

    return writing


def share(number: int, text: str, **more: str) -> dict[str, str]:
    return {
        "Date": "2024-01-02 03:04:05",
        "ShareLink": f"{UPDATE.replace(':li', '%3Ali')}%3Ashare%3A{number}",
        "ShareCommentary": text,
        "Visibility": "MEMBER_NETWORK",
        **more,
    }


def message(talk: str, sender: str, text: str, clock: str, **more: str) -> dict[str, str]:
    return {
        "CONVERSATION ID": talk,
        "FROM": sender,
        "TO": "Ada Wren" if sender != "Ada Wren" else "Bo Finch",
        "DATE": f"2024-01-02 {clock} UTC",
        "CONTENT": text,
        "FOLDER": "INBOX",
        **more,
    }


PROFILE = {"First Name": "Ada", "Last Name": "Wren"}


def test_posts_say_what_they_state(read: Callable[..., Any], tmp_path: Path) -> None:
    found = read(write_sample(tmp_path / "root"))
    ford = found.documents[f"{UPDATE}:share:102"]
    assert ford.text == "One wades the ford in May.\n\nOnly then. #rivers\n"
    assert (ford.author, ford.title, ford.platform) == ("Ada Wren", "", "linkedin")
    assert (ford.kind, ford.audience) == (twin.Kind.POST, twin.Audience.PUBLIC)
    assert ford.published_at == "2024-02-01T08:00:00+00:00"
    assert (ford.url, ford.tags) == (ford.source, ("rivers",))
    assert set(found.documents) == {f"{UPDATE}:share:101", f"{UPDATE}:share:102"}
    assert found.ledger.skips.keys() == {"Profile.csv"}
    assert not found.ledger.failures


def test_a_zip_gives_what_its_folder_gives(
    read: Callable[..., Any], zipped: Callable[[Path], Path], archive: Callable[..., Path]
) -> None:
    root = archive(
        Shares=[share(1, "One")],
        Comments=[{"Date": "2024-01-02 03:04:05", "Link": f"{UPDATE}:activity:9", "Message": "So"}],
        messages=[message("2-a", "Ada Wren", "Hi", "10:00:00")],
        Profile=[PROFILE],
    )
    (root / "Articles" / "Articles").mkdir(parents=True)
    html = ARTICLE.format(
        link="https://www.linkedin.com/pulse/tea-ada", published="2024-01-03 10:00"
    )
    (root / "Articles" / "Articles" / "tea.html").write_text(html)
    found = read(root, messages=True)
    assert len(found.documents) == 4
    assert read(zipped(root), messages=True) == found


@pytest.mark.parametrize(
    ("stated", "audience"),
    [
        ("MEMBER_NETWORK", twin.Audience.PUBLIC),
        ("PUBLIC", twin.Audience.PUBLIC),
        ("CONNECTIONS", twin.Audience.FRIENDS),
        ("", twin.Audience.FRIENDS),
        ("CONTAINER", twin.Audience.PRIVATE),
    ],
)
def test_who_may_see_a_post(
    read: Callable[..., Any], archive: Callable[..., Path], stated: str, audience: twin.Audience
) -> None:
    assert read(archive(Shares=[share(1, "One", Visibility=stated)])).only.audience is audience


def test_a_post_in_a_group_is_for_the_group(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    row = share(
        1, "One", ShareLink="https://www.linkedin.com/feed/update/urn%3Ali%3AgroupPost%3A8-9"
    )
    found = read(archive(Shares=[row])).only
    assert found.audience is twin.Audience.FRIENDS
    assert found.source == f"{UPDATE}:groupPost:8-9"


def test_what_is_passed_on_is_a_link_and_nobodys_words(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    theirs = "https://example.org/theirs"
    root = archive(
        Shares=[
            share(1, "Read this.", SharedUrl=theirs),
            share(2, f"At {theirs} there is more.", SharedUrl=theirs),
            share(3, "", SharedUrl=theirs),
            share(4, " "),
        ]
    )
    found = read(root)
    assert found.documents[f"{UPDATE}:share:1"].text == f"Read this.\n\n<{theirs}>\n"
    assert found.documents[f"{UPDATE}:share:2"].text == f"At {theirs} there is more.\n"
    assert found.documents[f"{UPDATE}:share:1"].extra["shared_url"] == theirs
    assert found.ledger.skips == {
        "Shares.csv:4": f"it passes on {theirs} without a word",
        "Shares.csv:5": "it has no text",
    }


def test_comments_name_the_post_that_they_answer(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    post = f"{UPDATE}:activity:9"
    own = f"{post}?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A9%2C77%29"
    stamp = "2024-01-02 03:04:05"
    root = archive(
        Comments=[
            {"Date": stamp, "Link": own, "Message": 'I say "no".'},
            {"Date": stamp, "Link": post, "Message": "First"},
            {"Date": stamp, "Link": post, "Message": "Second"},
            {"Date": stamp, "Link": post, "Message": "First"},
            {"Date": stamp, "Link": post, "Message": ""},
        ],
        Profile=[PROFILE],
    )
    found = read(root)
    assert set(found.documents) == {
        "linkedin:comment:77",
        f"linkedin:comment:urn:li:activity:9:{stamp}",
        f"linkedin:comment:urn:li:activity:9:{stamp}:2",
    }
    one = found.documents["linkedin:comment:77"]
    assert (one.text, one.kind, one.author) == ('I say "no".\n', twin.Kind.POST, "Ada Wren")
    assert (one.extra["in_reply_to"], one.url) == (post, own)
    assert found.ledger.skips["Comments.csv:5"] == "the archive has it twice"
    assert found.ledger.skips["Comments.csv:6"] == "it has no text"
    left = read(root, comments=False)
    assert not left.documents
    assert "left out" in left.ledger.skips["Comments.csv"]


def test_articles_and_their_drafts(read: Callable[..., Any], archive: Callable[..., Path]) -> None:
    root = archive(Profile=[PROFILE])
    folder = root / "Articles" / "Articles"
    folder.mkdir(parents=True)
    link = "https://www.linkedin.com/pulse/tea-ada-wren?trk=x"
    (folder / "tea.html").write_text(ARTICLE.format(link=link, published="2024-01-03 10:00"))
    (folder / "draft.html").write_text(ARTICLE.format(link=link, published=""))
    found = read(root)
    tea = found.documents["https://www.linkedin.com/pulse/tea-ada-wren?trk=x"]
    assert tea.text == "It is *hot*, [they say](https://example.org). #tea\n"
    assert (tea.title, tea.author, tea.tags) == ("Tea & me", "Ada Wren", ("tea",))
    assert (tea.kind, tea.audience) == (twin.Kind.ARTICLE, twin.Audience.PUBLIC)
    assert tea.published_at == "2024-01-03T10:00:00+00:00"
    assert "never published" in found.ledger.skips["Articles/Articles/draft.html"]
    draft = read(root, drafts=True).documents["linkedin:article:draft"]
    assert (draft.audience, draft.published_at) == (twin.Audience.PRIVATE, None)


def test_messages_are_only_read_when_asked_for(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    root = archive(messages=[message("2-a", "Ada Wren", "Hi", "10:00:00")], Profile=[PROFILE])
    found = read(root)
    assert not found.documents
    assert "messages=true" in found.ledger.skips["messages.csv"]


def test_in_a_conversation_others_are_quoted_and_marked(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    root = archive(
        messages=[
            message("2-a", "Ada Wren", "<p>No, <em>never</em>.</p>", "10:02:00"),
            message("2-a", "Bo Finch", "Do you\nwade?", "10:01:00"),
            message("2-a", "ADA WREN", "Hello", "10:00:00", SUBJECT="Rivers"),
            message("2-b", "Bo Finch", "Buy now", "10:00:00"),
            message("2-a", "Ada Wren", "unsent", "10:03:00", **{"IS MESSAGE DRAFT": "Yes"}),
            message("", "Ada Wren", "lost", "10:03:00"),
            message("2-c", "Ada Wren", "x", "25:99:00"),
        ],
        Profile=[PROFILE],
    )
    found = read(root, messages=True)
    talk = found.only
    assert talk.source == "linkedin:conversation:2-a"
    assert talk.text == (
        "Rivers\n\nHello\n\n> Do you\n> wade?\n>\n> — Bo Finch, 2024-01-02 10:01:00 UTC\n\n"
        "No, *never*.\n"
    )
    (span,) = twin.spans_of_others(talk)
    assert span.of(talk.text).startswith("> Do you")
    assert talk.text[span.end :] == "\n\nNo, *never*.\n"
    assert (talk.kind, talk.audience) == (twin.Kind.MESSAGE, twin.Audience.PRIVATE)
    assert (talk.title, talk.author) == ("With Bo Finch", "Ada Wren")
    assert talk.published_at == "2024-01-02T10:00:00+00:00"
    assert found.ledger.skips["linkedin:conversation:2-b"] == "none of its messages is yours"
    assert "never sent" in found.ledger.skips["messages.csv:7"]
    assert set(found.ledger.failures) == {".", "linkedin:conversation:2-c"}


def test_without_a_name_no_message_is_taken_for_yours(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    root = archive(messages=[message("2-a", "Ada Wren", "Hi", "10:00:00")])
    found = read(root, messages=True)
    assert not found.documents
    assert "author" in found.ledger.failures["."]
    assert read(root, messages=True, author="Ada Wren").only.text == "Hi\n"


def test_one_damaged_item_stops_no_other(
    read: Callable[..., Any], archive: Callable[..., Path]
) -> None:
    root = archive(
        Shares=[
            share(1, "Good"),
            share(2, "When?", Date="tomorrow"),
            share(3, "Where?", ShareLink=""),
            share(5, "Good too"),
        ]
    )
    with (root / "Shares.csv").open("a") as file:
        file.write("2024-01-01 10:00:00,too,few\n")
    (root / "Comments.csv").write_bytes(b"Date,Link,Message\n\xff\xfe")
    (root / "Articles").mkdir()
    (root / "Articles" / "bad.html").write_bytes(b"\x00")
    (root / "Articles" / "empty.html").write_text(
        ARTICLE.format(link="x", published="2024-01-01").replace("It is", "").partition("<div>")[0]
    )
    (root / "Connections.csv").write_text("First Name\n")
    found = read(root)
    assert set(found.documents) == {f"{UPDATE}:share:1", f"{UPDATE}:share:5"}
    assert set(found.ledger.failures) == {".", f"{UPDATE}:share:2"}
    assert found.ledger.failures[f"{UPDATE}:share:2"] == "Shares.csv:3: its date 'tomorrow' is none"
    assert set(found.ledger.skips) == {"Articles/empty.html", "Connections.csv"}


def test_what_is_no_archive_is_told(read: Callable[..., Any], tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "Shares.csv").write_text("price,number\n1,2\n")
    with pytest.raises(twin.ReadError, match="no archive of LinkedIn"):
        read(root)
    (reader,) = twin_linkedin.twin_readers()
    assert not claim_of(reader, str(root))


def test_only_what_is_of_linkedin_is_claimed(
    zipped: Callable[[Path], Path], tmp_path: Path
) -> None:
    (reader,) = twin_linkedin.twin_readers()
    root = write_sample(tmp_path / "root")
    assert claim_of(reader, str(root))
    assert claim_of(reader, str(zipped(root)))
    assert not claim_of(reader, "https://www.linkedin.com/in/ada")


def test_wrong_options_are_refused() -> None:
    for wrong in ({"me": "Ada"}, {"messages": "some"}, {"max_entries": 0}):
        with pytest.raises(ValidationError):
            LinkedInOptions.model_validate(wrong)


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, twin_linkedin; list(twin_linkedin.twin_readers());"
        "print([m for m in ('llama_index', 'bs4', 'markdownify', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
