"""Who reads the page, and what is kept of that.

In: the address that is listened on, the audience, and who may log in. Out: an `Access`: one person on
their own machine, people with passwords, or guests of whom nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twin.documents import Audience
from twin.errors import UsageError
from twin.serving.guard import is_loopback

LOCAL_USER = "local"
"""The one person whose page it is where nobody logs in."""


class Login(StrEnum):
    """How the page knows who reads it."""

    LOCAL = "local"
    """Whoever sits at this machine."""
    PASSWORD = "password"  # noqa: S105 - how one logs in, not a password
    """By a name and a password, or by OAuth."""
    NOBODY = "nobody"
    """Not at all: guests."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who reads the page.

    Attributes:
        audience: whom the answers are for; None as twin.toml says.
    """

    login: Login = Login.LOCAL
    audience: Audience | None = None

    @property
    def keeps(self) -> bool:
        """Whether conversations are kept, thumbs taken, and files taken in."""
        return self.login is not Login.NOBODY


def decide(
    host: str,
    *,
    audience: Audience,
    guests: bool,
    logins: bool,
    anyone_may_read: bool,
) -> Access:
    """Return who reads the page.

    Args:
        host: that is listened on.
        audience: whom the answers are for.
        guests: whether it was said who asks, on the command line: then it is for others.
        logins: whether somebody can log in.
        anyone_may_read: whether it was said that everybody may read everything.

    Raises:
        UsageError: if more than the public writing would be shown to whoever reaches this machine.
    """
    if guests:
        _check(host, audience, anyone_may_read=anyone_may_read)
        return Access(Login.NOBODY, audience)
    if logins:
        return Access(Login.PASSWORD)
    if is_loopback(host):
        return Access(Login.LOCAL)
    _check(host, audience, anyone_may_read=anyone_may_read)
    return Access(Login.NOBODY)


def _check(host: str, audience: Audience, *, anyone_may_read: bool) -> None:
    if is_loopback(host) or audience is Audience.PUBLIC or anyone_may_read:
        return
    message = (
        f"--host {host} would show everybody who reaches this machine what the audience "
        f"“{audience.value}” may see: there is no login"
    )
    hint = "add a login with `twin chat user add NAME`, show --audience public, or say --anyone-may-read"
    raise UsageError(message, hint)


_access = Access()


def admit(access: Access) -> None:
    """Set who reads the page of this process; app.py, which Chainlit loads, asks for it."""
    global _access  # noqa: PLW0603 - Chainlit loads app.py itself, without arguments
    _access = access


def admitted() -> Access:
    """Return who reads the page of this process."""
    return _access
