"""A real bot with the offline model, served on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from adapters.api import ApiAdapter
from bot.app import open_bot
from bot.bot import Bot
from bot.plain_values import web_options
from bot.web.server import serving
from config.loading import load_settings


@dataclass(frozen=True)
class Side:
    """A served bot as its clients meet it."""

    bot: Bot
    client: httpx.AsyncClient
    url: str
    control: Path
    api: ApiAdapter

    def stop_taking(self) -> None:
        """Let the platform stop, as at the end."""
        self.api._stopping.set()

    async def say(self, text: str, user_id: str = "test_123", **headers: str) -> httpx.Response:
        body = {"user_id": user_id, "message": text}
        return await self.client.post("/api/chat", json=body, headers=headers)


@asynccontextmanager
async def running(home: Path, **env: str) -> AsyncIterator[Side]:
    """Run a bot whose `.env` says this, on a free port of loopback."""

    def prepare() -> None:
        lines = [f"{name}={value}" for name, value in {"PORT": "0", **env}.items()]
        (home / ".env").write_text("\n".join(lines) + "\n")

    await asyncio.to_thread(prepare)
    settings = (await asyncio.to_thread(load_settings, home)).settings
    control = settings.sessions.data_dir / "control.sock"
    api = ApiAdapter()
    async with open_bot(settings) as bot:
        bot.turns.outbox.connect(api)
        async with (
            api.serve(bot.handle, bot.commands),
            serving(bot, api, await asyncio.to_thread(web_options, settings)) as served,
            httpx.AsyncClient(base_url=served.url, timeout=30) as client,
        ):
            yield Side(bot, client, served.url, control, api)
