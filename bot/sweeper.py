"""The periodic jobs: expire sessions that are idle, and approvals that nobody decided."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.alarms import Alarms
from bot.decisions import Decisions
from bot.turns import Turns

log = structlog.get_logger(__name__)

EXPIRE_APPROVALS_SECONDS = 10
"""An approval is refused from its very second on; its card says so at most this much later."""

REWRITE_HOUR = 3
"""In UTC. Turns wait while a large database is written anew."""

LOOK_AROUND_SECONDS = 30
"""How often is looked whether a part of the bot does not work."""


async def sweep_sessions(turns: Turns) -> int:
    """Remove sessions that are idle for too long and wait for nothing; count them."""
    busy = {row.session_id for row in await turns.conversations.unfinished()}
    removed = await turns.sessions.sweep(keep=lambda session: session.session_id in busy)
    for session in removed:
        await turns.approvals.records.drop_grants(session.session_id)
    if removed:
        log.info("expired idle sessions", sessions=len(removed))
    return len(removed)


async def rewrite_files(turns: Turns) -> None:
    """Write the databases anew that were too large for it when somebody deleted their words."""
    for name, rewritten in (
        ("conversations", await turns.conversations.past.rewrite()),
        ("threads", await turns.runner.rewrite()),
    ):
        if rewritten:
            log.info("wrote a database anew, without what was deleted", database=name)


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


@asynccontextmanager
async def sweeping(
    scheduler: AsyncIOScheduler,
    turns: Turns,
    decisions: Decisions,
    every: timedelta,
    look_around: Callable[[], Awaitable[None]],
) -> AsyncIterator[None]:
    """Run the jobs for as long as the ``with`` lasts."""
    add = scheduler.add_job
    seconds = every.total_seconds()
    add(sweep_sessions, "interval", [turns], id="sweep sessions", seconds=seconds)
    add(decisions.expire, "interval", id="expire approvals", seconds=EXPIRE_APPROVALS_SECONDS)
    add(rewrite_files, "cron", [turns], id="rewrite files", hour=REWRITE_HOUR)
    add(look_around, "interval", id="look around", seconds=LOOK_AROUND_SECONDS)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
