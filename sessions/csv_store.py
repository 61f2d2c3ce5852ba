"""Live sessions in sessions.csv: memory holds the rows, the journal makes each change durable.

A change goes this way: the new row is computed from the newest state, also one that is still on
its way; the journal's thread writes it together with all that wait; then memory shows it, and
its caller goes on. Soon after, the CSV is written anew (see `fold`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

import structlog

from sessions.disk import Disk, RealDisk
from sessions.fold import Fold
from sessions.folding import Folding, Pace
from sessions.group_commit import GroupCommit
from sessions.in_flight import InFlight
from sessions.journal import Position
from sessions.live_sessions import Change, key_of
from sessions.models import Session, SessionKey
from sessions.ownership import owning
from sessions.recovery import Recovered, recover
from sessions.removals import all_removed
from sessions.report import StoreReport
from sessions.rows import session_of
from sessions.session_files import SessionFiles
from sessions.steps import Step, changing, opening, removal_of, step_of
from sessions.store import KeyTaken, NoSuchSession, StoreFailed

log: structlog.stdlib.BoundLogger = structlog.get_logger()
#: A sweep looks at so many before it lets others go on.
_LOOKED_AT_ONCE = 500


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class CsvStore:
    """A `SessionStore` in a CSV file that anyone can open."""

    def __init__(
        self,
        files: SessionFiles,
        recovered: Recovered,
        disk: Disk,
        clock: Callable[[], datetime],
        pace: Pace,
        *,
        batches: Callable[[int], None],
    ) -> None:
        self._files = files
        self._rejected_rows = recovered.rejected_rows
        self._live = recovered.live
        self._journal = recovered.journal
        self._ahead = InFlight(self._live)
        self._durable = self._journal.end
        self._refusing = ""
        self._is_closed = False
        self._commits: GroupCommit[Step, Position] = GroupCommit(
            self._commit, name="sessions journal", after=self._arrive, batches=batches
        )
        self._fold = Fold(disk, files, self._journal, recovered.checksum, clock)
        self._folding = Folding(self._fold, self._fold_now, pace)
        if recovered.needs_fold:
            self._folding.want()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        disk: Disk | None = None,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
        batches: Callable[[int], None] = lambda _: None,
    ) -> AsyncIterator["CsvStore"]:
        """Own a file of sessions, and serve it. At the end it holds all, and the journal is gone.

        `batches` is told how many changes each write of the journal had.

        Raises:
            StoreUnreadable: a file is damaged or not ours; it was not touched.
            StoreOwned: another process has it.
            StoreFailed: nothing can be written there.
        """
        disk = disk or RealDisk()
        files = SessionFiles(await asyncio.to_thread(path.resolve))
        async with owning(disk, files):
            recovered = await asyncio.to_thread(recover, disk, files, clock)
            store = await asyncio.to_thread(
                cls, files, recovered, disk, clock, pace, batches=batches
            )
            async with store.serving():
                yield store

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Commit and fold until the end, and then write all of it down."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._finish)
            await stack.enter_async_context(self._folding)
            await stack.enter_async_context(self._commits)
            stack.callback(self._close)
            yield

    def report(self) -> StoreReport:
        """Say how the store is."""
        return StoreReport(
            path=self._files.csv,
            sessions=len(self._live),
            refusing=self._refusing,
            trouble=self._folding.trouble,
            edited_files=self._folding.edited_files,
            rejected_rows=self._rejected_rows,
            journal_bytes=self._journal.size,
            last_fold_seconds=self._folding.last_seconds,
        )

    # ------------------------------------------------------------ reading

    async def find(self, key: SessionKey) -> Session | None:
        """Return the session of a person in a place."""
        return self._live.find(key)

    async def get(self, session_id: str) -> Session | None:
        """Return the session that has this id."""
        return self._live.get(session_id)

    async def all(self) -> Sequence[Session]:
        """Return every session, the one that was active longest ago first."""
        return await asyncio.to_thread(_in_order, self._live.lines())

    # ------------------------------------------------------------ changing

    async def save(self, session: Session) -> None:
        """Add a session, or replace the one that has its id."""
        before = self._ahead.newest(session.session_id)
        change = opening(session) if before is None else self._changing(before, session)
        if not change.keeps_owner:
            await self._refuse_if_taken(change)
        await self._submit(step_of(change))

    async def change(self, session_id: str, how: Callable[[Session], Session]) -> Session:
        """Read, change and write one session as one step; return what was written."""
        before = self._ahead.newest(session_id)
        if before is None:
            if self._ahead.has(session_id):
                await self._all_arrived()  # it is being removed: if that fails, so does this
            raise NoSuchSession(f"There is no session {session_id}.")
        after = how(before)
        if after is not before:
            change = self._changing(before, after)
            if not change.keeps_owner:
                await self._refuse_if_taken(change)
            await self._submit(step_of(change))
        elif self._ahead.has(session_id):
            await self._all_arrived()
        return after

    async def remove(self, session_id: str) -> Session | None:
        """Remove a session and return it; None if it was gone already."""
        session = self._ahead.newest(session_id)
        if session is not None:
            await self._submit(removal_of([session]))
        elif self._ahead.has(session_id):
            await self._all_arrived()
        return session

    async def remove_idle_since(
        self, cutoff: datetime, *, keep: Callable[[Session], bool] = lambda _: False
    ) -> Sequence[Session]:
        """Remove and return the sessions whose last activity is before `cutoff`.

        Each is looked at and removed in one step; between some hundreds of them others go on.
        If the disk fails on the way, those that are removed for good are returned.
        """
        steps: list[tuple[asyncio.Future[Position], Sequence[Session]]] = []
        idle: list[Session] = []
        looked_at = 0
        for sessions in self._live.idle_since(cutoff):
            idle += [one for one in sessions if self._may_go(one) and not keep(one)]
            looked_at += len(sessions)
            if looked_at >= _LOOKED_AT_ONCE:
                if idle:
                    steps.append((self._submit(removal_of(idle)), idle))
                idle, looked_at = [], 0
                await asyncio.sleep(0)
        if idle:
            steps.append((self._submit(removal_of(idle)), idle))
        return await all_removed(steps)

    async def fold(self) -> None:
        """Write the CSV now, and not in a second.

        Raises:
            OSError, StoreFailed: it could not be written; it is tried again later.
        """
        await self._folding.now()

    def held(self) -> AbstractAsyncContextManager[None]:
        """Make no change durable while the ``with`` lasts; changes wait meanwhile."""
        return self._commits.held()

    def rows(self) -> Sequence[str]:
        """Return the rows of the file, as a fold would write them now."""
        return self._live.lines()

    # ------------------------------------------------------------ inside

    def _changing(self, before: Session, after: Session) -> Change:
        return changing(before, self._ahead.line(before.session_id), after)

    async def _refuse_if_taken(self, change: Change) -> None:
        after = change.after
        own = None if change.before is None else change.before.session_id
        key = key_of(after)
        taken = self._ahead.owner(key)
        if (
            taken in {None, own}
            and after.session_id != own
            and self._ahead.newest(after.session_id)
        ):
            taken = after.session_id
        if taken not in {None, own}:
            if self._ahead.has_owner(key) or self._ahead.has(after.session_id):
                await self._all_arrived()  # nobody is told of a session that is not on disk
            raise KeyTaken(f"Session {taken} already belongs to {after.key}.")

    def _may_go(self, session: Session) -> bool:
        return not session.pending_approval and not self._ahead.has(session.session_id)

    def _submit(self, step: Step) -> asyncio.Future[Position]:
        if self._refusing:
            raise StoreFailed(self._refusing)
        arrived = self._commits.submit(step)
        self._ahead.begin(step)
        return arrived

    async def _all_arrived(self) -> None:
        """Wait until everything handed over is durable and shown; fail if it failed."""
        await self._submit(Step())

    def _commit(self, steps: Sequence[Step]) -> Sequence[Position]:
        """Write a batch: on the journal's thread."""
        return [self._journal.append([step.text for step in steps if step.text])] * len(steps)

    def _arrive(self, steps: Sequence[Step], results: Sequence[Position | Exception]) -> None:
        """Show a batch that is durable, or forget it: on the loop, before any caller goes on."""
        for step, result in zip(steps, results, strict=True):
            self._ahead.end(step)
            if isinstance(result, Exception):
                self._refusing = self._refusing or str(result)
                continue
            self._durable = result
            if step.change is not None:
                self._live.apply(step.change)
            elif step.removed:
                self._live.remove(step.removed, step.keys)
        if any(step.text for step in steps):
            self._folding.want()

    async def _fold_now(self) -> None:
        mend = bool(self._refusing)
        if mend and not self._is_closed:  # what began from a failed change has to fail first
            await asyncio.gather(self._commits.submit(Step()), return_exceptions=True)
        lines, cut = self._live.take_lines(), self._durable
        await self._folding.on_thread(lambda: self._fold.run(lines, cut, mend=mend))
        if mend:
            self._refusing = ""
            log.info("the file is written again and changes are taken", file=self._files.csv.name)

    def _close(self) -> None:
        self._is_closed = True

    async def _finish(self) -> None:
        try:
            await asyncio.to_thread(self._journal.close, remove=self._folding.is_complete)
        except OSError as error:  # it stays, and the next start finds nothing in it to do
            log.warning("the journal of the sessions is not removed", reason=str(error))


def _in_order(lines: Sequence[str]) -> Sequence[Session]:
    return sorted(map(session_of, lines), key=attrgetter("last_activity"))
