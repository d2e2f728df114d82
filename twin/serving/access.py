"""Who reads the page, and what is kept of that.

In: the address that is listened on, the audience, and who may log in. Out: an `Access`: one person on
their own machine, people with passwords, or guests of whom nothing is kept; and what somebody is
called here whom an OAuth provider vouches for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from twin.documents import Audience
from twin.errors import ConfigurationError, UsageError
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


def vouched_for(provider: str, name: str) -> str:
    """Return what somebody is called here whom an OAuth provider vouches for.

    The ines of one provider need not be the ines of another, nor the one who has a password: a name
    with a password has no colon.
    """
    return f"{provider}:{name}"


def let_in(allowed: Iterable[str], providers: Collection[str]) -> frozenset[str]:
    """Return who may log in by OAuth, each as `vouched_for` calls them.

    Args:
        allowed: as twin.toml has them: ``github:ines``, or ``ines`` where one provider is set up.
        providers: that are set up.

    Raises:
        ConfigurationError: if it is not clear who is meant.
    """
    found = set()
    for one in allowed:
        provider, colon, name = one.partition(":")
        if not colon and len(providers) == 1:
            provider, name = next(iter(providers)), one
        elif not colon:
            message = f"chat.oauth_allowed names {one!r} and not who vouches for them"
            hint = f"write {' or '.join(repr(vouched_for(p, one)) for p in sorted(providers))}"
            raise ConfigurationError(message, hint)
        if provider not in providers or not name:
            message = f"chat.oauth_allowed names {one!r}, and no provider {provider!r} is set up"
            hint = f"write PROVIDER:NAME; set up: {', '.join(sorted(providers))}"
            raise ConfigurationError(message, hint)
        found.add(vouched_for(provider, name))
    return frozenset(found)


_access = Access()


def admit(access: Access) -> None:
    """Set who reads the page of this process; app.py, which Chainlit loads, asks for it."""
    global _access  # noqa: PLW0603 - Chainlit loads app.py itself, without arguments
    _access = access


def admitted() -> Access:
    """Return who reads the page of this process."""
    return _access
