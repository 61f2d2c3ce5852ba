"""What arrives in each channel: in order, and after what was said while nobody listened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from weakref import WeakValueDictionary

import discord
import structlog

from adapters.discord.failures import CLICKS, LOST, UNKNOWN_CHANNEL, missing_permission
from adapters.platform import Reception

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Channels that are read at the same time; Discord allows 50 requests in a second."""

PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds until what could not be read or stored is tried again."""

Take = Callable[[discord.Message], Awaitable[bool]]


class History(Protocol):
    """What Discord keeps of a channel."""

    async def last(self, channel_id: int) -> int | None:
        """Give the id of the newest message, None if that is not known."""
        ...

    def after(self, channel_id: int, message_id: int) -> AsyncIterator[discord.Message]:
        """Give what was written after a message, oldest first."""
        ...


class Channels:
    """The channels in which the bot was spoken to.

    A channel's mark is the newest message up to which everything is on disk. Where something may
    have been missed the channel is behind: it is read from its mark before anything newer is taken.
    `take` stores a message and says whether it was for the bot; if it raises, it is not stored.
    """

    def __init__(
        self,
        reception: Reception,
        history: History,
        take: Take,
        *,
        within: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._reception = reception
        self._history = history
        self._take = take
        self._within = within
        self._clock = clock
        self._marks: dict[int, int] = {}
        self._behind: set[int] = set()
        self._lanes: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Learn which channels are known: all of them are behind."""
        marks: Mapping[str, str] = await self._reception.marks()
        self._marks = {int(channel): int(message) for channel, message in marks.items()}
        self.may_have_missed()

    def may_have_missed(self) -> None:
        """Read every known channel before anything newer of it is taken."""
        self._behind |= self._marks.keys()

    def catch_up(self) -> None:
        """Begin to read what was missed, unless that goes on already."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all(), name="catching up")

    async def close(self) -> None:
        """Read nothing more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def arrived(self, message: discord.Message) -> None:
        """Take a message in its place."""
        channel = message.channel.id
        async with self.lane(channel):
            if channel in self._behind and not await self._read(channel):
                self.catch_up()
                return  # it is read again from the channel, in its place
            await self._store(channel, message)

    def lane(self, channel_id: int) -> asyncio.Lock:
        """Give the order of a channel: who holds it is alone in taking something from there."""
        return self._lanes.setdefault(channel_id, asyncio.Lock())

    async def spoken_in(self, channel_id: int, event_id: int) -> None:
        """Know a channel from now on, in which something else than a message arrived."""
        if channel_id not in self._marks:
            await self._mark(channel_id, event_id)

    async def _store(self, channel: int, message: discord.Message) -> bool:
        """Take a message; if it could not be stored its channel is behind."""
        try:
            if await self._take(message):
                await self._mark(channel, message.id)
        except Exception:
            log.exception("a message was not taken; its channel is read again")
            self._marks.setdefault(channel, message.id - 1)
            self._behind.add(channel)
            self.catch_up()
            return False
        return True

    async def _mark(self, channel: int, message: int) -> None:
        if message > self._marks.get(channel, 0):
            await self._reception.mark(str(channel), str(message))
            self._marks[channel] = message

    async def _read_all(self) -> None:
        """Read all that is behind, again and again until nothing is."""
        pause = PAUSE
        while self._behind:
            few = asyncio.Semaphore(AT_ONCE)

            async def read(channel: int, few: asyncio.Semaphore = few) -> None:
                async with few, self.lane(channel):
                    if channel in self._behind:
                        await self._read(channel)

            await asyncio.gather(*map(read, list(self._behind)))
            if self._behind:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _read(self, channel: int) -> bool:
        """Read a channel from its mark, in its lane; False if that has to be tried again."""
        oldest = discord.utils.time_snowflake(self._clock() - self._within)
        after = max(self._marks[channel], oldest)
        newest = 0
        count = 0
        self._behind.discard(channel)  # first, for more may be missed meanwhile
        try:
            last = await self._history.last(channel)
            if last is None or last > after:
                async for message in self._history.after(channel, after):
                    if not await self._store(channel, message):
                        return False
                    newest = message.id
                    count += 1
        except discord.HTTPException as refused:
            if refused.code not in CLICKS and refused.code != UNKNOWN_CHANNEL:
                log.warning("a channel could not be read", channel=channel, error=str(refused))
                self._behind.add(channel)
                return False
            if refused.code in CLICKS:
                log.warning(
                    missing_permission(f"channel {channel}", "View Channel, Read Message History")
                )
        except (discord.RateLimited, *LOST) as lost:
            log.warning("a channel could not be read", channel=channel, error=type(lost).__name__)
            self._behind.add(channel)
            return False
        if newest:
            try:
                await self._mark(channel, newest)
            except Exception:
                log.exception("a channel is read again, for its mark could not be kept")
                self._behind.add(channel)
                return False
            log.info("read what was missed", channel=channel, messages=count)
        return True
