"""The platform on its stand-in, with a bot behind it that says what a test has written for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.contract import (
    Accepted,
    Answer,
    Command,
    Decision,
    IncomingMessage,
    Replies,
    Reply,
)
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.options import DiscordOptions
from adapters.platform import DeliveryFailed
from tests.adapters.conformance import CARD
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord

Inbound = IncomingMessage | Decision


@dataclass
class Written:
    """Replies to one arrival; what was noted as shown is kept."""

    replies: list[Reply]
    parts: list[str] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)

    def __aiter__(self) -> "Written":
        return self

    async def __anext__(self) -> Reply:
        if not self.replies:
            raise StopAsyncIteration
        await asyncio.sleep(0)
        return self.replies.pop(0)

    async def shown(self, part: str, of: str = "") -> None:
        if of:
            self.cards[of] = part
        else:
            self.parts.append(part)


class Bot:
    """Answers every message with its text, or as `says` tells; a second copy changes nothing."""

    def __init__(self) -> None:
        self.says: dict[str, Sequence[Reply]] = {}
        self.decides: Sequence[Reply] = ()
        self.heard: list[IncomingMessage] = []
        self.decided: list[Decision] = []
        self.failed: list[DeliveryFailed] = []
        self.shown: list[Written] = []
        self.full_disk = False
        self.busy = 0

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.heard]

    @asynccontextmanager
    async def handle(self, inbound: Inbound) -> AsyncIterator[Replies]:
        if self.full_disk:
            raise OSError(28, "No space left on device")
        written = Written(list(self._replies(inbound)))
        self.shown.append(written)
        self.busy += 1
        try:
            yield written
        except DeliveryFailed as failed:
            self.failed.append(failed)
        finally:
            self.busy -= 1

    def _replies(self, inbound: Inbound) -> Sequence[Reply]:
        if isinstance(inbound, Decision):
            self.decided.append(inbound)
            return self.decides
        if any(
            (inbound.sender.chat_id, inbound.message_id) == (each.sender.chat_id, each.message_id)
            for each in self.heard
        ):
            return ()
        self.heard.append(inbound)
        said = (Accepted("m", "s", "t"), Answer(f"a{len(self.heard)}", f"You said: {inbound.text}"))
        return self.says.get(inbound.text, said)


@dataclass
class Scene:
    """The platform, the bot behind it, and Discord."""

    discord: Discord
    bot: Bot
    reception: MemoryReception
    adapter: DiscordAdapter

    async def until(self, condition: Callable[[], object]) -> None:
        await self.discord.until(condition)

    async def at_rest(self) -> None:
        """Wait until everything that was heard has been answered."""
        await self.discord.until(lambda: not self.bot.busy)


@asynccontextmanager
async def serving(
    discord: Discord,
    *,
    bot: Bot | None = None,
    reception: MemoryReception | None = None,
    commands: Sequence[Command] = (),
    threads: bool = False,
    token: str = "",
    catch_up: timedelta = timedelta(hours=24),
    most_bytes: int = 5 * 2**20,
) -> AsyncIterator[Scene]:
    """Serve the people of the stand-in."""
    bot, reception = bot or Bot(), reception or MemoryReception(CARD)
    options = DiscordOptions(
        token or discord.token,
        discord.api_url,
        discord.gateway_url,
        threads,
        catch_up,
        most_bytes,
    )

    def clock() -> datetime:
        return datetime.fromtimestamp(discord.clock.now(), UTC)

    adapter = DiscordAdapter(options, reception, clock=clock)
    async with adapter.serve(bot.handle, commands):
        yield Scene(discord, bot, reception, adapter)
