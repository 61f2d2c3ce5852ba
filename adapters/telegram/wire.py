"""Requests that write into chats: at the pace of the chat, and as often as it takes."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TypeVar

import structlog
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from adapters.platform import DeliveryFailed, Reception
from adapters.telegram.budget import Budget
from adapters.telegram.refusals import is_for_good, never_arrived, wait_of

log = structlog.get_logger(__name__)

Telegram = ExtBot[None]
"""The client of the Bot API."""

T = TypeVar("T")
Request = Callable[[int], Awaitable[T]]
"""A request, given the id of the chat as it is now."""

LONGEST_PAUSE = 60.0


class Wire:
    """Knows which chats are gone or have another id, and how much may be written in each."""

    def __init__(self, bot: Telegram, budget: Budget, reception: Reception) -> None:
        self.bot = bot
        self.budget = budget
        self.without_drafts: set[int] = set()
        self.fallbacks = 0
        self._reception = reception
        self._gone: set[int] = set()
        self._moved: dict[int, int] = {}

    def came_back(self, chat_id: int) -> None:
        """Note that the bot can be reached from this chat."""
        self._gone.discard(chat_id)

    def went(self, chat_id: int) -> None:
        """Note that the bot was blocked or removed: nothing is sent there."""
        self._gone.add(chat_id)

    def now_at(self, chat_id: int) -> int:
        """Give the id that a chat has now: also a card of the time before is tapped there."""
        return self._moved.get(chat_id, chat_id)

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Note that a group has become a supergroup, with another id."""
        await self._reception.moved(str(chat_id), str(new_chat_id))
        self._moved[chat_id] = new_chat_id

    async def insist(self, chat_id: int, request: Request[T], *, harmless: bool = False) -> T:
        """Make a request that matters: it waits for its turn, for a ban to end, for a network.

        A `harmless` one is made again also where nobody knows whether it took effect.

        Raises:
            DeliveryFailed: nobody knows whether it took effect, or it never can.
            BadRequest: Telegram does not like what it says.
        """
        pause = 1.0
        refused = 0
        while True:
            chat = self.now_at(chat_id)
            if chat in self._gone:
                raise DeliveryFailed("the bot was blocked or removed", final=True)
            try:
                async with self.budget.turn(chat):
                    return await request(chat)
            except RetryAfter as error:
                refused += 1  # whoever is refused again waits longer than told
                self.budget.ban(chat, refused * wait_of(error))
                continue
            except TelegramError as error:
                if await self._passes(chat, error):
                    continue
                if not (harmless or never_arrived(error)):
                    raise DeliveryFailed(f"Telegram did not answer: {_kind(error)}") from None
                log.debug("Telegram is tried again", error=_kind(error))
            await self.budget.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _passes(self, chat: int, error: TelegramError) -> bool:
        """Say whether a request goes at once, now that its chat is found again.

        False means that Telegram was not reached, or its answer was not.
        """
        match error:
            case ChatMigrated():
                await self.moved(chat, error.new_chat_id)
                return True
            case Forbidden():
                self.went(chat)
                raise DeliveryFailed(error.message, final=True) from None
            case BadRequest() if is_for_good(error):
                raise DeliveryFailed(error.message, final=True) from None
            case BadRequest():
                raise error
            case InvalidToken():
                raise DeliveryFailed("Telegram does not know the bot's token") from None
            case NetworkError():
                return False
            case _:
                raise DeliveryFailed(error.message) from None

    async def try_once(
        self, chat_id: int, request: Request[T], *, counts: bool
    ) -> tuple[T | None, float]:
        """Make a request that is only nice to have; what came of it, and when the next may go.

        If there is no room for it, it is not made. Raises what Telegram says against its content.
        """
        chat = self.now_at(chat_id)
        if chat in self._gone:
            return None, LONGEST_PAUSE
        if left := self.budget.spare(chat, counts=counts):
            return None, left
        try:
            async with self.budget.turn(chat) if counts else nullcontext():
                return await request(chat), 0.0
        except RetryAfter as error:
            self.budget.ban(chat, wait_of(error))
            return None, self.budget.spare(chat, counts=counts)
        except BadRequest:
            raise
        except (NetworkError, ChatMigrated) as error:
            log.debug("a preview was not shown", error=_kind(error))
            return None, 5.0


def _kind(error: TelegramError) -> str:
    """Say what went wrong, without the address, which holds the token."""
    cause = error.__cause__
    return type(cause or error).__name__
