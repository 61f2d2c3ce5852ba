"""What goes to a chat without having been read from a turn: pushed answers and messages."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from adapters.contract import Adapter, Address, Answer, DeliveryFailed, Notice, Reply
from bot.addresses import place_of, recipient
from bot.agent.context import TurnContext
from bot.lanes import Lanes
from sessions.conversations import Conversations
from sessions.models import Message

log = structlog.get_logger(__name__)


class Outbox:
    """Shows replies in chats, one after another in each, and keeps what could not be shown.

    A message is a row before it is shown. If its platform does not take it, or cannot be pushed
    to as HTTP cannot, the row stays ``written``: the mailbox has it.
    """

    def __init__(
        self, conversations: Conversations, lanes: Lanes, *, clock: Callable[[], datetime]
    ) -> None:
        self._lanes = lanes
        self._conversations = conversations
        self._clock = clock
        self._adapters: dict[str, Adapter] = {}
        self._chats: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()

    def connect(self, adapter: Adapter) -> None:
        """Let messages reach this platform."""
        self._adapters[adapter.name] = adapter

    async def say(self, to: Address, text: str) -> None:
        """Write a message to somebody who asked nothing; it is shown when its chat is free.

        Who writes does not wait for that: a tool of a turn that is being shown in the same chat
        would wait for itself.
        """
        row = await self._conversations.say(
            Message(
                id=str(uuid4()),
                role="assistant",
                text=text,
                place=place_of(to),
                created_at=self._clock(),
                state="written",
            )
        )

        async def show() -> None:
            if await self.show(to, _once(Notice(text))):
                await self._conversations.mark(row.id, "delivered")

        self._lanes.at_once(show)

    async def send(self, turn: TurnContext, to: str, text: str) -> str:
        """Send a text in a person's name; the recipient sees in whose.

        What is answered is the same whether or not such a person exists.
        """
        address = recipient(to, turn.person)
        if address is None:
            return f"{to!r} is nobody: write 'me', or platform:id such as telegram:12345."
        if address.person == turn.person.person:
            await self.say(address, text)
        else:
            name = f" ({turn.person_name})" if turn.person_name else ""
            await self.say(address, f"Message from {turn.person.person}{name}:\n{text}")
        return f"Your message to {to} is on its way."

    async def show(self, to: Address, replies: AsyncIterator[Reply]) -> bool:
        """Show replies whose records are on disk; say whether the platform took them all.

        Answers among them are marked as delivered.
        """
        adapter = self._adapters.get(to.platform)
        if adapter is None:
            log.info("no platform to show a reply on", platform=to.platform)
            return False
        seen: list[str] = []
        chat = Address(to.platform, to.chat_id, "", to.topic_id)
        lock = self._chats.setdefault(chat, asyncio.Lock())
        try:
            async with lock:
                await adapter.deliver(to, _noting_answers(replies, seen))
        except DeliveryFailed as failed:
            log.debug("a reply waits to be fetched", platform=to.platform, reason=failed.reason)
            return False
        except Exception:
            log.exception("a platform failed to show a reply", platform=to.platform)
            return False
        for answer in seen:
            await self._conversations.mark(answer, "delivered")
        return True


async def _once(reply: Reply) -> AsyncIterator[Reply]:
    yield reply


async def _noting_answers(replies: AsyncIterator[Reply], seen: list[str]) -> AsyncIterator[Reply]:
    async for reply in replies:
        if isinstance(reply, Answer):
            seen.append(reply.message_id)
        yield reply
