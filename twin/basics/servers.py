"""What is sent to a server of models beside the chat itself, and what is said of its failures.

In: an address, a key and whatever a client raised. Out: JSON answers; and a `ModelError` that says what
to do, or a `NotReady` where asking again may help. The key is never shown, whatever the server says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from twin.basics.refusals import Refused, refused
from twin.errors import ContextOverflow, ModelError
from twin.models.patience import NotReady, retry_after

if TYPE_CHECKING:
    import httpx

NO_KEY = "none"
"""Servers of one's own ask for no key, and the clients refuse to send none."""

QUESTIONS = 10.0
"""Seconds that a server may take for a question that needs no generation."""

BUSY, LOADING = 429, 503
_DENIED = {401, 403}
_REFUSED = {400, 413, 422}
_WHY: dict[int | None, str] = {
    BUSY: "is busy",
    LOADING: "is loading its model",
    **dict.fromkeys((408, 425, 500, 502, 504), "failed, and is asked again"),
}
"""What is waited for after a status that may pass."""
_UNREACHABLE = "does not answer, and is asked again"
_TOO_LONG = re.compile(r"tokens|context|too long|too large|max_\w+", re.IGNORECASE)
_STATUS_OF = {"overloaded": BUSY, "validation": 422, "unhealthy": LOADING}
"""TGI's kinds of errors, which also come in the middle of a stream."""


@dataclass(frozen=True)
class Server:
    """A server of models.

    Attributes:
        name: of the model that is wanted there.
        address: as twin.toml has it, without a slash at its end.
        key: of the server, `NO_KEY` for none.
        key_env: the environment variable that the key came from.
    """

    name: str
    address: str
    key: str
    key_env: str

    @property
    def root(self) -> str:
        """The address without the ``/v1`` of the OpenAI-compatible part."""
        return self.address.removesuffix("/v1")

    @cached_property
    def http(self) -> httpx.AsyncClient:
        """The client. It keeps no connection open between two questions, which lie minutes apart."""
        import httpx  # noqa: PLC0415 - only where a server is asked

        from twin.basics.connections import OneEach  # noqa: PLC0415

        return httpx.AsyncClient(
            transport=OneEach(), timeout=httpx.Timeout(None, connect=QUESTIONS)
        )

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that a route answers, None if there is no such route.

        Args:
            method: of HTTP.
            path: below `root`, or a whole address.
            body: sent as JSON, if any.

        Raises:
            ModelError: if it fails.
            NotReady: if it may answer in a moment.
        """
        import httpx  # noqa: PLC0415

        headers = {"Authorization": f"Bearer {self.key}"} if self.key != NO_KEY else {}
        url = path if "://" in path else f"{self.root}{path}"
        try:
            answer = await self.http.request(
                method, url, json=body, headers=headers, timeout=QUESTIONS
            )
            if answer.status_code in {404, 405, 501}:
                return None
            answer.raise_for_status()
            return answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise self.failed(error) from self.cause(error)

    def failed(self, error: BaseException) -> ModelError | NotReady:
        """Return what to raise for a failure of a client, from `cause`."""
        if isinstance(error, ModelError | NotReady):
            return error
        status, text = _status(error), self.without_key(_text(error))
        message = f"the chat model {self.name} failed: {text}"
        if status in _DENIED:
            return ModelError(message, f"is {self.key_env} set in the environment, and right?")
        if status in _REFUSED:
            hint = "if the prompt is too long, lower retrieve.token_budget or retrieve.passages"
            kind = ContextOverflow if _TOO_LONG.search(text) else ModelError
            return kind(message, hint)
        if status == LOADING:
            message = f"the server at {self.address} is not ready: {text}"
            failure = ModelError(message, "it may still load its model: try again in a minute")
        else:
            failure = ModelError(message, self.hint)
        why = _WHY.get(status) or (_UNREACHABLE if status is None and _of_transport(error) else "")
        return NotReady(failure, f"{self.address} {why}", _after(error)) if why else failure

    def refuses(self, error: BaseException) -> Refused | None:
        """Return what of a request the server will not have, None if it failed for another reason."""
        # llama.cpp has 500 for what a chat template refuses.
        of_it = _status(error) in {*_REFUSED, 500}
        return refused(_text(error)) if of_it else None

    async def read(self, error: BaseException) -> None:
        """Read what the server says of a failure, while the connection is still open."""
        answer = _answer(error)
        if answer is not None and not answer.is_closed:
            with suppress(Exception):  # then the client's own words will do
                await answer.aread()

    def cause(self, error: BaseException) -> BaseException | None:
        """Return the cause to name, None where its text would show the key."""
        text = "".join(f"{e}{e!r}" for e in _chain(error))
        return error if self.without_key(text) == text else None

    def broken_off(self) -> NotReady:
        """Return what to raise for a stream that stops without saying why."""
        # A connection that is closed in good order looks like an end.
        message = f"the answer of the chat model {self.name} broke off"
        failure = ModelError(message, f"what does the server at {self.address} say?")
        return NotReady(failure, f"{self.address} broke off, and is asked again")

    def silent(self, seconds: float) -> ModelError:
        """Return what to raise after so many seconds of silence."""
        message = f"the chat model {self.name} said nothing for {seconds:g} s"
        hint = (
            f"is the server at {self.address} overloaded? first_token and timeout in twin.toml are "
            "the seconds it may take"
        )
        return ModelError(message, hint)

    @property
    def hint(self) -> str:
        """What to do if nothing better is known."""
        return f"does a server answer at {self.address}? `twin doctor` asks it"

    def without_key(self, text: str) -> str:
        """Return a text without the key, which a server may repeat."""
        return text.replace(self.key, "[key]") if self.key and self.key != NO_KEY else text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _answer(error: BaseException) -> Any:
    """Return the HTTP answer that an error comes from, None if it has none."""
    answers = (getattr(e, "response", None) for e in _chain(error))
    return next((answer for answer in answers if answer is not None), None)


def _status(error: BaseException) -> int | None:
    answer = _answer(error)
    if answer is not None:
        return int(answer.status_code)
    given = getattr(error, "status_code", None)
    body = _body(error)
    inner = body.get("error")
    inner = inner if isinstance(inner, Mapping) else body
    for fact in (given, body.get("http_status_code"), inner.get("http_status_code")):
        if isinstance(fact, int):
            return fact
    kind = body.get("error_type") or body.get("type") or type(error).__name__
    kind = str(kind).removesuffix("Error").lower()
    return _STATUS_OF.get(kind)


def _body(error: BaseException) -> Mapping[str, Any]:
    body = getattr(error, "body", None)
    return body if isinstance(body, Mapping) else {}


def _text(error: BaseException) -> str:
    """Return what the server says, or else what the client says."""
    answer = _answer(error)
    if answer is not None:
        with suppress(Exception):  # an unread stream, or no JSON: the client's own words will do
            said = answer.json()
            said = said.get("error", said) if isinstance(said, Mapping) else said
            said = said.get("message", said) if isinstance(said, Mapping) else said
            if said:
                return str(said)
    return str(error) or type(error).__name__


def _after(error: BaseException) -> float | None:
    answer = _answer(error)
    return None if answer is None else retry_after(answer.headers.get("Retry-After"))


def _of_transport(error: BaseException) -> bool:
    """Return whether no answer came, or not all of it."""
    names = {
        f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        for e in _chain(error)
        for kind in type(e).__mro__
    }
    return bool(
        names & {"httpx.TransportError", "httpx2.TransportError", "openai.APIConnectionError"}
    )
