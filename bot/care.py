"""Looking after what is kept: by hand, and every day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.alarms import Alarms
from bot.cleaning import Cleaning
from bot.integrity import Integrity
from bot.transfer import Transfer


@dataclass(frozen=True)
class Care:
    """What looks after the data."""

    integrity: Integrity
    cleaning: Cleaning
    transfer: Transfer
    alarms: Alarms

    async def look(self) -> None:
        """Look at everything, and tell those who run the bot if something should not be."""
        found = await self.integrity.look()
        if found.errors:
            self.alarms.damaged(found.errors)

    async def clean(self) -> None:
        """Let go what is older than it may be."""
        await self.cleaning.clean()


@dataclass(frozen=True, slots=True)
class CareOptions:
    """When what is done every day, as ``05:00`` in UTC, or ``off``."""

    integrity_at: str = "off"
    cleanup_at: str = "off"


def every_day(scheduler: AsyncIOScheduler, care: Care, options: CareOptions) -> None:
    """Let the data be looked after at its times."""
    _daily(scheduler, care.look, "look at the data", options.integrity_at)
    _daily(scheduler, care.clean, "clean up", options.cleanup_at)


def _daily(
    scheduler: AsyncIOScheduler, job: Callable[[], Awaitable[None]], name: str, at: str
) -> None:
    if at != "off":
        hour, _, minute = at.partition(":")
        scheduler.add_job(job, "cron", id=name, hour=int(hour), minute=int(minute))
