"""The periodic jobs: expire sessions that are idle, and approvals that nobody decided."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.decisions import Decisions
from bot.turns import Turns

log = structlog.get_logger(__name__)

EXPIRE_APPROVALS_SECONDS = 10
"""An approval is refused from its very second on; its card says so at most this much later."""

REWRITE_HOUR = 3
"""In UTC. Turns wait while a large database is written anew."""


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


@asynccontextmanager
async def sweeping(turns: Turns, decisions: Decisions, every: timedelta) -> AsyncIterator[None]:
    """Run the jobs for as long as the ``with`` lasts. A job that is late runs once."""
    scheduler = AsyncIOScheduler(
        timezone=UTC,  # otherwise it reads files to find out where it is
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(sweep_sessions, "interval", [turns], seconds=every.total_seconds())
    scheduler.add_job(decisions.expire, "interval", seconds=EXPIRE_APPROVALS_SECONDS)
    scheduler.add_job(rewrite_files, "cron", [turns], hour=REWRITE_HOUR)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
