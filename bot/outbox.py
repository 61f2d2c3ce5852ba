"""What goes to a chat: turns that nobody reads any more, and messages that nobody asked for."""

import asyncio
import math
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from adapters.contract import Address, Answer
from adapters.platform import Adapter, DeliveryFailed
from bot.addresses import Chat, address_of, chat_of, place_of, recipient
from bot.agent.context import TurnContext
from bot.answers import as_answer
from bot.showing import Showing
from bot.streams import ReplyStream
from sessions.conversations import Conversations
from sessions.models import Message

log = structlog.get_logger(__name__)


LOOK_SECONDS = 15.0
"""How often at least a platform is tried that says that it cannot be reached."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How often a message is tried; pauses grow from the first to the longest, in seconds."""

    attempts: int = 8
    first_pause: float = 1.0
    longest_pause: float = 300.0


class Outbox:
    """Shows messages in chats, one after another in each, until they are delivered or dead.

    A message is a row before it is shown. What a platform did not take is tried again with
    growing pauses, or when the platform says; meanwhile nothing else overtakes it in its chat.
    Where a platform cannot push, as HTTP, the row stays ``written``: the mailbox has it.
    """

    def __init__(
        self,
        conversations: Conversations,
        options: DeliveryOptions,
        *,
        clock: Callable[[], datetime],
        gave_up: Callable[[Message, str], None] = lambda *_: None,
    ) -> None:
        self._conversations = conversations
        self._options = options
        self._clock = clock
        self._gave_up = gave_up
        self._adapters: dict[str, Adapter] = {}
        self._lanes: WeakValueDictionary[Chat, asyncio.Lock] = WeakValueDictionary()
        self._workers: dict[Address, asyncio.Task[None]] = {}
        self._woken: set[Address] = set()
        self._read: defaultdict[Address, set[ReplyStream]] = defaultdict(set)
        self._closed = False

    def connect(self, adapter: Adapter) -> None:
        """Let messages reach this platform."""
        self._adapters[adapter.name] = adapter

    @property
    def pushing(self) -> frozenset[str]:
        """The platforms that can show what nobody waits for."""
        return frozenset(name for name, adapter in self._adapters.items() if adapter.pushes)

    def reaches(self, to: Address) -> bool:
        """Say whether something can be shown there that nobody waits for."""
        adapter = self._adapters.get(to.platform)
        return adapter is not None and adapter.pushes

    # ------------------------------------------------------------ turns

    def stream(self, to: Address, shows: str = "") -> ReplyStream:
        """Give a stream for a turn; what its reader misses is pushed to them."""
        stream = ReplyStream(shows, lambda: self.wake(to))
        if self.reaches(to):
            self._read[to].add(stream)  # what is in it is its reader's to show
        return stream

    @asynccontextmanager
    async def showing(self, to: Address, stream: ReplyStream) -> AsyncIterator[Showing]:
        """Show what a turn says, in the order of its chat."""
        pushes = self.reaches(to)
        lane = self._lane(to) if pushes else None
        try:
            async with Showing(stream, self._conversations, to, lane=lane, notes=pushes) as replies:
                yield replies
        finally:
            self._read[to].discard(stream)
            if not self._read[to]:
                del self._read[to]
            if stream.rows:  # what its reader left is ours now
                self.wake(to)

    async def show(self, to: Address, stream: ReplyStream) -> None:
        """Push what a turn says, as it comes."""
        adapter = self._adapters[to.platform]
        try:
            async with self.showing(to, stream) as replies:
                await adapter.deliver(to, replies)
        except DeliveryFailed as failed:
            self.wake(to, after=failed.retry_after or 0)
        except Exception:
            log.exception("a platform failed to show a reply", platform=to.platform)
            self.wake(to)

    # ------------------------------------------------------------ messages

    async def say(self, to: Address, text: str, *, thread_id: str = "") -> None:
        """Write a message to somebody who asked nothing; it is shown when its chat is free.

        With `thread_id` its words belong to that conversation, and are deleted with it.

        Who writes does not wait for that: a tool of a turn that is being shown in the same chat
        would wait for itself.
        """
        await self._conversations.say(
            Message(
                id=str(uuid4()),
                role="assistant",
                text=text,
                place=place_of(to),
                created_at=self._clock(),
                state="written",
                thread_id=thread_id,
            )
        )
        self.wake(to)

    async def send(self, turn: TurnContext, to: str, text: str) -> str:
        """Send a text in a person's name; the recipient sees in whose.

        What is answered is the same whether or not such a person exists.
        """
        address = recipient(to, turn.person)
        if address is None:
            return f"{to!r} is nobody: write 'me', or platform:id such as telegram:12345."
        if address.platform not in self._adapters:
            served = ", ".join(sorted(self._adapters))
            return f"There is no platform {address.platform!r} here, only: {served}."
        if address.person == turn.person.person:
            await self.say(address, text, thread_id=turn.thread_id)
        else:
            name = f" ({turn.person_name})" if turn.person_name else ""
            await self.say(address, f"Message from {turn.person.person}{name}:\n{text}")
        return f"Your message to {to} is on its way."

    async def wake_all(self) -> None:
        """Show everything that was not seen to be shown, as at the start."""
        for name, adapter in self._adapters.items():
            if adapter.pushes:
                for row in await self._conversations.undelivered(name):
                    self.wake(address_of(row.place))

    def wake(self, to: Address, *, after: float = 0) -> None:
        """Show what waits for this chat, not before so many seconds."""
        if self._closed or not self.reaches(to):
            return
        self._woken.add(to)
        if to in self._workers:
            return
        worker = asyncio.create_task(self._empty(to, after), name=f"outbox {to.person}")
        self._workers[to] = worker
        worker.add_done_callback(lambda done: self._ended(to, done))

    async def close(self) -> None:
        """Stop showing; what was not delivered is shown after the next start."""
        self._closed = True
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _empty(self, to: Address, after: float) -> None:
        await asyncio.sleep(after)
        async with self._lane(to):
            while to in self._woken:  # also by whoever wrote while the records were read
                self._woken.discard(to)
                for row in await self._conversations.undelivered_to(place_of(to)):
                    if not any(row.id in stream.rows for stream in self._read.get(to, ())):
                        await self._push(to, row)
            self._workers.pop(to, None)

    async def _push(self, to: Address, row: Message) -> None:
        """Show one message, however often that has to be tried; at the end it is dead."""
        shows = row.answers or row.id
        again = row.state == "showing"
        while True:
            attempt = await self._conversations.attempt(row.id)
            parts = await self._conversations.parts.of(shows)
            answer = await as_answer(row, self._conversations, parts, again=again)
            failed = await self._try(to, answer, shows)
            if failed is None:
                return
            away = bool(self._adapters[to.platform].problem)  # it says itself that it is
            if failed.final or (attempt >= self._options.attempts and not away):
                await self._conversations.dead.bury(row.id, failed.reason)
                log.error("a message could not be delivered", message=row.id, reason=failed.reason)
                self._gave_up(row, failed.reason)
                return
            # A platform that says when to come back has not taken it; otherwise nobody knows.
            again = again or failed.retry_after is None
            pause = min(self._pause(attempt), LOOK_SECONDS if away else math.inf)
            await asyncio.sleep(pause if failed.retry_after is None else failed.retry_after)

    async def _try(self, to: Address, answer: Answer, shows: str) -> DeliveryFailed | None:
        stream = ReplyStream(shows)
        stream.put(answer, answer.message_id)
        stream.close()
        try:
            async with Showing(stream, self._conversations, to, lane=None, notes=True) as replies:
                await self._adapters[to.platform].deliver(to, replies)
        except DeliveryFailed as failed:
            return failed
        except Exception as error:
            log.exception("a platform failed to show a message", platform=to.platform)
            return DeliveryFailed(f"{type(error).__name__}: {error}")
        return None

    def _pause(self, attempt: int) -> float:
        """Double the pause each time, and vary it, so that not all come back at once."""
        longest = min(self._options.first_pause * 2.0 ** (attempt - 1), self._options.longest_pause)
        return longest * random.uniform(0.5, 1.0)

    def _lane(self, to: Address) -> asyncio.Lock:
        return self._lanes.setdefault(chat_of(to), asyncio.Lock())

    def _ended(self, to: Address, worker: "asyncio.Task[None]") -> None:
        if self._workers.get(to) is worker:
            del self._workers[to]
        if not worker.cancelled() and (error := worker.exception()):
            log.error("a message waits for the next start", exc_info=error)
