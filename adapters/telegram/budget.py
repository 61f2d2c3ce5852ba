"""How much may be written in one chat, and when: the one budget of typing, edits and messages.

Telegram's FAQ for bots names about one message a second in a chat, with short bursts, and twenty a
minute in a group. Typing and previews only take what messages do not need, and are the first to
stop: what is sent during a ban makes the ban longer.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BURST, BURST_SECONDS = 5, 5.3
A_MINUTE, MINUTE_SECONDS = 20, 60.5
"""Messages in a group; the seconds are a little more, for requests do not arrive evenly."""

KEPT_FREE = 2
"""Messages of a burst that previews leave."""

KEPT_FREE_A_MINUTE = 8
"""Messages a minute in a group that previews leave."""

QUIET_AFTER_BAN = 30.0
"""For so many seconds after a ban nothing is sent that need not be."""

MOST_CHATS = 1000


@dataclass
class _Chat:
    sent: deque[float] = field(default_factory=deque)
    banned_until: float = 0.0
    quiet_until: float = 0.0
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)


class Budget:
    """The budgets of all chats. `clock` is in seconds and never goes back; `sleep` waits for it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._chats: dict[int, _Chat] = {}

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Wait until one more message may be written in a chat; it is sent within the ``with``.

        One after another, in the order in which they come.
        """
        chat = self._chat(chat_id)
        async with chat.turns:
            while (left := self._left(chat, chat_id)) > 0:
                await self.sleep(left)
            try:
                yield
            finally:
                chat.sent.append(self.clock())  # Telegram has counted it by now

    def spare(self, chat_id: int, *, counts: bool) -> float:
        """Say in how many seconds something that need not be may be shown; 0 is now.

        What `counts` is a message or an edit, and then takes its turn; typing and drafts do not.
        """
        chat = self._chat(chat_id)
        now = self.clock()
        if (left := max(chat.banned_until, chat.quiet_until) - now) > 0:
            return left
        if chat.turns.locked():
            return 1.0
        if counts:
            left = self._left(chat, chat_id, keep=KEPT_FREE, keep_a_minute=KEPT_FREE_A_MINUTE)
            return max(left, 0.0)
        return 0.0

    def ban(self, chat_id: int, seconds: float) -> None:
        """Note that Telegram takes nothing there for so long."""
        chat = self._chat(chat_id)
        chat.banned_until = max(chat.banned_until, self.clock() + seconds)
        chat.quiet_until = chat.banned_until + QUIET_AFTER_BAN

    def _left(self, chat: _Chat, chat_id: int, keep: int = 0, keep_a_minute: int = 0) -> float:
        """Say in how many seconds there is room, if so many messages are to stay free."""
        now = self.clock()
        while chat.sent and chat.sent[0] <= now - MINUTE_SECONDS:
            chat.sent.popleft()
        left = chat.banned_until - now
        left = max(left, _room(chat.sent, now, BURST - keep, BURST_SECONDS))
        if chat_id < 0:  # groups have negative ids
            left = max(left, _room(chat.sent, now, A_MINUTE - keep_a_minute, MINUTE_SECONDS))
        return left

    def _chat(self, chat_id: int) -> _Chat:
        if len(self._chats) > MOST_CHATS:
            now = self.clock()
            self._chats = {
                key: chat
                for key, chat in self._chats.items()
                if chat.turns.locked()
                or chat.quiet_until > now
                or (chat.sent and chat.sent[-1] > now - MINUTE_SECONDS)
            }
        return self._chats.setdefault(chat_id, _Chat())


def _room(sent: deque[float], now: float, most: int, seconds: float) -> float:
    """Say in how many seconds fewer than `most` lie in a window of that length."""
    if len(sent) < most:
        return 0.0
    return sent[-most] + seconds - now
