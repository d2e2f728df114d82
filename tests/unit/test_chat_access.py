"""Who may read the page: logins, guests, and the one person of this machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience
from twin.errors import ConfigurationError, UsageError, WarehouseError
from twin.serving import users as users_module
from twin.serving.access import Access, Login, decide, let_in, vouched_for
from twin.serving.page import own_folder
from twin.serving.uploads import safe_name
from twin.serving.users import Users, signing_key
from twin.serving.welcome_in import WelcomeIn

PASSWORD = "a heron and a tide gauge"


class TestUsers:
    def test_only_the_right_password_lets_in(self, tmp_path: Path) -> None:
        users = Users(tmp_path)
        assert users.add("ines", PASSWORD)
        assert users.check("ines", PASSWORD)
        assert not users.check("ines", f"{PASSWORD} ")
        assert not users.check("ada", PASSWORD)
        assert not users.add("ines", "another long password")
        assert not users.check("ines", PASSWORD)
        assert users.names() == ["ines"]
        assert users.remove("ines")
        assert not users.remove("ines")
        assert not users.check("ines", "another long password")

    def test_the_file_holds_no_password_and_is_its_owners_alone(self, tmp_path: Path) -> None:
        Users(tmp_path).add("ines", PASSWORD)
        Users(tmp_path).add("ada", PASSWORD)
        path = tmp_path / "users.json"
        text = path.read_text()
        assert "heron" not in text
        # The same password looks different for everybody.
        assert len({line.split(":")[1] for line in text.splitlines() if ":" in line}) == 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [one.name for one in tmp_path.iterdir()] == ["users.json"]

    @pytest.mark.parametrize(
        ("name", "password"), [("", PASSWORD), ("a b", PASSWORD), ("a", "x"), ("local", PASSWORD)]
    )
    def test_what_cannot_be_used_is_refused(self, tmp_path: Path, name: str, password: str) -> None:
        with pytest.raises(UsageError):
            Users(tmp_path).add(name, password)

    def test_guessing_is_stopped(self, tmp_path: Path) -> None:
        users = Users(tmp_path)
        users.add("ines", PASSWORD)
        for _ in range(5):
            assert not users.check("ines", "wrong")
        assert not users.check("ines", PASSWORD)
        assert Users(tmp_path).check("ines", PASSWORD)

    def test_guessing_many_at_once_is_stopped_as_well(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        users = Users(tmp_path)
        users.add("ines", PASSWORD)
        compared: list[str] = []
        go_on = threading.Event()

        def slowly(password: str, known: str) -> bool:
            del known
            compared.append(password)
            go_on.wait(30)
            return False

        monkeypatch.setattr(users_module, "_matches", slowly)
        guesses = [
            threading.Thread(target=users.check, args=("ines", f"guess {n}")) for n in range(12)
        ]
        for guess in guesses:
            guess.start()
        until = time.monotonic() + 30
        while len(compared) + sum(not one.is_alive() for one in guesses) < len(guesses):
            assert time.monotonic() < until
            time.sleep(0.01)
        go_on.set()
        for guess in guesses:
            guess.join(30)
        assert len(compared) == 5

    def test_a_broken_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "users.json").write_text("{")
        with pytest.raises(WarehouseError, match="cannot be read"):
            Users(tmp_path).names()

    def test_the_key_is_made_once(self, tmp_path: Path) -> None:
        key = signing_key(tmp_path / "chat")
        assert len(key) >= 48
        assert signing_key(tmp_path / "chat") == key
        assert stat.S_IMODE((tmp_path / "chat" / "secret").stat().st_mode) == 0o600

    def test_nobody_stays_logged_in_who_may_not_log_in_any_more(self, tmp_path: Path) -> None:
        users = Users(tmp_path)
        keys = [signing_key(tmp_path, "local"), signing_key(tmp_path, "password", "ada")]
        users.add("ines", PASSWORD)
        keys += [signing_key(tmp_path, "password", "ada"), signing_key(tmp_path, "password")]
        users.add("ines", f"{PASSWORD}, once more")
        keys.append(signing_key(tmp_path, "password"))
        users.remove("ines")
        keys.append(signing_key(tmp_path, "password"))
        assert len(set(keys)) == len(keys)


class TestAccess:
    def said(self, host: str = "127.0.0.1", **more: Any) -> Access:
        values: dict[str, Any] = {
            "audience": Audience.PRIVATE,
            "guests": False,
            "logins": False,
            "anyone_may_read": False,
        }
        return decide(host, **values | more)

    def test_on_this_machine_it_is_whoever_sits_there(self) -> None:
        assert self.said() == Access(Login.LOCAL)
        assert self.said().keeps

    def test_where_somebody_can_log_in_everybody_must(self) -> None:
        assert self.said(logins=True).login is Login.PASSWORD
        assert self.said("0.0.0.0", logins=True).login is Login.PASSWORD

    def test_of_guests_nothing_is_kept_even_on_this_machine(self) -> None:
        guests = self.said(guests=True, audience=Audience.PUBLIC, logins=True)
        assert guests == Access(Login.NOBODY, Audience.PUBLIC)
        assert not guests.keeps

    @pytest.mark.parametrize("guests", [True, False])
    def test_private_writing_needs_a_login_or_a_word(self, guests: bool) -> None:  # noqa: FBT001
        with pytest.raises(UsageError, match="there is no login"):
            self.said("0.0.0.0", guests=guests)
        allowed = self.said("0.0.0.0", guests=guests, anyone_may_read=True)
        assert not allowed.keeps
        public = self.said("0.0.0.0", guests=guests, audience=Audience.PUBLIC)
        assert not public.keeps


class TestOAuth:
    def test_one_name_of_two_providers_is_two_people(self) -> None:
        allowed = let_in(["github:ines"], ["github", "google"])
        assert vouched_for("github", "ines") in allowed
        assert vouched_for("google", "ines") not in allowed
        # Nor is either the one who has a password.
        with pytest.raises(UsageError):
            Users(Path()).add(vouched_for("github", "ines"), PASSWORD)

    def test_where_one_provider_is_set_up_a_name_will_do(self) -> None:
        assert let_in(["ines", "github:ada"], ["github"]) == {"github:ines", "github:ada"}

    @pytest.mark.parametrize(
        ("allowed", "hint"),
        [
            ("ines", "write 'github:ines' or 'google:ines'"),
            ("gitlab:ines", "set up: github, google"),
            ("github:", "set up: github, google"),
        ],
    )
    def test_who_is_meant_must_be_clear(self, allowed: str, hint: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            let_in([allowed], ["google", "github"])
        assert hint in caught.value.hint


class TestFolders:
    def test_two_pages_on_one_home_share_no_folder(self, tmp_path: Path) -> None:
        one, other = own_folder(tmp_path), own_folder(tmp_path)
        assert one != other
        (one / "shown").write_text("private")
        own_folder(tmp_path)
        assert (one / "shown").exists()

    def test_what_a_page_left_that_was_killed_is_cleared_away(self, tmp_path: Path) -> None:
        left = tmp_path / "page-left"
        left.mkdir()
        (left / "shown").write_text("private")
        (tmp_path / "page-left.lock").touch()
        own_folder(tmp_path)
        assert not left.exists()
        assert not (tmp_path / "page-left.lock").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes.md", "notes.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        (".bashrc", "bashrc"),
        ("a<b>:c?.md", "a_b__c_.md"),
        ("..", "unnamed"),
        ("x" * 300 + ".md", "x" * 120 + ".md"),
        ("潮" * 300 + ".md", "潮" * 40 + ".md"),
    ],
)
def test_a_file_that_is_given_lands_in_its_folder(name: str, expected: str) -> None:
    assert safe_name(name) == expected


class TestWelcomeIn:
    async def sent(self, cookie: bytes, kind: bytes = b"text/html; charset=utf-8") -> list[Any]:
        messages: list[Any] = []

        async def inner(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "headers": [(b"content-type", kind)]})
            await send({"type": "http.response.body", "body": b""})

        async def send(message: Any) -> None:
            messages.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        scope = {"type": "http", "headers": [(b"cookie", cookie)] if cookie else []}
        await WelcomeIn(inner, "twin_1", lambda: "token", 60)(scope, receive, send)
        return [value for name, value in messages[0]["headers"] if name == b"set-cookie"]

    async def test_the_page_brings_a_cookie_once(self) -> None:
        [cookie] = await self.sent(b"")
        assert cookie.startswith(b"twin_1=token; HttpOnly;")
        assert await self.sent(b"other=1")
        assert await self.sent(b"twin_1=token") == []
        assert await self.sent(b"", b"application/json") == []


PAGE = """
import sys
import threading
import time
from pathlib import Path
from twin.documents import Audience
from twin.errors import ConfigurationError
from twin.home import Home
from twin.serving import access, page
home = Home()
login = access.Login(sys.argv[1])
access.admit(access.Access(login, Audience.PUBLIC if login is access.Login.NOBODY else None))
page.prepare(home.folder)
from chainlit.config import load_module
try:
    load_module(str(page.resource("app.py")))
