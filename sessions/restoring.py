"""Restoring a backup: staged and agreed to while the bot runs, put in place before it starts again.

Everything happens in `data/restore`. Without `intent.json` in it nothing was agreed to, and the
next start throws it away. With it the next start, before anything is opened, looks at the staged
files once more, writes those who were forgotten into them, keeps the present state as a backup of
its own, notes that in the intent, and then puts file after file in place. Whenever it dies, the
start after it goes on from there.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from sessions.archive import ArchiveError
from sessions.backup import Backups, BackupSetup, UnderWay, closed
from sessions.carrying_over import CannotCarryOver, carry_over
from sessions.disk import RealDisk
from sessions.manifest import Manifest
from sessions.ownership import owning
from sessions.restore_files import Intent, Outcome, RestoreFailed, RestoreFiles
from sessions.session_files import SessionFiles
from sessions.stored_files import COUNTED, rows_in

log: structlog.stdlib.BoundLogger = structlog.get_logger()

BEFORE = "before-restore"
OF_NO_PERSON = frozenset({"alembic_version", "store_migrations"})
"""Tables that only say how the others were made."""


@dataclass(frozen=True, slots=True)
class Change:
    """How many rows of a table there are now, and how many there will be."""

    file: str
    table: str
    now: int
    then: int


class Restoring:
    """Prepares a restore while the bot runs. `restart` is called when it is agreed to."""

    def __init__(self, backups: Backups, *, clock: Callable[[], datetime]) -> None:
        self.restart: Callable[[], None] | None = None
        self._backups = backups
        self._files = RestoreFiles(backups.places)
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def look(self, archive: Path, *, passphrase: str = "") -> Sequence[Change]:
        """Verify an archive, and say what a restore of it would change.

        Raises:
            ArchiveError, OSError: it cannot be restored; nothing was changed.
        """
        async with self._one_at_a_time:
            manifest = await self._stage(archive, passphrase)
            await asyncio.to_thread(self._files.clear)
            return await asyncio.to_thread(self._changes, manifest)

    async def agree(self, archive: Path, *, passphrase: str = "") -> Sequence[Change]:
        """Verify an archive, and let the next start put it in place; say what that changes.

        Raises:
            ArchiveError, OSError: it cannot be restored; nothing was changed.
        """
        async with self._one_at_a_time:
            manifest = await self._stage(archive, passphrase)
            files = tuple((each.name, each.sha256) for each in manifest.files)
            changes = await asyncio.to_thread(self._changes, manifest)
            intent = Intent(archive.name, self._clock(), files)
            await asyncio.to_thread(self._files.write_intent, intent)
        log.info("a backup takes the place of everything at the next start", file=archive.name)
        if self.restart is not None:
            self.restart()
        return changes

    @property
    def under_way(self) -> UnderWay | None:
        """Say how far it is."""
        return self._backups.under_way

    async def last(self) -> Outcome | None:
        """Say how the last restore ended; None if there was none."""
        return await asyncio.to_thread(self._files.read_outcome)

    async def _stage(self, archive: Path, passphrase: str) -> Manifest:
        if await asyncio.to_thread(self._files.read_intent):
            raise RestoreFailed("A restore waits for the next start already.")
        await asyncio.to_thread(self._files.begin)
        try:
            staged = self._files.staged
            return await self._backups.unpack(archive, staged, passphrase=passphrase)
        except BaseException:
            await asyncio.to_thread(self._files.clear)
            raise

    def _changes(self, manifest: Manifest) -> Sequence[Change]:
        then = {each.name: each.rows for each in manifest.files}
        found = []
        for name in COUNTED:
            now = _rows_now(self._backups.places.of(name))
            tables = sorted({*now, *then.get(name, {})} - OF_NO_PERSON)
            found += [
                Change(name, table, now.get(table, 0), then.get(name, {}).get(table, 0))
                for table in tables
            ]
        return [each for each in found if each.now != each.then]


def _rows_now(path: Path) -> Mapping[str, int]:
    """Count what is there; what is damaged has no rows that anybody could count."""
    try:
        return rows_in(path) if path.exists() else {}
    except sqlite3.Error:
        return {}


@asynccontextmanager
async def restoring_closed(
    setup: BackupSetup, *, clock: Callable[[], datetime]
) -> AsyncIterator[Restoring]:
    """Prepare a restore while no bot runs; `finish_restore` makes it then.

    Raises:
        SessionStoreError: another process has the files.
    """
    csv = await asyncio.to_thread(setup.places.csv.resolve)
    async with (
        owning(RealDisk(), SessionFiles(csv)),
        Backups(setup, closed(setup.places), clock=clock) as backups,
    ):
        yield Restoring(backups, clock=clock)


async def finish_restore(setup: BackupSetup, *, clock: Callable[[], datetime]) -> None:
    """Finish or undo what was begun, before anything is opened.

    Raises:
        RestoreFailed: it could not be finished, and will be gone on with at the next start.
        SessionStoreError: another process has the files.
    """
    files = RestoreFiles(setup.places)
    if not await asyncio.to_thread(files.folder.exists):
        return
    csv = await asyncio.to_thread(setup.places.csv.resolve)
    async with owning(RealDisk(), SessionFiles(csv)):
        intent = await asyncio.to_thread(files.read_intent)
        if intent is None:
            await asyncio.to_thread(files.clear)
            return
        try:
            intent = await _get_ready(setup, files, intent, clock)
        except RestoreFailed as error:
            reason = str(error)
            outcome = Outcome(intent.archive, clock(), done=False, reason=reason)
            await asyncio.to_thread(files.end, outcome)
            log.error("the restore was not made, nothing was changed", reason=reason)  # noqa: TRY400 - a sentence, foreseen
            return
        try:
            await asyncio.to_thread(files.swap, intent)
        except OSError as error:
            raise RestoreFailed(
                f"The backup {intent.archive} is only partly in place: {error}. Mend that and "
                f"start again, which goes on with it; {intent.kept} has what was there before."
            ) from error
        outcome = Outcome(intent.archive, clock(), done=True, kept=intent.kept)
        await asyncio.to_thread(files.end, outcome)
    log.info("a backup was put in place", file=intent.archive, before=intent.kept)


async def _keep(setup: BackupSetup, clock: Callable[[], datetime]) -> str:
    """Back up what is there, and give the name; of what is damaged, copies as they are."""
    try:
        try:
            async with Backups(setup, closed(setup.places), clock=clock) as backups:
                return (await backups.make(BEFORE)).path.name
        except ArchiveError as error:
            log.warning("what is there is damaged, and is kept as it is", reason=str(error))

            def copy() -> str:
                return setup.folder.keep_files(clock(), BEFORE, setup.places.all()).name

            return await asyncio.to_thread(copy)
    except OSError as error:
        raise RestoreFailed(f"What is there could not be kept: {error}.") from error


async def _get_ready(
    setup: BackupSetup, files: RestoreFiles, intent: Intent, clock: Callable[[], datetime]
) -> Intent:
    """Look at what is staged, let it know who was forgotten, and back up what is there.

    Whatever was done before a crash is not done again, or again with the same outcome.

    Raises:
        RestoreFailed: nothing may be changed, and why.
    """
    if intent.kept:
        return intent
    if not intent.checked:
        if reason := await asyncio.to_thread(files.damage, intent):
            raise RestoreFailed(reason)
        intent = replace(intent, checked=True)
        await asyncio.to_thread(files.write_intent, intent)
    try:
        added = await asyncio.to_thread(carry_over, setup.places, files.staged)
    except CannotCarryOver as error:
        raise RestoreFailed(str(error)) from error
    kept = await _keep(setup, clock)
    known = {name for name, _ in intent.files}
    new = tuple((name, "") for name in added if name not in known)
    intent = replace(intent, files=(*intent.files, *new), kept=kept)
    await asyncio.to_thread(files.write_intent, intent)
    return intent
