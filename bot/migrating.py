"""Bringing in what people have from simpler bots, and taking it out again."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.agent.thread_file import thread_ids
from bot.integrity import Backup
from bot.migration import Asked, Report, Undone, problem_of
from bot.moving_in import MovingIn
from bot.progress import Progress
from bot.retelling import retell
from bot.turns import Turns
from sessions.database import Database
from sessions.export_file import ExportFile, opened
from sessions.importing import Importing
from sessions.migrating.brought_in import BroughtIn, Compared
from sessions.migrating.diary import Diary, Migration
from sessions.migrating.found import Live, Remarks, SourceRefused
from sessions.migrating.recognising import recognise
from sessions.migrating.staging import FromFile, Staged, stage
from sessions.portable import ArchiveRefused

log = structlog.get_logger(__name__)

INCOMING, MIGRATIONS = "incoming", "migrations"
NOT_TAKEN_IN = (
    "The conversation was cleared here or is somebody else's, or its person was forgotten."
)
AT_ONCE = 16
"""Conversations that are worked on at the same time."""


@dataclass(slots=True)
class _Read:
    """What was read, and is ready to come in."""

    staged: Staged
    live: Sequence[Live]
    remarks: Remarks
    found: ExportFile
    files: Sequence[FromFile] = field(default_factory=list)


class Migrating:
    """Brings in files of other bots, one migration at a time, while people chat."""

    def __init__(
        self,
        turns: Turns,
        importing: Importing,
        database: Database,
        data: Path,
        *,
        kept: timedelta | None,
        most_chars: int,
        backup: Backup,
        alone: asyncio.Lock,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self._turns = turns
        self._importing = importing
        self._brought_in = BroughtIn(database)
        self._moving_in = MovingIn(turns.sessions, clock=clock)
        self._data = data
        self._kept = kept
        self._most_chars = most_chars
        self._backup = backup
        self._clock = clock
        self._alone = alone
        self.diary = Diary(data / MIGRATIONS)
        self._progress = progress

    @property
    def incoming(self) -> Path:
        """The folder in which clients name what is to be brought in."""
        return self._data / INCOMING

    async def migrate(self, asked: Asked, *, only_look: bool) -> Report:
        """Bring in what is new of it, or only say what that is.

        Raises:
            SourceRefused: with a sentence that says what is wrong.
            NoBackup: there is none, so nothing was brought in.
            DatabaseFailed: the disk did not take it; the next time adds the rest.
        """
        if problem := asked.whose.problem():
            raise SourceRefused(problem)
        async with self._alone:
            try:
                with ExitStack() as stack:
                    now = self._clock()
                    begun = await asyncio.to_thread(
                        self.diary.begin, str(asked.path), asked.hash, now
                    )
                    read = await asyncio.to_thread(self._read, asked, begun.id, now, stack)
                    return await self._take_in(read, begun, only_look=only_look)
            except ArchiveRefused as refused:
                raise SourceRefused(str(refused)) from refused
            except OSError as error:
                raise SourceRefused(f"{error.strerror or error}: nothing was changed.") from error
            finally:
                await asyncio.to_thread(self.diary.clear)

    async def _take_in(self, read: _Read, begun: Migration, *, only_look: bool) -> Report:
        staged, remarks = read.staged, read.remarks
        before = await self._brought_in.compare(read.found, begun.id)
        opening = await self._moving_in.plan(read.live, staged, remarks)
        planned = replace(
            begun,
            files=read.files,
            conversations=before.new,
            messages=before.absent,
            sessions=[*dict.fromkeys([*begun.sessions, *(each.session_id for each in opening)])],
            remarks=remarks.all(),
        )
        problem = problem_of(staged, bool(read.live))
        report = Report(
            planned,
            dict(staged.people),
            dict(staged.strangers),
            before.before,
            staged.shifted,
            problem,
        )
        is_going_on = await asyncio.to_thread(self.diary.path_of(begun.id).exists)
        if only_look:
            return report
        if problem:
            raise SourceRefused(problem)
        if not (before.absent or opening or is_going_on):
            return replace(report, migration=replace(planned, state="done", verified=True))
        kept = begun.backup or await self._backup("before-migrate")
        planned = replace(
            planned,
            backup=kept,
            messages=before.ours + before.absent,
        )
        await asyncio.to_thread(self.diary.write, planned)
        kept_out = await self._importing.kept_out(read.found)
        with self._progress.of("bring in", sum(read.found.rows.values())) as done:
            imported = await self._importing.take_in(read.found, kept_out, done)
        for session in opening:
            await self._moving_in.open(session)
        await self._tell_the_agent(imported.conversations)
        after = await self._brought_in.compare(read.found, begun.id)
        return await self._ended(report, planned, before, after, remarks)

    async def _ended(
        self,
        report: Report,
        planned: Migration,
        before: Compared,
        after: Compared,
        remarks: Remarks,
    ) -> Report:
        if after.absent:
            remarks.leave_out("messages", NOT_TAKEN_IN, after.absent)
        whole = not after.different and after.ours + after.absent == before.ours + before.absent
        done = replace(
            planned,
            state="done",
            messages=after.ours,
            conversations=await self._brought_in.whole(planned.id),
            verified=whole,
            remarks=remarks.all(),
        )
        await asyncio.to_thread(self.diary.write, done)
        log.info(
            "brought in",
            migration=done.id,
            conversations=done.conversations,
            messages=done.messages,
            sessions=len(done.sessions),
            verified=whole,
        )
        return replace(report, migration=done, different=after.different)

    async def undo(self, migration: str) -> Undone | None:
        """Take out exactly what a migration added, but for what somebody has gone on with.

        None if there is no such migration. Cut off, the next time goes on.

        Raises:
            NoBackup: there is none, so nothing was taken out.
            DatabaseFailed: the disk did not take it; what went before is gone.
        """
        async with self._alone:
            found = await asyncio.to_thread(self.diary.find, migration)
            if found is None:
                return None
            threads = await self._brought_in.threads(migration)
            if found.state == "undone" and not threads:
                return Undone(migration, 0, 0, 0, (), "")
            backup = await self._backup("before-undo")
            await asyncio.to_thread(self.diary.write, replace(found, state="undoing"))
            ended, in_use = await self._moving_in.leave(found.sessions)
            kept, many, gone = [*in_use], 0, 0
            with self._progress.of("take out", len(threads)) as done:
                for start in range(0, len(threads), AT_ONCE):
                    some = threads[start : start + AT_ONCE]
                    going = (self._take_out(each, migration) for each in some)
                    counts = await asyncio.gather(*going)
                    both = zip(some, counts, strict=True)
                    kept += [each for each, count in both if count is None]
                    many += sum(count or 0 for count in counts)
                    gone += sum(count is not None for count in counts)
                    done(len(some))
            turns = self._turns
            if many:
                await turns.runner.wipe()
                await turns.conversations.past.wipe()
            await asyncio.to_thread(self.diary.write, replace(found, state="undone"))
            log.info("took out again", migration=migration, messages=many, kept=len(kept))
            return Undone(migration, gone, many, ended, kept, backup)

    async def _take_out(self, thread_id: str, migration: str) -> int | None:
        """Take a migration out of a conversation; None if somebody has gone on with it."""
        async with self._turns.lanes.exclusive(thread_id):
            if await self._brought_in.gone_on_with(thread_id):
                return None
            await self._turns.runner.forget(thread_id, at_once=False)
            return await self._brought_in.take_out(thread_id, migration)

    def _read(self, asked: Asked, migration: str, now: datetime, stack: ExitStack) -> _Read:
        """Read everything, and write it down as an export; it blocks."""
        work = self.diary.work_place()
        remarks = Remarks()
        sources = recognise(asked.path, work, remarks)
        live = [(each, list(each.sessions(remarks))) for each in sources]
        rows = [row for _, its in live for row in its]
        whose = self._moving_in.beside(asked.whose, rows)
        path = work / "staged.zip"

        with self._progress.of("read", len(sources)) as done:
            staged = stage(
                sources, whose, path, migration, remarks, at=now, kept=self._kept, done=done
            )
        many = {each.name: len(its) for each, its in live}
        files = [replace(each, sessions=many[each.name]) for each in staged.files]
        rows = [replace(row, person=whose.of(row.session.session_id, row.who)) for row in rows]
        found = stack.enter_context(opened(path))
        return _Read(staged, rows, remarks, found, files)

    async def _tell_the_agent(self, threads: Sequence[str]) -> None:
        known = await asyncio.to_thread(thread_ids, self._data / "threads.db")
        with self._progress.of("tell the agent", len(threads)) as done:
            for start in range(0, len(threads), AT_ONCE):
                some = threads[start : start + AT_ONCE]
                telling = (
                    retell(
                        self._turns,
                        self._brought_in,
                        each,
                        most_chars=self._most_chars,
                        is_known=each in known,
                    )
                    for each in some
                )
                await asyncio.gather(*telling)
                done(len(some))
