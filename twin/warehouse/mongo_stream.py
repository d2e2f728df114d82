"""Waiting for changes in a MongoDB warehouse: by a change stream, or by looking at the number.

In: a number of the feed, seconds. Out: whether there is a newer one. What changed is always read by
its number; the stream only says when. So a stream that cannot be had, or whose resume token has
expired, costs time and never a change.

A resume token is kept beside each consumer's place in the feed, in the same row. It is paired with
a number: every change with a greater one comes after the token in the stream.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from pymongo.change_stream import CollectionChangeStream
from pymongo.errors import OperationFailure

from twin.warehouse.mongo_feed import Feed
from twin.warehouse.mongo_schema import STATE, Row, Tables
from twin.warehouse.mongo_server import passing

LOOK_SECONDS: Final = 0.5
"""How long it is slept between two looks at the number where there is no stream."""

LONGEST_AWAIT: Final = 10.0
"""Seconds that the server holds one request for events; less than the socket's time limit."""

EXPIRED: Final = {136, 222, 260, 280, 286}
"""Codes of a token that the server no longer knows; the main one is ChangeStreamHistoryLost."""

_PIPELINE: Final = [{"$match": {"documentKey._id": STATE}}]
"""Every transaction changes one row, last of all: one event a transaction is enough."""

log = logging.getLogger(__name__)

Token = Mapping[str, Any]


class Waiting:
    """Waits, and remembers the newest pair of a number and a token."""

    def __init__(self, tables: Tables, feed: Feed) -> None:
        self._tables = tables
        self._feed = feed
        self._pair: tuple[int, Token] | None = None
        self._streams = True

    def token_for(self, number: int) -> Token | None:
        """Return a token from which on everything after `number` is seen, if one is known."""
        return self._pair[1] if self._pair is not None and self._pair[0] <= number else None

    def wait(self, after: int, deadline: float, alive: Callable[[], object]) -> bool:
        """Wait until the feed has a number greater than `after`.

        Args:
            after: a number of the feed.
            deadline: until when, by the monotonic clock; where it has passed, it only looks.
            alive: called before each look; raises if the warehouse was closed.

        Raises:
            PyMongoError: if the connection is lost; to be called again.
        """
        while True:
            alive()
            if self._feed.newest() > after:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            stream = self._open(after, min(left, LONGEST_AWAIT))
            if stream is None:
                time.sleep(min(LOOK_SECONDS, left))
                continue
            with stream:
                self._follow(stream, after, deadline, alive)

    def _follow(
        self,
        stream: CollectionChangeStream[Row],
        after: int,
        deadline: float,
        alive: Callable[[], object],
    ) -> None:
        """Return when there is something to look at, the time is over, or the stream has ended."""
        while True:
            # The stream was opened first and the number is looked at now: nothing falls in between.
            token = stream.resume_token
            newest = self._feed.newest()
            if token is not None:
                self._pair = (newest, token)
            began = time.monotonic()
            if newest > after or not stream.alive or began >= deadline:
                return
            alive()
            try:
                event = stream.try_next()
            except OperationFailure as error:
                if passing(error):
                    raise
                self._lost(error, after, resumed=True)
                return
            if event is None:
                # A server that answers at once would otherwise be asked without a pause.
                rest = min(LOOK_SECONDS, deadline - began) - (time.monotonic() - began)
                time.sleep(max(rest, 0))

    def _open(self, after: int, seconds: float) -> CollectionChangeStream[Row] | None:
        """Open the stream where it was left; None where it must be done by looking."""
        if not self._streams:
            return None
        token = self.token_for(after) or self._kept(after)
        try:
            return self._tables.state.watch(
                _PIPELINE, resume_after=token, max_await_time_ms=max(int(seconds * 1000), 1)
            )
        except OperationFailure as error:
            if passing(error):
                raise
            self._lost(error, after, resumed=token is not None)
            return None

    def _kept(self, after: int) -> Token | None:
        """Return the token that a consumer at `after`, or before, left behind."""
        wanted = {"seq": {"$lte": after}, "token": {"$ne": None}}
        row = self._tables.cursors.find_one(wanted, sort=[("seq", -1)])
        return None if row is None else row["token"]

    def _lost(self, error: OperationFailure, after: int, *, resumed: bool) -> None:
        """Forget tokens that have expired; where there are no streams at all, ask no more."""
        if resumed and error.code in EXPIRED:
            log.info("the resume token of the change stream has expired (code %s)", error.code)
            self._pair = None
            old = {"seq": {"$lte": after}, "token": {"$ne": None}}
            self._tables.cursors.update_many(old, {"$set": {"token": None}})
        else:
            log.info("no change stream (code %s): the feed is looked at instead", error.code)
            self._streams = False
