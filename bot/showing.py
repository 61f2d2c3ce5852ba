"""Showing replies on a platform: in the order of their chat, and noted on disk as they go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from adapters.contract import (
    Address,
    ApprovalRequest,
    ApprovalSettled,
    Reply,
)
from adapters.platform import DeliveryFailed
from bot.addresses import place_of
from bot.streams import SPOKEN, ReplyStream
from sessions.conversations import Conversations
from sessions.database import DatabaseError

log = structlog.get_logger(__name__)


class Showing:
    """`adapters.contract.Replies`: what one turn says in a chat, for as long as the ``with`` lasts.

    What belongs to a turn waits until its chat is free, in the order in which it was said, also
    while a card before it is still being edited: `lane` is None where there is no order to keep.
    With `notes` it is on disk that a message is being shown before its first part is sent.
    Leaving marks as delivered what was read to the end.
    """

    def __init__(
        self,
        stream: ReplyStream,
        conversations: Conversations,
        to: Address,
        *,
        lane: asyncio.Lock | None,
        notes: bool,
    ) -> None:
        self._stream = stream
        self._conversations = conversations
        self._place = place_of(to)
        self._lane = lane
        self._notes = notes
        self._in_line: asyncio.Task[None] | None = None
        self._rows: dict[str, None] = {}
        self._cards: set[str] = set()
        self._ended: set[str] = set()
        self._has_parts = False
        self.complete = False

    async def __aenter__(self) -> Self:
        """Begin; nothing is shown yet."""
        if self._lane is not None:
            self._stream.speaks = self._stand_in_line
            if self._stream.has_spoken:
                self._stand_in_line()
        return self

    def __aiter__(self) -> AsyncIterator[Reply]:
        return self

    async def __anext__(self) -> Reply:
        while (item := await self._stream.next()) is not None:
            reply, row = item
            if isinstance(reply, SPOKEN):
                await self._take_lane()
            if isinstance(reply, ApprovalRequest):
                self._cards.add(reply.approval_id)
            if isinstance(reply, ApprovalSettled) and self._notes:
                reply = await self._on_its_cards(reply)
            if not row or await self._may_show(row):
                return reply
        self.complete = True
        raise StopAsyncIteration

    async def _may_show(self, row: str) -> bool:
        """Note that a message is being shown; False if the outbox was faster."""
        is_new = self._notes and row not in self._rows
        if is_new and not await self._conversations.showing(row):
            return False
        self._rows[row] = None
        return True

    async def shown(self, part: str, of: str = "") -> None:
        """Note on disk that the platform now shows this part."""
        if of:
            self._cards.discard(of)
            await self._conversations.cards.add(of, self._place, part)
            return
        self._has_parts = True
        await self._conversations.parts.add(self._stream.shows, part)

    async def _on_its_cards(self, settled: ApprovalSettled) -> ApprovalSettled:
        """Say where the card stands that now tells how it ended."""
        cards = await self._conversations.cards.parts(settled.approval_id, self._place)
        if settled.ending:
            self._ended.add(settled.approval_id)
        return replace(settled, cards=cards)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note what was delivered, and let the next one show."""
        self._stream.leave()
        try:
            await self._note(error)
        except DatabaseError as failed:
            # It has been said; at worst it is shown once more after the next start.
            await asyncio.to_thread(log.error, "a delivery could not be noted", exc_info=failed)
        finally:
            self._leave_lane()

    async def _note(self, error: BaseException | None) -> None:
        if isinstance(error, DeliveryFailed) and error.retry_after is not None:
            for row in self._rows:  # the platform has said that it did not take them
                await self._conversations.mark(row, "written")
        if self.complete and error is None:
            cards = self._conversations.cards
            for approval_id in self._cards - self._ended if self._notes else ():
                await cards.add(approval_id, self._place)
            for approval_id in self._ended:
                await cards.forget(approval_id, self._place)
            if self._rows or self._has_parts:
                await self._conversations.delivered(list(self._rows), self._stream.shows)

    def _stand_in_line(self) -> None:
        if self._lane is not None and self._in_line is None:
            self._in_line = asyncio.create_task(_acquire(self._lane))

    async def _take_lane(self) -> None:
        self._stand_in_line()
        if self._in_line is not None:
            await asyncio.shield(self._in_line)

    def _leave_lane(self) -> None:
        """Let the next one show, and stand in line no more."""
        self._stream.speaks = lambda: None
        waits, self._in_line = self._in_line, None
        if waits is None or self._lane is None:
            return
        if not waits.done():
            waits.cancel()
        elif not waits.cancelled():
            self._lane.release()


async def _acquire(lane: asyncio.Lock) -> None:
    await lane.acquire()
