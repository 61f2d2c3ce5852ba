"""Letting go of old records: conversations nobody has gone on with, and what belongs to none.

Words go; of approvals and actions stays who, when and what was decided. Nothing goes that somebody
still waits for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    exists,
    func,
    select,
    update,
)

from sessions.database import Database
from sessions.erasing import erase_messages, hash_decisions, in_portions
from sessions.platform_tables import set_aside
from sessions.tables import (
    HAS_NOT_ENDED,
    PERSONS_STATES,
    approvals,
    conversations,
    dead_letters,
    messages,
    reminders,
)
from sessions.times import loaded, stored

UNFINISHED = tuple(
    state for state in PERSONS_STATES if state not in ("answered", "rejected", "dead")
)


@dataclass(frozen=True, slots=True)
class Old:
    """What is older than it may be: the ids of conversations, and how much of everything else.

    `messages` are those of the conversations and those that belong to none; `oldest` is when the
    first of them came. Of `reminders` that are over, the words go.
    """

    conversations: Sequence[str]
    loose: Sequence[str]
    messages: int
    dead_letters: int
    set_aside: int
    reminders: int
    oldest: datetime | None


class Cleanup:
    """Finds and removes what is old. Every removal is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def old(
        self, said_before: datetime | None, died_before: datetime | None, live: Collection[str]
    ) -> Old:
        """Find what is older than these times; None keeps all. Threads that are live stay."""

        def read(db: Connection) -> Old:
            threads: list[str] = []
            loose: list[str] = []
            many, over, first = 0, 0, None
            if said_before is not None:
                found = db.execute(_conversations(said_before)).scalars()
                threads = [each for each in found if each not in live]
                rows = db.execute(_loose(said_before)).all()
                loose = [row.id for row in rows if row.thread_id not in live]
                times = [row.created_at for row in rows if row.thread_id not in live]
                for ids in in_portions(threads):
                    inside = messages.c.thread_id.in_(ids)
                    count, began = db.execute(
                        select(func.count(), func.min(messages.c.created_at)).where(inside)
                    ).one()
                    many += count
                    times += [began] * bool(count)
                first = min(times, default=None)
                over = _count(db, reminders, *_over(said_before))
            return Old(
                threads,
                loose,
                many + len(loose),
                _count(db, dead_letters, *_before(dead_letters.c.died_at, died_before)),
                _count(db, set_aside, *_before(set_aside.c.at, died_before)),
                over,
                loaded(first),
            )

        return await self._database.read(read)

    async def may_go(self, thread_id: str, said_before: datetime) -> bool:
        """Say whether a conversation is still as old as that, and nobody waits for it."""
        this = _conversations(said_before).where(conversations.c.id == thread_id)
        return await self._database.read(lambda db: db.execute(this).first() is not None)

    async def remove_conversation(self, thread_id: str) -> int:
        """Remove a conversation and count its messages; its owner holds its thread."""
        here = messages.c.thread_id == thread_id

        def work(db: Connection) -> int:
            hash_decisions(db, thread_id)
            erase_messages(db, here)
            db.execute(delete(conversations).where(conversations.c.id == thread_id))
            return db.execute(delete(messages).where(here)).rowcount

        return await self._database.write(work)

    async def remove_loose(self, ids: Sequence[str]) -> int:
        """Remove messages that belong to no conversation; count them."""
        removed = 0
        for portion in in_portions(ids):
            which = messages.c.id.in_(portion)

            def work(db: Connection, which: ColumnElement[bool] = which) -> int:
                erase_messages(db, which)
                return db.execute(delete(messages).where(which)).rowcount

            removed += await self._database.write(work)
        return removed

    async def remove_rest(self, said_before: datetime | None, died_before: datetime | None) -> None:
        """Remove the words of reminders that are over, and what could not be handled."""

        def work(db: Connection) -> None:
            if said_before is not None:
                # The row stays, for a person's numbers count it.
                db.execute(update(reminders).where(*_over(said_before)).values(text=""))
            if died_before is not None:
                for table, at in (
                    (dead_letters, dead_letters.c.died_at),
                    (set_aside, set_aside.c.at),
                ):
                    db.execute(delete(table).where(*_before(at, died_before)))

        await self._database.write(work)


def _conversations(before: datetime) -> Select[Any]:
    thread = conversations.c.id
    waits = exists().where(messages.c.thread_id == thread, messages.c.state.in_(UNFINISHED))
    asks = exists().where(approvals.c.thread_id == thread, HAS_NOT_ENDED)
    return select(thread).where(conversations.c.updated_at < stored(before), ~waits, ~asks)


def _loose(before: datetime) -> Select[Any]:
    """Find what belongs to no conversation: commands, what was refused, what is erased already."""
    thread = messages.c.thread_id
    return (
        select(messages.c.id, thread, messages.c.created_at)
        .where(
            messages.c.created_at < stored(before),
            messages.c.state.not_in(UNFINISHED),
            ~exists().where(conversations.c.id == thread),
            ~exists().where(approvals.c.thread_id == thread, HAS_NOT_ENDED),
        )
        .order_by(messages.c.number)
    )


def _over(before: datetime) -> tuple[ColumnElement[bool], ...]:
    its = reminders.c
    return its.due_at.is_(None), its.created_at < stored(before), its.text != ""


def _before(at: ColumnElement[int], before: datetime | None) -> tuple[ColumnElement[bool], ...]:
    return (at < (0 if before is None else stored(before)),)


def _count(db: Connection, table: Table, *which: ColumnElement[bool]) -> int:
    return db.execute(select(func.count()).select_from(table).where(*which)).scalar_one()
