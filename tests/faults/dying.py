"""A bot in a process of its own that kills itself at its n-th durable step.

Every write to a disk of ours is a step: a transaction of the database, a change of the sessions, a
checkpoint. Dying before one and after one, for each of them, is dying between any two.
"""

import asyncio
import functools
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.store.sqlite.aio import AsyncSqliteStore

from adapters.contract import ApprovalRequest
from bot.agent.saver import ThreadSaver
from sessions.csv_store import CsvStore
from sessions.database import Database
from tests.stories.clock_tower import open_tower
from tests.stories.house import open_house

STEPS: tuple[tuple[type[Any], str], ...] = (
    (Database, "write"),
    (CsvStore, "save"),
    (CsvStore, "change"),
    (ThreadSaver, "aput"),
    (ThreadSaver, "aput_writes"),
    (AsyncSqliteStore, "abatch"),
)


@dataclass
class Death:
    """When to die: at which step, before it or after it."""

    at: int
    after: bool
    taken: int = 0

    def begins(self) -> int:
        """Count a step, and die before it if it is the one."""
        self.taken += 1
        if self.taken == self.at and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.taken

    def ended(self, step: int) -> None:
        """Die after a step if it is the one."""
        if step == self.at and self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def dying(method: Callable[..., Awaitable[Any]], death: Death) -> Callable[..., Awaitable[Any]]:
    """Let a method count as a step."""

    @functools.wraps(method)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        step = death.begins()
        result = await method(*args, **kwargs)
        death.ended(step)
        return result

    return wrapped


def ask_and_approve(home: Path, at: int, *, after: bool) -> None:
    """Ask for an action and approve it, until the end or the death."""
    _live(_asking(home), Death(at, after))


def be_reminded(home: Path, at: int, *, after: bool) -> None:
    """Ask for a reminder and wait for it, until the end or the death."""
    _live(_waiting(home), Death(at, after))


def _live(story: Coroutine[Any, Any, None], death: Death) -> None:
    for owner, name in STEPS:
        setattr(owner, name, dying(getattr(owner, name), death))
    asyncio.run(story)


async def _asking(home: Path) -> None:
    async with open_house(home) as house:
        replies = await house.people.say("ann", "send hello to me and note: milk")
        for reply in replies:
            if isinstance(reply, ApprovalRequest):
                await house.people.tap("ann", reply.approval_id)


async def _waiting(home: Path) -> None:
    async with open_tower(home) as house:
        await house.people.say("ann", "remind me in 1 second to drink tea", message_id="7")
        await house.until_said("ann", "Reminder: drink tea")
