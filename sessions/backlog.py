"""How much waits: people's messages that have not ended, and the bot's that were not shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from sessions.database import Database
from sessions.tables import (
    HAS_NOT_ENDED,
    IS_UNDELIVERED,
    IS_UNFINISHED,
    approvals,
    dead_letters,
    messages,
)
from sessions.times import loaded

HAS_WORDS = messages.c.text != ""  # otherwise somebody has erased them
MANY = func.count().label("many")
OLDEST = func.min(messages.c.created_at).label("oldest")
INBOX = select(messages.c.state.label("name"), MANY, OLDEST).where(IS_UNFINISHED)
OUTBOX = select(messages.c.platform.label("name"), MANY, OLDEST).where(IS_UNDELIVERED, HAS_WORDS)
DEAD = (
    select(messages.c.role.label("name"), MANY)
    .join(dead_letters, dead_letters.c.message_id == messages.c.id)
    .group_by(messages.c.role)
)
OPEN = select(MANY).select_from(approvals).where(HAS_NOT_ENDED, approvals.c.decided_at.is_(None))


@dataclass(frozen=True, slots=True)
class Queue:
    """How many messages wait, and when the oldest of them was stored."""

    many: int
    oldest: datetime

    def age(self, now: datetime) -> float:
        """Give the seconds that the oldest waits; a clock may have been set back."""
        return max(0.0, (now - self.oldest).total_seconds())


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: the inbox by state, the outbox by platform, dead letters by role, approvals."""

    inbox: Mapping[str, Queue]
    outbox: Mapping[str, Queue]
    dead: Mapping[str, int]
    open_approvals: int


async def backlog(database: Database) -> Backlog:
    """Count what waits. Each query has an index of its own: this costs what it finds."""

    def work(db: Connection) -> Backlog:
        return Backlog(
            inbox=_queues(db, INBOX.group_by(messages.c.state)),
            outbox=_queues(db, OUTBOX.group_by(messages.c.platform)),
            dead={row.name: row.many for row in db.execute(DEAD)},
            open_approvals=db.execute(OPEN).scalar_one(),
        )

    return await database.read(work)


def _queues(db: Connection, query: Select[Any]) -> Mapping[str, Queue]:
    return {row.name: Queue(row.many, loaded(row.oldest)) for row in db.execute(query)}
