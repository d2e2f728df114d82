"""Conversations at rest: what comes back after a restart is what was there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.histories import Past, step
from twin.chat.wish import Turn
from twin.errors import ConfigurationError, WarehouseError
from twin.serving.conversation import Conversation
from twin.serving.history.contents import Kept
from twin.serving.history.conversations import parents_first
from twin.serving.history.tables import engine_of


async def test_a_conversation_comes_back_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    first = Past(path)
    ines = await first.conversations.put_user("ines", {"role": "owner"})
    assert await first.conversations.put_user("ines", {"role": "x"}) == {
        **ines,
        "about": {"role": "x"},
    }
    await first.conversations.put_thread("t", {"name": "Why?", "user_id": ines["id"]})
    await first.conversations.put_thread("t", {"about": {"chat_profile": "A", "gone": 1}})
    await first.conversations.put_thread("t", {"about": {"gone": None}, "tags": ["a", "b"]})
    await first.contents.put_step(step("run", 2, "q", type="run", output=""))
    await first.contents.put_step(step("q", 1, type="user_message"))
    await first.contents.put_step(step("a", 3, "run", output="Because. [1]"))
    await first.contents.put_element({"id": "e", "threadId": "t", "forId": "a", "name": "[1]"})
    await first.contents.put_thumb(
        "t", {"id": "f", "for_id": "run", "value": 1, "comment": "just so"}
    )
    await first.database.close()

    again = Past(path)
    thread = await again.conversations.thread("t")
    assert thread is not None
    assert (thread["name"], thread["userIdentifier"]) == ("Why?", "ines")
    assert (thread["metadata"], thread["tags"]) == ({"chat_profile": "A"}, ["a", "b"])
    assert [one["id"] for one in thread["steps"]] == ["q", "run", "a"]
    assert [one["feedback"] for one in thread["steps"]] == [
        None,
        {"id": "f", "forId": "run", "value": 1, "comment": "just so"},
        None,
    ]
    assert [one["name"] for one in thread["elements"]] == ["[1]"]
    assert await again.conversations.author("t") == "ines"
    await again.database.close()


async def test_a_step_is_kept_as_it_was_last_at_its_old_place(past: Past) -> None:
    await past.contents.put_step(step("a", 1))
    await past.contents.put_step(step("b", 2))
    await past.contents.put_step(step("a", 9, output="changed"))
    thread: Any = await past.conversations.thread("t")
    assert [one["output"] for one in thread["steps"]] == ["changed", "said b"]


async def test_writes_that_nobody_waits_for_are_done_in_their_order(past: Past) -> None:
    tasks = [
        asyncio.create_task(past.contents.put_step(step("a", 1, output=str(number))))
        for number in range(30)
    ]
    await asyncio.sleep(0)
    thread: Any = await past.conversations.thread("t")
    assert thread["steps"][0]["output"] == "29"
    await asyncio.gather(*tasks)


async def test_two_pages_write_into_one_file(tmp_path: Path) -> None:
    pages = [Past(tmp_path / "history.sqlite3") for _ in range(3)]
    await asyncio.gather(
        *(
            page.contents.put_step(step(f"{which}-{number}", number))
            for which, page in enumerate(pages)
            for number in range(20)
        )
    )
    thread: Any = await pages[0].conversations.thread("t")
    assert len(thread["steps"]) == 60
    for page in pages:
        await page.database.close()


async def test_an_edited_question_takes_back_what_followed_it(past: Past) -> None:
    for one in (
        step("q1", 1),
        step("run1", 2, "q1"),
        step("a1", 3, "run1"),
        step("q2", 4),
        step("run2", 5, "q2"),
        step("a2", 6, "run2"),
        step("run3", 7, "q2"),
    ):
        await past.contents.put_step(one)
    await past.contents.put_element({"id": "e", "threadId": "t", "forId": "a2", "name": "[1]"})
    await past.contents.keep(kept("a2", "run2", "q2"))
    for side in (0, 1):
        await past.contents.keep(kept(f"a2:{side}", "", "q2"))
    await past.contents.rewind("t", "q2", "run3")
    assert await past.contents.kept_of("t") == []
    thread: Any = await past.conversations.thread("t")
    assert [one["id"] for one in thread["steps"]] == ["q1", "run1", "a1", "q2", "run3"]
    assert thread["elements"] == []
    assert [one["id"] for one in thread["steps"]] == ["q1", "run1", "a1", "q2", "run3"]


def kept(message: str, run: str, asked: str) -> Kept:
    return Kept(message_id=message, run_id=run, asked_id=asked, thread_id="t", body=message)


async def owned(past: Past, thread: str, name: str) -> None:
    person = await past.conversations.put_user(name, {})
    await past.conversations.put_thread(thread, {"user_id": person["id"]})


async def test_an_answer_is_found_by_its_message_and_by_its_run(past: Past) -> None:
    await owned(past, "t", "ines")
    await past.contents.keep(kept("a", "run", "q"))
    await past.contents.keep(kept("b", "run2", "q2"))
    assert (await past.contents.kept("a", "ines")) == kept("a", "run", "q")
    assert (await past.contents.kept("run", "ines")) == kept("a", "run", "q")
    assert [one.message_id for one in await past.contents.kept_of("t")] == ["a", "b"]
    assert await past.contents.kept("nothing", "ines") is None


async def test_nobody_reaches_into_the_conversation_of_another(past: Past) -> None:
    await owned(past, "t", "ines")
    await owned(past, "hers", "ada")
    await past.contents.put_step(step("a", 1))
    await past.contents.keep(kept("a", "run", "q"))
    await past.contents.put_element({"id": "e", "threadId": "t", "forId": "a", "name": "[1]"})
    await past.contents.put_thumb("t", {"id": "f", "for_id": "run", "value": 1, "comment": None})
    # Her answers are found by her alone.
    assert await past.contents.kept("a", "ada") is None
    assert await past.contents.kept("a", "") is None
    assert not await past.contents.has_thumb("f", "ada")
    assert await past.contents.has_thumb("f", "ines")
    # The same ids in another conversation change nothing of hers.
    await past.contents.put_step(step("a", 2, threadId="hers", output="mine now"))
    await past.contents.put_element({"id": "e", "threadId": "hers", "forId": "x", "name": "[9]"})
    await past.contents.put_thumb("hers", {"id": "f", "for_id": "x", "value": 0, "comment": "no"})
    other = Kept(message_id="a", run_id="r", asked_id="q", thread_id="hers", body="other")
    await past.contents.keep(other)
    await past.contents.delete_step("hers", "a")
    await past.contents.delete_element("hers", "e")
    thread: Any = await past.conversations.thread("t")
    assert [one["output"] for one in thread["steps"]] == ["said a"]
    assert [one["name"] for one in thread["elements"]] == ["[1]"]
    assert await past.contents.has_thumb("f", "ines")
    assert await past.contents.kept("a", "ines") == kept("a", "run", "q")


async def test_what_is_forgotten_is_gone_from_the_file(tmp_path: Path) -> None:
    past = Past(tmp_path / "history.sqlite3")
    await past.contents.put_step(step("a", 1, output="the heron nests behind the boiler house"))
    await past.contents.put_thumb("t", {"id": "f", "for_id": "a", "value": 0, "comment": None})
    await past.conversations.delete_thread("t")
    assert await past.conversations.thread("t") is None
    await past.database.close()
    # Closed, SQLite has brought its journal home.
    assert b"heron" not in (tmp_path / "history.sqlite3").read_bytes()


async def test_conversations_are_listed_page_by_page_and_searched(past: Past) -> None:
    ines = await past.conversations.put_user("ines", {})
    ada = await past.conversations.put_user("ada", {})
    for number in range(5):
        name = f"t{number}"
        await past.conversations.put_thread(name, {"name": f"N{number}", "user_id": ines["id"]})
        await past.contents.put_step(step(f"s{number}", 1, threadId=name, output=f"100% of {name}"))
    await past.conversations.put_thread("hers", {"name": "x", "user_id": ada["id"]})
    await past.contents.put_thumb("t3", {"id": "f", "for_id": "s3", "value": 0, "comment": None})

    async def listed(**wanted: Any) -> tuple[list[str], bool]:
        values: dict[str, Any] = {"most": 2, "after": None, "search": None, "value": None}
        found, more = await past.conversations.list_threads(ines["id"], **values | wanted)
        return [one["id"] for one in found], more

    assert await listed() == (["t4", "t3"], True)
    assert await listed(after="t3") == (["t2", "t1"], True)
    assert await listed(after="t1") == (["t0"], False)
    assert await listed(search="OF T2") == (["t2"], False)
    assert await listed(search="n0") == (["t0"], False)
    assert await listed(search="100%", most=9) == (["t4", "t3", "t2", "t1", "t0"], False)
    assert await listed(search="_00") == ([], False)
    assert await listed(value=0) == (["t3"], False)
    assert await listed(value=1) == ([], False)


def test_no_step_comes_before_the_one_that_it_belongs_to() -> None:
    ordered = parents_first(
        [{"id": "c", "parentId": "b"}, {"id": "b", "parentId": "a"}, {"id": "a", "parentId": None}]
    )
    assert [one["id"] for one in ordered] == ["a", "b", "c"]
    [orphan] = parents_first([{"id": "x", "parentId": "gone"}])
    assert orphan == {"id": "x", "parentId": None}


async def test_a_database_that_is_none_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_text("I am a diary. " * 100)
    spoilt = Past(tmp_path / "history.sqlite3")
    with pytest.raises(WarehouseError, match="cannot be read or written: file is not a database"):
        await spoilt.conversations.thread("t")
    await spoilt.database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "mongodb://x"])
def test_other_databases_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_of(url)
    assert "postgresql" in caught.value.hint


async def test_of_two_answers_the_chosen_one_is_what_a_conversation_goes_on_from(
    past: Past,
) -> None:
    for message, asked in (("a1", "q1"), ("a2:0", "q2"), ("a2:1", "q2"), ("a3", "q3")):
        await past.contents.keep(kept(message, "", asked))

    async def known() -> list[str]:
        rows = await past.contents.kept_of("t")
        turns = Conversation((one.asked_id, Turn(one.asked_id, one.body)) for one in rows)
        return [turn.answer for turn in turns.before("q4")]

    assert await known() == ["a1", "a2:1", "a3"]
    await past.contents.prefer("a2:0")
    assert await known() == ["a1", "a2:0", "a3"]


def test_an_edited_question_forgets_what_was_said_after_it() -> None:
    said = Conversation([("1", Turn("a", "x")), ("2", Turn("b", "y")), ("3", Turn("c", "z"))])
    assert [turn.question for turn in said.before("2")] == ["a"]
    said.add("2", Turn("b2", "y2"))
    assert [turn.question for turn in said.before("4")] == ["a", "b2"]
