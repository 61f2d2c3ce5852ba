"""Backups, restoring them, and where everything is: for those who run the bot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, func, select

from bot.agent.runner import Runner
from bot.errors import NoBackup
from sessions.archive import ArchiveError
from sessions.backup import Backups, BackupSetup, Writers, beside_databases
from sessions.backup_folder import Backup
from sessions.csv_store import CsvStore
from sessions.database import Database
from sessions.restore_files import Outcome
from sessions.restoring import Restoring, finish_restore
from sessions.stored_files import ALL_NAMES, JOURNAL, Places, rows_in
from sessions.tables import messages
from sessions.times import loaded
from sessions.upgrading import keep_before_upgrade


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: where it is, its bytes with those beside it, and its rows."""

    name: str
    path: Path
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is: files, the times of the first and the last message, backups, restores."""

    files: Sequence[StoredFile]
    oldest: datetime | None
    newest: datetime | None
    backup_dir: Path
    backups: Sequence[Backup]
    last_restore: Outcome | None


@dataclass(frozen=True)
class Vault:
    """Makes backups and puts them back, and knows what there is."""

    backups: Backups
    restoring: Restoring
    database: Database

    async def back_up(self, why: str) -> str:
        """Make a backup before something that cannot be undone, and name it.

        Raises:
            NoBackup: there is none, with the reason.
        """
        try:
            return (await self.backups.make(why)).path.name
        except (ArchiveError, OSError) as error:
            raise NoBackup(f"There is no backup, so nothing was changed: {error}") from error

    async def holdings(self) -> Holdings:
        """Say what there is."""

        def times(db: Connection) -> tuple[datetime | None, datetime | None]:
            at = messages.c.created_at
            oldest, newest = db.execute(select(func.min(at), func.max(at))).one()
            return loaded(oldest), loaded(newest)

        folder = self.backups.folder
        oldest, newest = await self.database.read(times)
        return Holdings(
            await asyncio.to_thread(_files, self.backups.places),
            oldest,
            newest,
            folder.path,
            await asyncio.to_thread(folder.all),
            await self.restoring.last(),
        )

    def every_night(self, scheduler: AsyncIOScheduler, at: str) -> None:
        """Back up every day at a time of UTC, as ``03:30``; ``off`` is never."""
        if at != "off":
            hour, _, minute = at.partition(":")
            job = self.backups.every_night
            scheduler.add_job(job, "cron", id="back up", hour=int(hour), minute=int(minute))


async def prepare(setup: BackupSetup, *, clock: Callable[[], datetime]) -> None:
    """Do what comes before anything is opened: finish a restore, back up before an upgrade.

    Raises:
        ArchiveError: the start must not go on, with a sentence that says why.
        SessionStoreError: another process has the files.
    """
    await finish_restore(setup, clock=clock)
    await keep_before_upgrade(setup, clock=clock)


@asynccontextmanager
async def open_vault(
    setup: BackupSetup,
    store: CsvStore,
    database: Database,
    runner: Runner,
    *,
    clock: Callable[[], datetime],
) -> AsyncIterator[Vault]:
    """Open it over stores that are open; who writes notes is held by a lock on their file."""
    held = (store.held, database.held, runner.held)
    writers = Writers(held, ("notes.db",), beside_databases(store.rows, setup.places))
    async with Backups(setup, writers, clock=clock) as backups:
        yield Vault(backups, Restoring(backups, clock=clock), database)


def _files(places: Places) -> Sequence[StoredFile]:
    found = []
    for name in ALL_NAMES:
        path = places.of(name)
        if path.exists():
            beside = [each for each in places.beside(name) if each != places.of(JOURNAL)]
            size = sum(each.stat().st_size for each in (path, *beside) if each.exists())
            found.append(StoredFile(name, path, size, sum(rows_in(path).values())))
    return found
