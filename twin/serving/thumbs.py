"""Thumbs, as the browser gives them, each by whoever gives it.

In: requests of the page's own buttons. Out: thumbs in the history and in the warehouse. Chainlit's own
routes ask nobody who they are: there, whoever is logged in could judge another's answer.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from chainlit.auth import get_current_user
from chainlit.data import get_data_layer
from chainlit.types import DeleteFeedbackRequest, UpdateFeedbackRequest
from chainlit.user import PersistedUser, User
from fastapi import APIRouter, Depends, FastAPI, HTTPException

from twin.errors import NotFoundError, TwinError
from twin.serving.history.layer import History

Reader = User | PersistedUser | None
_reader = Depends(get_current_user)


def replace_thumbs(app: FastAPI, prefix: str = "") -> None:
    """Have a page take thumbs by who gives them, in the place of Chainlit's routes.

    Args:
        app: Chainlit's.
        prefix: of its routes.
    """
    router = APIRouter(prefix=prefix)
    router.add_api_route("/feedback", _put, methods=["PUT"])
    router.add_api_route("/feedback", _delete, methods=["DELETE"])
    # The first route that fits is taken.
    app.router.routes[:0] = router.routes


async def _put(update: UpdateFeedbackRequest, reader: Reader = _reader) -> dict[str, Any]:
    history, user = _whose(reader)
    return {"success": True, "feedbackId": await _told(history.put_thumb(user, update.feedback))}


async def _delete(gone: DeleteFeedbackRequest, reader: Reader = _reader) -> dict[str, Any]:
    history, user = _whose(reader)
    await _told(history.take_thumb_back(user, gone.feedbackId))
    return {"success": True}


def _whose(reader: Reader) -> tuple[History, str]:
    history = get_data_layer()  # type: ignore[no-untyped-call]
    if reader is None or not isinstance(history, History):
        raise HTTPException(status_code=401, detail="nobody is logged in, so nothing is kept")
    return history, reader.identifier


async def _told(doing: Awaitable[Any]) -> Any:
    """Do something, and tell the browser in words what goes wrong."""
    try:
        return await doing
    except TwinError as error:
        status = 404 if isinstance(error, NotFoundError) else 500
        words = f"{error.message}: {error.hint}" if error.hint else error.message
        raise HTTPException(status_code=status, detail=words) from error