except ConfigurationError as error:
    sys.exit(f"{error.message}: {error.hint}")
from chainlit.data import get_data_layer
print(get_data_layer())
from twin.ingest.intake import Intake, Remark
from twin.serving.taking_in import told
print(told([("a.md", Intake("uploads", held=[Remark("a.md", "it switches a model")]))]))
from chainlit.config import config
if config.code.oauth_callback:
    import asyncio
    from chainlit.user import User
    for provider in ("github", "google"):
        given = User("ines", metadata={"provider": provider})
        print(asyncio.run(config.code.oauth_callback(provider, "", {}, given)))
"""


def loaded(home: Path, login: Login, **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the page as the server does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", PAGE, login.value],
        env=os.environ | {"TWIN_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_of_guests_nothing_is_kept_whatever_the_environment_holds(tmp_path: Path) -> None:
    done = loaded(tmp_path, Login.NOBODY, DATABASE_URL="postgresql://somebody@nowhere/else")
    nothing, given = done.stdout.splitlines()
    assert nothing == "None", done.stderr
    # What a file became that looks like an order to a model; only the page can be asked.
    assert "because it switches a model" in given


def test_oauth_without_a_provider_is_told(tmp_path: Path) -> None:
    done = loaded(tmp_path, Login.PASSWORD, TWIN_CHAT__OAUTH_ALLOWED='["ines"]')
    assert "no provider is set up: set its variables" in done.stderr
    assert "Traceback" not in done.stderr


def test_whom_a_provider_vouches_for_is_known_by_both_names(tmp_path: Path) -> None:
    done = loaded(
        tmp_path,
        Login.PASSWORD,
        TWIN_CHAT__OAUTH_ALLOWED='["github:ines"]',
        OAUTH_GITHUB_CLIENT_ID="x",
        OAUTH_GITHUB_CLIENT_SECRET="x",
        OAUTH_GOOGLE_CLIENT_ID="x",
        OAUTH_GOOGLE_CLIENT_SECRET="x",
    )
    github, google = done.stdout.splitlines()[-2:]
    assert "identifier='github:ines', display_name='ines'" in github, done.stderr
    assert google == "None"
