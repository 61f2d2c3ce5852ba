"""A stand-in for Telegram, the real adapter before it, and a bot that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Answer, Command, Decision, IncomingMessage, Reply
from adapters.telegram import TelegramAdapter
from adapters.telegram.budget import Budget
from tests.adapters.conformance import Said
from tests.adapters.receiving import MemoryReception
from tests.emulators.telegram.people import Person
from tests.emulators.telegram.server import TelegramServer, telegram_server

COMMANDS = (Command("new", "Begin a new conversation"), Command("help", "List the commands"))
Inbound = IncomingMessage | Decision


def echo(inbound: Inbound) -> Sequence[Reply]:
    """Say what was heard."""
    text = inbound.text if isinstance(inbound, IncomingMessage) else "decided"
    return (Answer("a", f"Heard: {text}"),)


@dataclass
class Bot:
    """A handler: `says` gives the replies; what arrived is in `seen`, what was noted in `parts`.

    It takes a `pause`, in seconds, before an answer.
    """

    says: Callable[[Inbound], Sequence[Reply]] = echo
    seen: list[Inbound] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    pause: float = 0.0
    refuses: Callable[[Inbound], Exception | None] = lambda _: None
    done: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def __call__(self, inbound: Inbound) -> AsyncIterator[Any]:
        """Take something in."""
        if (refused := self.refuses(inbound)) is not None:
            raise refused
        self.seen.append(inbound)
        said = Noted(self, *self.says(inbound))
        try:
            yield said
        except Exception as error:
            self.failures.append(error)
            raise
        finally:
            self.done += 1
            self._changed.set()

    def noted(self, *replies: Reply) -> "Noted":
        """Give replies whose parts are noted."""
        return Noted(self, *replies)

    async def until_done(self, times: int) -> None:
        """Wait until so many things were answered."""
        async with asyncio.timeout(20):
            while self.done < times:
                self._changed.clear()
                await self._changed.wait()

    @property
    def texts(self) -> list[str]:
        """The texts that arrived."""
        return [each.text for each in self.seen if isinstance(each, IncomingMessage)]

    @property
    def messages(self) -> list[IncomingMessage]:
        """The messages that arrived."""
        return [each for each in self.seen if isinstance(each, IncomingMessage)]

    @property
    def decisions(self) -> list[Decision]:
        """The decisions that arrived."""
        return [each for each in self.seen if isinstance(each, Decision)]


class Noted(Said):
    """Replies whose parts the bot notes."""

    def __init__(self, bot: Bot, *replies: Reply) -> None:
        super().__init__(*replies)
        self._bot = bot

    async def __anext__(self) -> Reply:
        reply = await super().__anext__()
        if isinstance(reply, Answer):
            await asyncio.sleep(self._bot.pause)
        return reply

    async def shown(self, part: str, of: str = "") -> None:
        await super().shown(part, of)
        (self._bot.cards if of else self._bot.parts).append(part)


@dataclass
class Side:
    """Telegram, the adapter, and the bot behind it."""

    telegram: TelegramServer
    adapter: TelegramAdapter
    bot: Bot
    reception: MemoryReception
    ann: Person

    async def said(self, count: int = 1, *, to: Person | None = None) -> list[str]:
        """Wait until the bot has written so many messages to somebody, and give them."""
        chat = (to or self.ann).chat
        await self.telegram.until(lambda: len(chat.answers) >= count)
        return [message.text for message in chat.answers]


@asynccontextmanager
async def serving(
    telegram: TelegramServer, bot: Bot | None = None, **options: Any
) -> AsyncIterator[tuple[TelegramAdapter, Bot, MemoryReception]]:
    """Serve a bot on Telegram."""
    bot = bot or Bot()
    reception = options.pop("reception", None) or MemoryReception()
    adapter = TelegramAdapter(telegram.token, reception, api_url=telegram.api_url, **options)
    async with adapter.serve(bot, COMMANDS):
        yield adapter, bot, reception


@asynccontextmanager
async def telegram_side(bot: Bot | None = None, **options: Any) -> AsyncIterator[Side]:
    """Open Telegram with one person, Ann, who has pressed Start, and serve a bot there."""
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram, bot, **options) as (adapter, served, reception):
            yield Side(telegram, adapter, served, reception, ann)


class FastClock:
    """A clock on which a minute passes in a second: bans and pauses are over soon."""

    def __init__(self, times: float = 60) -> None:
        self._times = times

    def __call__(self) -> float:
        """Tell the time, in seconds."""
        return asyncio.get_running_loop().time() * self._times

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of its seconds."""
        await asyncio.sleep(seconds / self._times)

    def budget(self) -> Budget:
        """Make a budget that lives by this clock."""
        return Budget(self, self.sleep)
