"""A bot whose reminders ring, and reminders from before it started."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from adapters.memory import MemoryAdapter
from bot.bot import Bot
from bot.recovery import take_up
from bot.sweeper import Jobs, make_scheduler, sweeping
from sessions.database import Database
from sessions.models import Place, Reminder
from sessions.reminders import Reminders
from tests.stories.house import House, open_house

ANN = Place("memory", "ann", "ann")


@asynccontextmanager
async def open_tower(
    home: Path, *, recovering: bool = False, people: MemoryAdapter | None = None, **env: str
) -> AsyncIterator[House]:
    """Open a bot with its periodic jobs."""
    async with open_house(home, recovering=recovering, people=people, **env) as house:
        bot = house.bot
        async with jobs_of(bot):
            yield house


def jobs_of(bot: Bot) -> AbstractAsyncContextManager[None]:
    """Run the periodic jobs of a bot."""
    every = timedelta(hours=1)
    jobs = Jobs(
        bot.turns,
        bot.decisions,
        bot.reminding,
        bot.library.search,
        every,
        bot.look_around,
        partial(take_up, bot),
    )
    return sweeping(make_scheduler(bot.alarms), jobs)


async def was_asked_for(home: Path, text: str, ago: timedelta, rule: str = "") -> datetime:
    """Keep a reminder of ann's that fell due so long ago, while no bot runs; give that time."""
    due = datetime.now(UTC).replace(microsecond=0) - ago
    asked = Reminder(str(uuid4()), ANN, text, "Europe/Paris", rule, due, due - timedelta(days=1))
    async with Database.open(home / "data" / "conversations.db") as database:
        assert await Reminders(database).add(asked, most=100) is not None
    return due


async def mail_of_ann(house: House) -> list[str]:
    """Give what the bot has ever said to ann, from the records."""
    found = await house.bot.conversations.mailbox(ANN, after=0, limit=1000)
    return [message.text for message in found]
