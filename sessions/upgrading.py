"""Before the tables of an older version are brought up to date, everything is backed up."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime

from sessions.archive import ArchiveError
from sessions.backup import Backups, BackupSetup, closed
from sessions.disk import RealDisk
from sessions.migrations.running import known_revisions
from sessions.ownership import owning
from sessions.session_files import SessionFiles
from sessions.stored_files import DATABASES, schema_of


class NotKept(ArchiveError):
    """There is no backup, so nothing was brought up to date."""


async def keep_before_upgrade(setup: BackupSetup, *, clock: Callable[[], datetime]) -> None:
    """Back up if the tables are those of an older version, before anything is opened.

    Raises:
        NotKept: it could not be done.
        SessionStoreError: another process has the files.
    """
    if not await asyncio.to_thread(_is_older, setup):
        return
    csv = await asyncio.to_thread(setup.places.csv.resolve)
    async with owning(RealDisk(), SessionFiles(csv)):
        try:
            async with Backups(setup, closed(setup.places), clock=clock) as backups:
                await backups.make("before-upgrade")
        except (ArchiveError, OSError) as error:
            raise NotKept(
                "The tables are those of an older version. They are brought up to date only after "
                f"a backup, and there could be none: {error}"
            ) from error


def _is_older(setup: BackupSetup) -> bool:
    """Look at the revision; what cannot be read is no business of ours: opening it says so."""
    path = setup.places.of(DATABASES[0].name)
    try:
        newest, *older = known_revisions()
        return path.exists() and schema_of(path) not in {newest, ""} and schema_of(path) in older
    except sqlite3.Error:
        return False
