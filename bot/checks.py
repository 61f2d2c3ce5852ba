"""The checks behind /ready: for each part of the bot, whether it works."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.agent.runner import Runner
from bot.errors import AgentFailed
from bot.health import Check, Part
from bot.outbox import Outbox
from sessions.backlog import backlog
from sessions.database import Database, DatabaseError
from sessions.report import StoreReport

LONGEST_ON_THE_WAY = timedelta(minutes=10)
"""A message that no platform has taken for so long is a sign that one of them does not work."""

LEAST_FREE = 50 * 1024 * 1024
LATEST_JOB = timedelta(minutes=1)


def checking_sessions(state: Callable[[], StoreReport]) -> Check:
    """Check sessions.csv and its journal."""

    async def check() -> Part:
        report = state()
        trouble = report.refusing or report.trouble
        edited = ", ".join(path.name for path in report.edited_files)
        if edited:
            edited = (
                f" Somebody edited it; apply it with: sessions apply {edited}, or move it away."
            )
        text = trouble or f"{report.sessions} sessions in {report.path.name}."
        return Part("sessions", ok=not trouble, text=text + edited)

    return check


def checking_conversations(database: Database) -> Check:
    """Check that the database of messages and approvals can be written."""

    async def check() -> Part:
        try:
            await database.check()
        except DatabaseError as error:
            return Part("conversations", ok=False, text=str(error))
        return Part("conversations", ok=True, text="The database can be written.")

    return check


def checking_threads(runner: Runner) -> Check:
    """Check that the agent's threads can be read."""

    async def check() -> Part:
        try:
            await runner.look("")
        except (sqlite3.Error, OSError, AgentFailed) as error:
            return Part("threads", ok=False, text=f"threads.db cannot be read: {error}.")
        return Part("threads", ok=True, text="The agent's threads can be read.")

    return check


def checking_outbox(database: Database, outbox: Outbox, clock: Callable[[], datetime]) -> Check:
    """Check that platforms which can push take what is to be shown."""

    async def check() -> Part:
        try:
            waiting = (await backlog(database)).outbox
        except DatabaseError as error:
            return Part("outbox", ok=False, text=str(error))
        now = clock()
        pushed = {name: queue for name, queue in waiting.items() if name in outbox.pushing}
        late = [
            f"{name} has not taken {queue.many}, the oldest for {queue.age(now) / 60:.0f} minutes."
            for name, queue in sorted(pushed.items())
            if now - queue.oldest > LONGEST_ON_THE_WAY
        ]
        many = sum(queue.many for queue in pushed.values())
        text = " ".join(late) or f"{many} messages are on their way."
        return Part("outbox", ok=not late, text=text)

    return check


def checking_disk(directories: Sequence[Path], least: int = LEAST_FREE) -> Check:
    """Check that there is room where the files are."""

    def free() -> int:
        return min(shutil.disk_usage(each).free for each in directories)

    async def check() -> Part:
        try:
            room = await asyncio.to_thread(free)
        except OSError as error:
            return Part("disk", ok=False, text=f"It cannot be looked at: {error.strerror}.")
        text = f"{room // 1024**2:,} MB are free."
        if room < least:
            return Part("disk", ok=False, text=f"{text} At least {least // 1024**2} MB should be.")
        return Part("disk", ok=True, text=text)

    return check


def checking_jobs(scheduler: AsyncIOScheduler) -> Check:
    """Check that the periodic jobs are started, and on time."""

    async def check() -> Part:
        if not scheduler.running:
            return Part("scheduler", ok=False, text="The periodic jobs are not started.")
        now = datetime.now(UTC)
        jobs = scheduler.get_jobs()
        late = [
            job.id for job in jobs if job.next_run_time and job.next_run_time < now - LATEST_JOB
        ]
        if late:
            return Part("scheduler", ok=False, text=f"Late: {', '.join(late)}.")
        return Part("scheduler", ok=True, text=f"{len(jobs)} periodic jobs are on time.")

    return check
