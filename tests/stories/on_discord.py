"""The real bot in a process of its own, on a Discord of our own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, Message, User
from tests.faults.process import Process, process


@dataclass
class Scene:
    """Discord, the bot, and Ann, who has a direct chat with it."""

    discord: Discord
    bot: Process
    ann: User
    chat: Channel

    async def card(self) -> Message:
        """Wait for the newest message with buttons in Ann's chat."""
        await self.discord.until(lambda: any(each.buttons for each in self.chat.messages))
        return next(each for each in reversed(self.chat.messages) if each.buttons)

    async def until_said(self, text: str, channel: Channel | None = None) -> None:
        """Wait until this stands in a channel, or in Ann's chat."""
        where = channel or self.chat
        await self.discord.until(lambda: any(text in each for each in where.texts), within=30)


@asynccontextmanager
async def on_discord(home: Path, module: str = "bot.cli", **settings: str) -> AsyncIterator[Scene]:
    """Start a bot that serves Discord."""
    async with discord_server() as discord:
        ann = discord.user("ann")
        places = {
            "DISCORD_BOT_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        async with process(home, module, **places, **settings) as (bot, _):
            yield Scene(discord, bot, ann, discord.direct(ann))
