"""The updates that Telegram hands out: in order in each chat, different chats side by side."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import structlog
from telegram import Message, Update

from adapters.platform import Reception
from adapters.telegram.arrivals import Arrivals
from adapters.telegram.gathering import joins, may_go_on

log = structlog.get_logger(__name__)

MOST_WAIT = 1.0
"""Seconds that a message waits for others that belong to it."""

NEXT_WAIT = 0.6
"""Seconds after which no further one is expected."""

TRIES = 3
PAUSE = 0.5
"""Seconds, before something that failed is tried once more."""


class NotKept(Exception):
    """An update could neither be handled nor set aside: it must be handed out again."""


Kept = asyncio.Future[None]
"""Done when an update is durable; NotKept if it cannot be at the moment."""


@dataclass
class _Item:
    update: Update
    kept: Kept

    @property
    def message(self) -> Message | None:
        return self.update.message


@dataclass
class _Lane:
    items: deque[_Item] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    worker: asyncio.Task[None] | None = None


class Intake:
    """Takes updates; the same one twice at once is one."""

    def __init__(self, arrivals: Arrivals, reception: Reception) -> None:
        self._arrivals = arrivals
        self._reception = reception
        self._lanes: dict[int, _Lane] = {}
        self._kept: dict[int, Kept] = {}

    def take(self, update: Update) -> Kept:
        """Take an update in its place; what is given is done when it is durable."""
        if (known := self._kept.get(update.update_id)) is not None:
            return known
        kept: Kept = asyncio.get_running_loop().create_future()
        self._kept[update.update_id] = kept
        kept.add_done_callback(lambda done: self._forget(update.update_id, done))
        chat = update.effective_chat
        key = chat.id if chat is not None else 0
        lane = self._lanes.setdefault(key, _Lane())
        lane.items.append(_Item(update, kept))
        lane.news.set()
        if lane.worker is None:
            lane.worker = asyncio.create_task(self._empty(key, lane), name="telegram intake")
        return kept

    async def set_aside(self, update_id: str, content: str, reason: str) -> None:
        """Keep what cannot be read.

        Raises:
            NotKept: nor can it be kept.
        """
        try:
            await self._reception.set_aside(update_id, content, reason)
        except Exception as error:
            log.exception("an update could not be set aside", update=update_id)
            raise NotKept from error

    async def close(self) -> None:
        """Take nothing more in; what is not durable is handed out again later."""
        workers = [lane.worker for lane in self._lanes.values() if lane.worker is not None]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for kept in list(self._kept.values()):
            kept.cancel()

    async def _empty(self, key: int, lane: _Lane) -> None:
        while lane.items:
            bundle = await self._bundle(lane)
            failed = await self._handle(bundle)
            for item in bundle:
                if item.kept.done():
                    continue
                if failed is None:
                    item.kept.set_result(None)
                else:
                    item.kept.set_exception(failed)
        del self._lanes[key]

    async def _bundle(self, lane: _Lane) -> list[_Item]:
        """Give the next update, and with it all that belongs to it."""
        bundle = [lane.items.popleft()]
        if bundle[0].message is None:
            return bundle
        loop = asyncio.get_running_loop()
        end = loop.time() + MOST_WAIT
        until = loop.time() + NEXT_WAIT
        while True:
            messages = [item.message for item in bundle if item.message is not None]
            following = _following(lane, messages)
            if following is not None:
                lane.items.remove(following)
                bundle.append(following)
                until = loop.time() + NEXT_WAIT
                continue
            left = min(end, until) - loop.time()
            if not may_go_on(messages) or left <= 0 or _speaks_on(lane, messages[-1]):
                return bundle
            lane.news.clear()
            try:
                await asyncio.wait_for(lane.news.wait(), left)
            except TimeoutError:
                return bundle

    async def _handle(self, bundle: list[_Item]) -> NotKept | None:
        """Handle what belongs together, or set it aside; say if neither can be."""
        for tried in range(1, TRIES + 1):
            try:
                await self._arrive(bundle)
            except Exception as error:
                if tried < TRIES:
                    log.warning("an update is handled once more", error=type(error).__name__)
                    await asyncio.sleep(PAUSE * tried)
                    continue
                log.exception("an update could not be handled", update=bundle[0].update.update_id)
                try:
                    for item in bundle:
                        reason = f"{type(error).__name__}: {error}"
                        await self.set_aside(
                            str(item.update.update_id), item.update.to_json(), reason
                        )
                except NotKept as not_kept:
                    return not_kept
            return None
        return None

    async def _arrive(self, bundle: list[_Item]) -> None:
        update = bundle[0].update
        if update.message is not None:
            messages = [item.message for item in bundle if item.message is not None]
            await self._arrivals.message(messages)
        elif update.callback_query is not None:
            await self._arrivals.tap(update.callback_query)
        elif update.my_chat_member is not None:
            self._arrivals.membership(update.my_chat_member)

    def _forget(self, update_id: int, kept: Kept) -> None:
        self._kept.pop(update_id, None)
        if not kept.cancelled():
            kept.exception()  # whoever handed it in looks at it; nobody has to


def _following(lane: _Lane, messages: list[Message]) -> _Item | None:
    """Find what goes on with these messages, among what others have said meanwhile."""
    for item in lane.items:
        if item.message is not None and item.message.from_user == messages[-1].from_user:
            return item if joins(messages, item.message) else None
    return None


def _speaks_on(lane: _Lane, last: Message) -> bool:
    """Say whether the same person has done something else already."""
    return any(item.update.effective_user == last.from_user for item in lane.items)


def content_of(raw: Any) -> tuple[str, str]:
    """Give the id and text of an update that could not be read."""
    number = raw.get("update_id", "") if isinstance(raw, dict) else ""
    return str(number), json.dumps(raw, ensure_ascii=False)
