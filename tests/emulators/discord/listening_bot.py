"""The smallest bot that real discord.py makes: it connects, and notes what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.emulators.discord.server import Discord


class ListeningBot(discord.Client):
    """What it heard from others and from itself, and what was begun; tests answer through it."""

    def __init__(self, intents: discord.Intents, heartbeat_timeout: float) -> None:
        super().__init__(
            intents=intents, guild_ready_timeout=0.05, heartbeat_timeout=heartbeat_timeout
        )
        self.heard: list[discord.Message] = []
        self.own: list[discord.Message] = []
        self.begun: list[discord.Interaction] = []
        self.told: list[str] = []
        self.tree = app_commands.CommandTree(self)
        self.ask: app_commands.Command[Any, ..., None] = app_commands.Command(
            name="ask", description="Ask.", callback=_ask
        )
        self.tree.add_command(self.ask)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait 5 seconds before the second IDENTIFY."""

    async def on_message(self, message: discord.Message) -> None:
        (self.own if message.author == self.user else self.heard).append(message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.begun.append(interaction)

    async def on_socket_event_type(self, name: str) -> None:
        self.told.append(name)

    @property
    def texts(self) -> list[str]:
        return [one.content for one in self.heard]

    async def ask_api(self, method: str, path: str, **options: Any) -> Any:
        """Send what discord.py itself would refuse to send."""
        return await self.http.request(Route(method, path), **options)


@asynccontextmanager
async def listening(
    server: Discord,
    *,
    token: str = "",
    content: bool = True,
    heartbeat_timeout: float = 60,
) -> AsyncIterator[ListeningBot]:
    """Connect a bot to the stand-in; what ended it early is raised at the end."""
    intents = discord.Intents.default()
    intents.message_content = content
    bot = ListeningBot(intents, heartbeat_timeout)
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = server.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    running = asyncio.create_task(bot.start(token or server.token))
    try:
        await server.until(lambda: bot.is_ready() or running.done())
        if not running.done():
            yield bot
    finally:
        await bot.close()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
        await running


async def _ask(interaction: discord.Interaction, text: str) -> None:
    """Leave the answer to the test."""
