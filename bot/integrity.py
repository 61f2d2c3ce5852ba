"""Whether everything that is kept is whole and agrees, and mending what does not."""

import asyncio
import shlex
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select

from bot.agent.runner import Runner
from bot.agent.thread_file import thread_ids
from bot.agreement import disagreements
from bot.lanes import Lanes
from bot.progress import Progress, Step
from sessions.agreement import REPAIR, Finding
from sessions.approval_records import ApprovalRecords
from sessions.changed_rows import ACCEPT, accept_changed_rows, changed_rows
from sessions.csv_store import CsvStore
from sessions.database import Database, DatabaseError
from sessions.edits import difference
from sessions.index_agreement import RULE as IN_THE_INDEX
from sessions.index_agreement import index_differences
from sessions.references import EMPTY, in_references, mend_references
from sessions.search import Search
from sessions.store import SessionStoreError
from sessions.structure import databases_in, in_databases, in_session_files
from sessions.survey import survey
from sessions.tables import IS_UNFINISHED, conversations, messages

log = structlog.get_logger(__name__)

Backup = Callable[[str], Awaitable[str]]
"""Make a backup, for a reason in words with hyphens, and name it; raises NoBackup."""

A_MOMENT = 1.0
"""Seconds after which is looked again: what was only passing is no finding."""

AT_WORK = ("received", "running")
PARTS = 6
"""Of a look, as its progress counts them: files, edits, agreement, references, rows, index."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, errors first, and when it was looked."""

    at: datetime
    seconds: float
    findings: Sequence[Finding]

    @property
    def errors(self) -> int:
        """How much of it should never be."""
        return sum(each.severity == "error" for each in self.findings)


@dataclass(frozen=True, slots=True)
class Repaired:
    """How much was mended, the backup that was made before, and what is still found."""

    mended: int
    backup: str
    left: Look


class Integrity:
    """Looks at all files and records of a bot while it works."""

    def __init__(
        self,
        store: CsvStore,
        database: Database,
        records: ApprovalRecords,
        runner: Runner,
        data: Path,
        *,
        lanes: Lanes,
        search: Search,
        backup: Backup,
        alone: asyncio.Lock,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._database = database
        self._records = records
        self._runner = runner
        self._lanes = lanes
        self._search = search
        self._alone = alone
        self._data = data
        self._clock = clock
        self._backup = backup
        self._progress = progress
        self._one_at_a_time = asyncio.Lock()
        self.last: Look | None = None

    async def look(self) -> Look:
        """Look at everything; what was found last time, or is a moment later too, is a finding."""
        async with self._one_at_a_time:
            began = self._clock()
            found = await self._found()
            if not set(found) <= set(self.last.findings if self.last else ()):
                await asyncio.sleep(A_MOMENT)
                again = set(await self._found())
                found = [each for each in found if each in again]
            found.sort(key=lambda each: (each.severity, each.rule, each.about))
            seconds = (self._clock() - began).total_seconds()
            self.last = Look(began, seconds, tuple(dict.fromkeys(found)))
            log.info("looked at everything", findings=len(found), errors=self.last.errors)
            return self.last

    async def repair(self, *, accept: bool = False) -> Repaired:
        """Mend what `data repair` is said to mend, after a backup; without any there is none.

        With `accept`, rows that were changed by hand are kept as they are.

        Raises:
            NoBackup: there is none, so nothing is mended.
            DatabaseFailed: the disk did not take it; nothing is mended.
        """
        look = await self.look()
        mends = (REPAIR, ACCEPT) if accept else (REPAIR,)
        if not any(each.mend in mends for each in look.findings):
            return Repaired(0, "", look)
        async with self._alone:
            kept = await self._backup("before-repair")
            with self._progress.of("repair"):
                mended = await self._mend(look, accept=accept)
        log.info("repaired", mended=mended, backup=kept)
        return Repaired(mended, kept, await self.look())

    async def _mend(self, look: Look, *, accept: bool) -> int:
        mended = await accept_changed_rows(self._database) if accept else 0
        mended += await self._database.write(mend_references)
        for thread_id in await self._orphans():
            async with self._lanes.exclusive(thread_id):  # whoever makes a copy now, owns it
                if thread_id in await self._orphans():
                    await self._runner.forget(thread_id)
                    mended += 1
        if any(each.rule == IN_THE_INDEX for each in look.findings):
            await self._search.start_anew()
            mended += 1
        return mended

    async def _found(self) -> list[Finding]:
        csv = self._store.report().path
        with self._progress.of("integrity", PARTS) as done:
            found = await asyncio.to_thread(self._in_files, csv)
            if any(each.rule == "whole file" for each in found):
                return found  # what stands in a damaged file proves nothing
            done(1)
            found += await self._edits()
            done(1)
            found += await self._in_records(done)
        return found

    async def _in_records(self, done: Step) -> list[Finding]:
        found: list[Finding] = []
        try:
            sessions = await self._store.all()
            quiet = await self._is_quiet()
            found += await disagreements(self._database, sessions, self._runner, at_rest=quiet)
            done(1)
            missing = await survey(self._database, lambda db: list(in_references(db)))
            # Conversations come in before what was said in them.
            coming_in = EMPTY if self._alone.locked() else None
            found += [each for each in missing if each.rule != coming_in]
            found += [_orphan(each) for each in await self._orphans()]
            done(1)
            found += await changed_rows(self._database)
            done(1)
            found += await index_differences(self._search, self._database)
        except (DatabaseError, sqlite3.Error) as error:
            found.append(Finding("readable", "error", self._data.name, str(error)))
        return found

    def _in_files(self, csv: Path) -> list[Finding]:
        return [*in_databases(databases_in(self._data)), *in_session_files(csv, in_use=True)]

    async def _edits(self) -> list[Finding]:
        """Say what somebody changed in sessions.csv while the bot had it, cell by cell."""
        # A fold sets a stranger's file aside; if it fails, /ready says so.
        with suppress(OSError, SessionStoreError):
            await self._store.fold()
        found = []
        for path in self._store.report().edited_files:
            mend = f"sessions apply {shlex.quote(str(path))}"
            try:
                lines = (await difference(self._store, path)).lines
            except (SessionStoreError, OSError) as error:
                lines = (str(error),)
            found += [Finding("edited", "warning", path.name, line, mend) for line in lines]
        return found

    async def _is_quiet(self) -> bool:
        """Say whether nothing is at work, so that nothing may be half done."""
        busy = select(messages.c.id).where(IS_UNFINISHED, messages.c.state.in_(AT_WORK)).limit(1)
        if await self._database.read(lambda db: db.execute(busy).first()) is not None:
            return False
        return not await self._records.unfinished()

    async def _orphans(self) -> Sequence[str]:
        """Give the agent's threads of which nothing else knows."""
        threads = await asyncio.to_thread(thread_ids, self._data / "threads.db")
        live = {session.thread_id for session in await self._store.all()}
        known = select(messages.c.thread_id).union(select(conversations.c.id))
        kept = await survey(self._database, lambda db: set(db.execute(known).scalars()))
        return sorted(threads - live - kept)


def _orphan(thread_id: str) -> Finding:
    text = "The agent remembers a conversation of which there is no message."
    return Finding("thread of a conversation", "warning", thread_id, text, REPAIR)
