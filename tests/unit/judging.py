"""What two people who are logged in say of one's answers: run by test_judging.py, in its own process.

In: a home without conversations, in TWIN_HOME. Out: what each attempt gave, as JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import httpx

from twin.documents import Audience
from twin.errors import UsageError
from twin.home import Home
from twin.serving import access, page
from twin.serving.users import Users
from twin.warehouse.feedback import Feedback, FeedbackKind, feedback_line

access.admit(access.Access(access.Login.PASSWORD))
Users(page.prepare(Home().folder)).add("ines", "a heron and a tide gauge")
APPLICATION = page.application(loopback=True)

from chainlit.auth import create_jwt  # noqa: E402 - it reads its folder when it is imported
from chainlit.user import User  # noqa: E402

from twin.serving import comparing, correcting, writing  # noqa: E402
from twin.serving.history.contents import Kept  # noqa: E402
from twin.serving.room import Room  # noqa: E402


def told(what: str, **values: Any) -> None:
    sys.stdout.write(f"{json.dumps({'what': what, **values})}\n")


def kept(message: str, run: str, model: str) -> Kept:
    body = Feedback(
        id=message,
        kind=FeedbackKind.THUMB,
        at="2026-01-01T00:00:00Z",
        thread_id="t",
        message_id=message,
        user="ines",
        question="Where?",
        prompt=(("user", "Where?"),),
        prompt_version="answer@1",
        answer=f"Said by {model}.",
        model=model,
        trace_id="ab" * 16,
        audience=Audience.PRIVATE,
    )
    return Kept(
        message_id=message, run_id=run, asked_id="q", thread_id="t", body=feedback_line(body)
    )


def feedback(room: Room) -> list[Feedback]:
    return list(room.twin.home.warehouse.feedback())


def client(user: str | None) -> httpx.AsyncClient:
    cookies = {os.environ[page.COOKIE]: create_jwt(User(user))} if user else {}
    transport = httpx.ASGITransport(app=APPLICATION)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies)


async def thumbs(room: Room) -> None:
    """Have both give and take back thumbs, by the routes that the browser uses."""

    def stored() -> list[list[Any]]:
        return [[one.value, one.comment, one.model] for one in feedback(room)]

    given = {"forId": "run", "value": 1, "comment": "just so", "threadId": "t"}
    async with client("ines") as ines, client("ada") as ada, client(None) as nobody:
        for name, who, change in (
            ("nobody", nobody, {}),
            ("another", ada, {}),
            ("one's own", ines, {}),
            ("one's own again, by another id", ines, {"value": 0, "id": "hers"}),
            ("of no answer", ines, {"forId": "nothing"}),
        ):
            body = {"feedback": given | change, "sessionId": "s"}
            done = await who.put("/feedback", json=body)
            told(name, status=done.status_code, stored=stored())
            if done.status_code == 200:
                thumb = done.json()["feedbackId"]
        for name, who in (("another takes back", ada), ("one takes back", ines)):
            body = {"feedbackId": thumb}
            done = await who.request("DELETE", "/feedback", json=body)
            told(name, status=done.status_code, stored=stored())


async def elements(room: Room) -> None:
    """Have both press the buttons of our own elements."""
    attempts = (
        ("open", correcting, lambda: correcting.open_field(room, {"message": "a"})),
        ("correct", correcting, lambda: correcting.save(room, {"message": "a", "text": "No."})),
        (
            "edit",
            writing,
            lambda: writing.save(room, {"message": "two", "side": 1, "text": "No."}),
        ),
        ("choose", comparing, lambda: comparing.choose(room, {"message": "two", "chosen": 1})),
        (
            "rate",
            comparing,
            lambda: comparing.rate(room, {"message": "two", "side": 1, "value": 0}),
        ),
    )
    for user in ("ada", "ines"):
        for name, module, attempt in attempts:
            module.reader = lambda: user  # type: ignore[attr-defined] # noqa: B023 - used at once
            try:
                await attempt()
            except UsageError as error:
                told(f"{user}: {name}", error=error.message)
            except Exception as error:  # noqa: BLE001 - the field opens in a browser alone
                told(f"{user}: {name}", error=type(error).__name__)
            else:
                kinds = sorted(f"{one.kind}: {one.answer}" for one in feedback(room))
                told(f"{user}: {name}", stored=kinds)
    again = {"message": "two", "side": 1, "value": None}
    await comparing.rate(room, again)
    told("ines: takes back", stored=sorted(str(one.kind) for one in feedback(room)))


async def main() -> None:
    room = Room(Home(), access.admitted())
    history = room.history
    assert history is not None
    scores: list[Any] = []
    room.twin.observer.score = lambda *said, **more: scores.append((said, more))  # type: ignore[method-assign]
    for name in ("ines", "ada"):
        person = await history.create_user(User(name))
        assert person is not None
        if name == "ines":
            await history.update_thread("t", user_id=person.id)
    for one in (kept("a", "run", "m"), kept("two:0", "", "m"), kept("two:1", "", "n")):
        await history.contents.keep(one)
    await thumbs(room)
    await elements(room)
    told("scores", ids=[more["score_id"] for _, more in scores if "score_id" in more])
    room.close()
    await history.close()


asyncio.run(main())
