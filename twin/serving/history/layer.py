"""Chainlit's data layer over the history.

In: what Chainlit does not want to forget. Out: the same after a restart, thumbs included: its own
layers lose those, and lose every step whose parent was written after it. What lies beside an answer
carries its text in its address, so that it opens without any file.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from chainlit.context import context
from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import (
    Feedback,
    PageInfo,
    PaginatedResponse,
    Pagination,
    ThreadDict,
    ThreadFilter,
)
from chainlit.user import PersistedUser, User

from twin.errors import NotFoundError
from twin.serving.history.contents import Contents
from twin.serving.history.conversations import Conversations
from twin.serving.history.database import Body, Database
from twin.serving.history.forgetting import catch_up, settle
from twin.warehouse.feedback import Feedback as Said
from twin.warehouse.feedback import read_feedback
from twin.warehouse.protocol import Warehouse

Method = TypeVar("Method", bound=Callable[..., Any])

UNKNOWN = "this answer is not known any more"


def _after_a_message(method: Method) -> Method:
    """Have Chainlit hold a write back until something was asked: nobody keeps an empty page."""
    return cast("Method", queue_until_user_message()(method))  # type: ignore[no-untyped-call]


Thumbed = Callable[[str, Said | None, int | None, str], Awaitable[None]]
"""Told of a thumb: its id, what it is about, 1 or 0 (both None if it was taken back), and the comment."""


class History(BaseDataLayer):
    """Keeps conversations for Chainlit.

    Args:
        url: of the database.
        thumbed: told of thumbs; what it raises is told to the person.
    """

    def __init__(self, url: str, thumbed: Thumbed) -> None:
        self._database = Database(url)
        self._conversations = Conversations(self._database)
        self.contents = Contents(self._database)
        self._thumbed = thumbed

    async def close(self) -> None:
        """Wait for what is being written, and let go of the database."""
        await self._database.close()

    async def catch_up(self, warehouse: Warehouse) -> int:
        """Empty what conversations repeat of what was forgotten; return how many answers that were.

        Raises:
            WarehouseError: if the history or the warehouse cannot be read or written.
        """
        return await catch_up(self._database, warehouse)

    async def settle(self, warehouse: Warehouse, asked_id: str) -> None:
        """Empty a turn that has just ended, if what it rests on was forgotten meanwhile.

        Raises:
            WarehouseError: if the history or the warehouse cannot be read or written.
        """
        await settle(self._database, warehouse, asked_id)

    async def build_debug_url(self) -> str:
        """Return nothing: the link to a trace stands with its message."""
        return ""

    # People

    async def get_user(self, identifier: str) -> PersistedUser | None:
        """Return a person by the name that they log in with."""
        found = await self._conversations.user(identifier)
        return _person(found) if found else None

    async def create_user(self, user: User) -> PersistedUser | None:
        """Keep a person, and return them."""
        return _person(await self._conversations.put_user(user.identifier, user.metadata))

    # Conversations

    async def get_thread_author(self, thread_id: str) -> str:
        """Return whose conversation it is; nobody has the empty name."""
        return await self._conversations.author(thread_id) or ""

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """Return a conversation."""
        return cast("ThreadDict | None", await self._conversations.thread(thread_id))

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Keep what is known of a conversation; what is None stays as it was."""
        values = {"name": name, "user_id": user_id, "about": metadata, "tags": tags}
        await self._conversations.put_thread(thread_id, values)

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """Return a person's conversations, the last changed first."""
        found, more = await self._conversations.list_threads(
            filters.userId or "",
            most=pagination.first,
            after=pagination.cursor,
            search=filters.search,
            value=filters.feedback,
        )
        page = PageInfo(
            hasNextPage=more,
            startCursor=found[0]["id"] if found else None,
            endCursor=found[-1]["id"] if found else None,
        )
        return PaginatedResponse(pageInfo=page, data=cast("list[ThreadDict]", found))

    async def delete_thread(self, thread_id: str) -> None:
        """Forget a conversation; what was said of its answers stays in the warehouse."""
        await self._conversations.delete_thread(thread_id)

    # What is in them

    @_after_a_message
    async def create_step(self, step_dict: StepDict) -> None:
        """Keep a step."""
        await self.contents.put_step(cast("Body", step_dict))

    @_after_a_message
    async def update_step(self, step_dict: StepDict) -> None:
        """Keep a step as it is now."""
        await self.contents.put_step(cast("Body", step_dict))

    @_after_a_message
    async def delete_step(self, step_id: str) -> None:
        """Forget a step."""
        await self.contents.delete_step(context.session.thread_id, step_id)

    @_after_a_message
    async def create_element(self, element: Element) -> None:
        """Keep an element that carries its text; a file that was uploaded is in the twin by now."""
        body = cast("Body", element.to_dict())
        if element.for_id and (element.url or element.type == "custom"):
            # Whoever changes one says of which conversation it is: it is of theirs.
            own = {"threadId": context.session.thread_id, "chainlitKey": None}
            await self.contents.put_element({**body, **own})

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        """Return an element."""
        return cast("ElementDict | None", await self.contents.element(thread_id, element_id))

    @_after_a_message
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Forget an element."""
        del thread_id
        await self.contents.delete_element(context.session.thread_id, element_id)

    # Thumbs. Chainlit does not say whose they are: `twin.serving.thumbs` does.

    async def put_thumb(self, user: str, feedback: Feedback) -> str:
        """Keep somebody's thumb on an answer of theirs, and tell of it; return its id.

        Raises:
            NotFoundError: if no such answer is kept in a conversation of theirs.
        """
        kept = await self.contents.kept(feedback.forId, user)
        if kept is None:
            raise NotFoundError(UNKNOWN, "only answers can be judged, each by whoever asked")
        # Another thumb on the same answer is the same act, whatever id the browser knows it by.
        thumb = await self.contents.thumb(feedback.forId) or str(uuid.uuid4())
        about = read_feedback(kept.body)
        await self._thumbed(thumb, about, feedback.value, feedback.comment or "")
        body = {"id": thumb, "for_id": feedback.forId, "value": feedback.value}
        await self.contents.put_thumb(kept.thread_id, {**body, "comment": feedback.comment})
        return thumb

    async def take_thumb_back(self, user: str, thumb_id: str) -> None:
        """Forget somebody's thumb, and tell of it.

        Raises:
            NotFoundError: if there is no such thumb of theirs.
        """
        if not await self.contents.has_thumb(thumb_id, user):
            message = "this thumb is not known any more"
            raise NotFoundError(message, "reload the page")
        await self._thumbed(thumb_id, None, None, "")
        await self.contents.delete_thumb(thumb_id)

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Refuse a thumb of which nobody says whose it is."""
        raise NotFoundError(UNKNOWN, feedback.forId)

    async def delete_feedback(self, feedback_id: str) -> bool:
        """Refuse to forget a thumb where nobody says whose it is."""
        raise NotFoundError(UNKNOWN, feedback_id)

    # Not offered

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """Return nothing: there are no favourites."""
        del user_id
        return []


def _person(body: Body) -> PersistedUser:
    return PersistedUser(
        id=body["id"],
        identifier=body["identifier"],
        createdAt=body["created_at"],
        metadata=body["about"],
    )
