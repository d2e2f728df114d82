"""No request brings more than it may, and nobody's file is taken in before it is known whose it is."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin.serving.bounded import FORM, USUAL, Bounded

BIG = 10_000_000


async def swallowing(scope: Any, receive: Any, send: Any) -> None:
    """Read all of a request, and say how much that was."""
    del scope
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        size += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def dripping(size: int) -> AsyncIterator[bytes]:
    """Yield a body whose length nobody was told."""
    for _ in range(0, size, 50_000):
        yield bytes(50_000)


@pytest.mark.parametrize(
    ("path", "size", "known", "status"),
    [
        ("/project/action", USUAL, False, 200),
        ("/project/action", USUAL + 1, True, 413),
        ("/project/file", BIG, True, 200),
        ("/below/project/file", BIG, True, 200),
        ("/project/file", BIG + FORM + 1, True, 413),
        ("/project/file", USUAL + 1, False, 413),
        ("/login", BIG, True, 413),
    ],
)
async def test_what_a_request_may_bring(path: str, size: int, known: bool, status: int) -> None:  # noqa: FBT001
    page = Bounded(swallowing, upload=BIG, may_upload=lambda _: known)
    transport = httpx.ASGITransport(app=page)
    async with httpx.AsyncClient(transport=transport, base_url="http://twin.example") as client:
        assert (await client.post(path, content=bytes(size))).status_code == status


async def test_what_comes_without_its_length_is_counted() -> None:
    page = Bounded(swallowing, upload=BIG, may_upload=lambda _: False)
    transport = httpx.ASGITransport(app=page)
    async with httpx.AsyncClient(transport=transport, base_url="http://twin.example") as client:
        assert (await client.post("/x", content=dripping(USUAL * 2))).status_code == 413
        assert (await client.post("/x", content=dripping(100_000))).text == "100000"


PAGE = """
import asyncio, json, os, httpx
from twin.serving import access, page
from twin.home import Home
from twin.serving.users import Users
access.admit(access.Access(access.Login.PASSWORD))
Users(page.prepare(Home().folder)).add("ines", "a heron and a tide gauge")
made = page.application(loopback=False)
from chainlit.auth import create_jwt
from chainlit.user import User

async def main():
    transport = httpx.ASGITransport(app=made)
    files = {"file": ("a.md", bytes(6_000_000), "text/markdown")}
    where = "http://twin.example/project/file?session_id=none"
    given = {"nobody": {}, "forged": {os.environ[page.COOKIE]: "a.b.c"}}
    given["ines"] = {os.environ[page.COOKIE]: create_jwt(User("ines"))}
    said = {}
    for name, cookies in given.items():
        async with httpx.AsyncClient(transport=transport, cookies=cookies) as client:
            said[name] = (await client.post(where, files=files)).status_code
    print(json.dumps(said))

asyncio.run(main())
"""


def test_only_who_is_logged_in_gives_the_page_a_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PAGE],
        env=os.environ | {"TWIN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"nobody": 413, "forged": 413, "ines": 404}
