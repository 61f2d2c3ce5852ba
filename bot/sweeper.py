"""The jobs: expire sessions that are idle and approvals that nobody decided, say reminders."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.alarms import Alarms
from bot.decisions import Decisions
from bot.reminders import Reminding
from bot.turns import Turns
from sessions.database import DatabaseError
from sessions.search import Search

log = structlog.get_logger(__name__)

EXPIRE_APPROVALS_SECONDS = 10
"""An approval is refused from its very second on; its card says so at most this much later."""

REWRITE_HOUR = 3
"""In UTC. Turns wait while a large database is written anew."""

INDEX_SECONDS = 10
"""How soon words are in the search index at the latest; whoever searches need not wait for it."""

LOOK_AROUND_SECONDS = 30
"""How often is looked whether a part of the bot does not work."""
TAKE_UP_SECONDS = 5
"""How soon it is gone on with what a full disk has broken off, once it can be written again."""

LOOK_AGAIN = timedelta(minutes=1)
"""How long an alarm waits at most: a clock may be set, and a machine may have slept."""


async def sweep_sessions(turns: Turns) -> int:
    """Remove sessions that are idle for too long and wait for nothing; count them."""
    busy = {row.session_id for row in await turns.conversations.unfinished()}
    removed = await turns.sessions.sweep(keep=lambda session: session.session_id in busy)
    for session in removed:
        await turns.approvals.records.drop_grants(session.session_id)
    if removed:
        log.info("expired idle sessions", sessions=len(removed))
    return len(removed)


async def rewrite_files(turns: Turns, search: Search) -> None:
    """Write the databases anew that were too large for it when somebody deleted their words."""
    for name, rewritten in (
        ("conversations", await turns.conversations.past.rewrite()),
        ("threads", await turns.runner.rewrite()),
        ("search", await search.rewrite()),
    ):
        if rewritten:
            log.info("wrote a database anew, without what was deleted", database=name)


class Alarm:
    """One job, at the time of the next reminder of anybody. The table says when that is."""

    def __init__(self, scheduler: AsyncIOScheduler, reminding: Reminding) -> None:
        self._scheduler = scheduler
        self._reminding = reminding
        # Who reads last sets last, and has read everything that was written before.
        self._setting = asyncio.Lock()
        self._ringing = asyncio.Lock()

    async def set(self) -> None:
        """Set the alarm anew, because another reminder may be the next."""
        async with self._setting:
            soon = datetime.now(UTC) + LOOK_AGAIN
            try:
                due = await self._reminding.next_due()
            except DatabaseError:
                log.exception("the next reminder is not known")
                due = soon
            if due is not None:
                self._ring_at(min(due, soon))

    async def ring(self) -> None:
        """Say what is due, then wait for the next."""
        try:
            async with self._ringing:
                await self._reminding.say_due()
        except Exception:
            self._ring_at(datetime.now(UTC) + LOOK_AGAIN)
            raise
        await self.set()

    def _ring_at(self, at: datetime) -> None:
        self._scheduler.add_job(
            self.ring,
            "date",
            run_date=at,
            id="reminders",
            replace_existing=True,
            max_instances=10,  # what is due at once rings while the last ring is just ending
        )


def make_scheduler(alarms: Alarms) -> AsyncIOScheduler:
    """Make the scheduler of the jobs. One that is late runs once; one that fails is told."""
    scheduler = AsyncIOScheduler(
        timezone=UTC,  # otherwise it reads files to find out where it is
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def failed(event: JobExecutionEvent) -> None:
        alarms.job_failed(event.job_id, event.exception)

    scheduler.add_listener(failed, EVENT_JOB_ERROR)
    return scheduler


@dataclass(frozen=True)
class Jobs:
    """What the jobs work with; sessions are swept so often.

    `look_around` looks for trouble, `take_up` goes on with what was broken off.
    """

    turns: Turns
    decisions: Decisions
    reminding: Reminding
    search: Search
    every: timedelta
    look_around: Callable[[], Awaitable[None]]
    take_up: Callable[[], Awaitable[None]]


@asynccontextmanager
async def sweeping(scheduler: AsyncIOScheduler, jobs: Jobs) -> AsyncIterator[None]:
    """Run the jobs for as long as the ``with`` lasts."""
    add = scheduler.add_job
    turns, decisions, reminding = jobs.turns, jobs.decisions, jobs.reminding
    seconds = jobs.every.total_seconds()
    add(sweep_sessions, "interval", [turns], id="sweep sessions", seconds=seconds)
    add(decisions.expire, "interval", id="expire approvals", seconds=EXPIRE_APPROVALS_SECONDS)
    add(jobs.search.catch_up, "interval", id="index words", seconds=INDEX_SECONDS)
    add(rewrite_files, "cron", [turns, jobs.search], id="rewrite files", hour=REWRITE_HOUR)
    add(turns.board.catch_up, "interval", id="mend cards", seconds=seconds)
    add(jobs.look_around, "interval", id="look around", seconds=LOOK_AROUND_SECONDS)
    add(jobs.take_up, "interval", id="take up", seconds=TAKE_UP_SECONDS)
    alarm = Alarm(scheduler, reminding)
    async with reminding.telling(alarm.set):
        await alarm.set()
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)
