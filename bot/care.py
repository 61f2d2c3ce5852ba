"""Looking after what is kept: by hand, and every day."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.alarms import Alarms
from bot.cleaning import Cleaning, Retention
from bot.integrity import Backup, Integrity
from bot.library import Library
from bot.migrating import Migrating
from bot.progress import Progress
from bot.transfer import Transfer
from bot.turns import Turns
from sessions.cleanup import Cleanup
from sessions.csv_store import CsvStore
from sessions.database import Database
from sessions.importing import Importing


@dataclass(frozen=True, slots=True)
class Stores:
    """What is looked after, and the directory that it is in."""

    sessions: CsvStore
    database: Database
    data: Path


@dataclass(frozen=True)
class Care:
    """What looks after the data."""

    integrity: Integrity
    cleaning: Cleaning
    transfer: Transfer
    migrating: Migrating
    alarms: Alarms
    progress: Progress

    async def look(self) -> None:
        """Look at everything, and tell those who run the bot if something should not be."""
        found = await self.integrity.look()
        if found.errors:
            self.alarms.damaged(found.errors)

    async def clean(self) -> None:
        """Let go what is older than it may be."""
        await self.cleaning.clean()


def open_care(
    turns: Turns,
    stores: Stores,
    alarms: Alarms,
    retention: Retention,
    library: Library,
    *,
    most_chars: int,
    backup: Backup,
    clock: Callable[[], datetime],
) -> Care:
    """Look after these stores; of an imported history the agent is told `most_chars` at most."""
    csv, database, data = stores.sessions, stores.database, stores.data
    records, progress = turns.approvals.records, Progress()
    # What is half brought in looks like what is to be taken away, so they take turns.
    alone = asyncio.Lock()
    importing = Importing(database, library.forgotten, clock=clock)
    return Care(
        Integrity(
            csv,
            database,
            records,
            turns.runner,
            data,
            lanes=turns.lanes,
            search=library.search,
            backup=backup,
            alone=alone,
            progress=progress,
            clock=clock,
        ),
        Cleaning(
            turns,
            Cleanup(database),
            data,
            retention,
            search=library.search,
            backup=backup,
            alone=alone,
            progress=progress,
            clock=clock,
        ),
        Transfer(
            turns,
            importing,
            data,
            most_chars,
            alone=alone,
            progress=progress,
            clock=clock,
        ),
        Migrating(
            turns,
            importing,
            database,
            data,
            kept=retention.conversations,
            most_chars=most_chars,
            backup=backup,
            alone=alone,
            progress=progress,
            clock=clock,
        ),
        alarms,
        progress,
    )


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
