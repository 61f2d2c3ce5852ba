"""Letting go of what is older than it may be, while people chat."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.integrity import Backup
from bot.progress import Progress
from bot.turns import Turns
from sessions.cleanup import Cleanup, Old
from sessions.search import Search

log = structlog.get_logger(__name__)

EXPORTS = "exports"
DATABASES = ("conversations.db", "threads.db", "search.db")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept; None is for ever."""

    conversations: timedelta | None = None
    dead_letters: timedelta | None = None
    exports: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go now: what is old in the records, and files of exports."""

    old: Old
    exports: Sequence[Path]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would go."""
        old = self.old
        rest = old.dead_letters + old.set_aside + old.reminders
        return not (old.conversations or old.loose or rest or self.exports)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What went, the backup that was made before, and how many bytes of the disk are free again."""

    conversations: int
    messages: int
    dead_letters: int
    set_aside: int
    reminders: int
    exports: int
    reclaimed: int
    backup: str


class Cleaning:
    """Says what is older than it may be, and lets it go, one conversation after another.

    A conversation loses its agent's thread first and its messages then, so that whenever the
    process dies the next cleanup finds the rest.
    """

    def __init__(
        self,
        turns: Turns,
        cleanup: Cleanup,
        data: Path,
        retention: Retention,
        *,
        search: Search,
        backup: Backup,
        alone: asyncio.Lock,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self._turns = turns
        self._cleanup = cleanup
        self._data = data
        self._retention = retention
        self._clock = clock
        self._search = search
        self._backup = backup
        self._progress = progress
        self._alone = alone

    async def plan(self) -> Plan:
        """Say what would go now."""
        live = {session.thread_id for session in await self._turns.sessions.all()}
        said = self._since(self._retention.conversations)
        died = self._since(self._retention.dead_letters)
        exports = await asyncio.to_thread(self._old_exports)
        return Plan(await self._cleanup.old(said, died, live), exports)

    async def clean(self) -> Cleaned:
        """Let it go, after a backup.

        Raises:
            NoBackup: there is none, so nothing goes.
            DatabaseFailed: the disk did not take it; what went before is gone.
        """
        async with self._alone:
            plan = await self.plan()
            if plan.is_empty:
                return Cleaned(0, 0, 0, 0, 0, 0, 0, "")
            kept = await self._backup("before-cleanup")
            before = await asyncio.to_thread(self._bytes)
            said = self._since(self._retention.conversations)
            conversations = messages = 0
            with self._progress.of("cleanup", len(plan.old.conversations)) as done:
                if said is not None:
                    for thread_id in plan.old.conversations:
                        gone = await self._let_go(thread_id, said)
                        conversations += gone is not None
                        messages += gone or 0
                        done(1)
                    messages += await self._cleanup.remove_loose(plan.old.loose)
                died = self._since(self._retention.dead_letters)
                await self._cleanup.remove_rest(said, died)
                await asyncio.to_thread(_remove, plan.exports)
                if conversations or messages:
                    await self._reclaim()
            cleaned = Cleaned(
                conversations,
                messages,
                plan.old.dead_letters,
                plan.old.set_aside,
                plan.old.reminders,
                len(plan.exports),
                max(0, before - await asyncio.to_thread(self._bytes)),
                kept,
            )
            log.info(
                "cleaned up",
                conversations=conversations,
                messages=messages,
                dead_letters=cleaned.dead_letters,
                set_aside=cleaned.set_aside,
                reminders=cleaned.reminders,
                exports=cleaned.exports,
                reclaimed=cleaned.reclaimed,
                backup=kept,
            )
            return cleaned

    async def _let_go(self, thread_id: str, said: datetime) -> int | None:
        """Remove a conversation unless somebody has gone on with it; count its messages."""
        turns = self._turns
        async with turns.lanes.exclusive(thread_id):
            for session_id in await turns.conversations.past.sessions_of(thread_id):
                session = await turns.sessions.get(session_id)
                if session is not None and session.thread_id == thread_id:
                    return None
            if not await self._cleanup.may_go(thread_id, said):
                return None
            await turns.runner.forget(thread_id, at_once=False)
            return await self._cleanup.remove_conversation(thread_id)

    async def _reclaim(self) -> None:
        """Give the disk back what the databases do not need any more."""
        stores = (self._turns.runner, self._turns.conversations.past, self._search)
        try:
            for store in stores:
                await store.wipe()
            for store in stores:
                await store.rewrite()
        except sqlite3.Error as error:  # it is free for what comes, if not for others
            log.warning("the disk is not reclaimed", reason=str(error))

    def _since(self, kept: timedelta | None) -> datetime | None:
        return None if kept is None else self._clock() - kept

    def _old_exports(self) -> Sequence[Path]:
        since = self._since(self._retention.exports)
        directory = self._data / EXPORTS
        if since is None or not directory.is_dir():
            return ()
        found = (each for each in directory.iterdir() if each.is_file())
        return sorted(each for each in found if each.stat().st_mtime < since.timestamp())

    def _bytes(self) -> int:
        exports = self._data / EXPORTS
        files = [self._data / name for name in DATABASES]
        files += exports.iterdir() if exports.is_dir() else ()
        return sum(each.stat().st_size for each in files)


def _remove(files: Sequence[Path]) -> None:
    for each in files:
        each.unlink(missing_ok=True)
