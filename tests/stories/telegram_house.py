"""The real bot as a process of its own, and Telegram before it."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.emulators.telegram.screen import Shown
from tests.emulators.telegram.server import TelegramServer
from tests.faults.process import Process, free_port


def bot_on(telegram: TelegramServer, home: Path, **settings: str) -> Process:
    """Make a bot that is not started yet; its model is the clerk, whose tool `pay` asks first."""
    return Process(
        home,
        free_port(),
        "tests.faults.program",
        {
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_API_URL": telegram.api_url,
            "TOOLS": "tests.faults.actions:TOOLS",
            "SAFE_TOOLS": "jot,peek",
            "EFFECTS": str(home / "effects"),
            **settings,
        },
    )


@asynccontextmanager
async def served(telegram: TelegramServer, home: Path, **settings: str) -> AsyncIterator[Process]:
    """Run a bot on Telegram."""
    bot = bot_on(telegram, home, **settings)
    await bot.start()
    try:
        yield bot
    finally:
        await stopped(bot)


async def stopped(bot: Process) -> None:
    """Stop a bot that runs; it ends well."""
    if bot.running is not None and bot.running.returncode is None:
        assert await bot.end(signal.SIGTERM) == 0, "".join(bot.said)


def cards(messages: list[Shown]) -> list[Shown]:
    """Give the messages that can be decided about."""
    return [message for message in messages if "Approve" in message.labels]
