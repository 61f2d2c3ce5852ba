"""The ledger of actions: written before a tool with effects begins, so that none runs twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, select, update
from sqlalchemy.dialects.sqlite import insert

from sessions.database import Database
from sessions.models import JsonObject, LedgerEntry, LedgerKey
from sessions.tables import ledger
from sessions.times import loaded, stored


class Ledger:
    """One entry a tool call. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, key: LedgerKey, *, tool: str, arguments: JsonObject, at: datetime
    ) -> LedgerEntry | None:
        """Begin a tool call; None means that it is the caller's to run.

        Otherwise it was begun before, and what is known of it comes back: its result, or, if it
        has not ended, that nobody knows how far it came.
        """

        def work(db: Connection) -> LedgerEntry | None:
            values = {
                "thread_id": key.thread_id,
                "ai_message_id": key.ai_message_id,
                "tool_call_id": key.tool_call_id,
                "tool": tool,
                "arguments": dict(arguments),
                "begun_at": stored(at),
                "outcome": "",
            }
            query = insert(ledger).on_conflict_do_nothing()
            if db.execute(query, values).rowcount == 1:
                return None
            return _load(db.execute(_find(key)).one())

        return await self._database.write(work)

    async def end(
        self, key: LedgerKey, *, outcome: Literal["done", "failed"], result: Any, at: datetime
    ) -> None:
        """Note how a tool call ended, and what it gave."""
        query = (
            update(ledger)
            .where(*_same(key), ledger.c.ended_at.is_(None))
            .values(ended_at=stored(at), outcome=outcome, result=result)
        )
        await self._database.write(lambda db: db.execute(query))

    async def of_thread(self, thread_id: str) -> Sequence[LedgerEntry]:
        """Give all tool calls of a thread, in the order in which they began."""
        query = select(ledger).where(ledger.c.thread_id == thread_id).order_by(ledger.c.begun_at)
        return await self._database.read(lambda db: [_load(row) for row in db.execute(query)])


def _same(key: LedgerKey) -> tuple[Any, ...]:
    return (
        ledger.c.thread_id == key.thread_id,
        ledger.c.ai_message_id == key.ai_message_id,
        ledger.c.tool_call_id == key.tool_call_id,
    )


def _find(key: LedgerKey) -> Select[Any]:
    return select(ledger).where(*_same(key))


def _load(row: Row[Any]) -> LedgerEntry:
    columns = row._asdict()
    names = ("thread_id", "ai_message_id", "tool_call_id")
    key = LedgerKey(**{name: columns.pop(name) for name in names})
    columns["begun_at"] = loaded(columns["begun_at"])
    columns["ended_at"] = loaded(columns["ended_at"])
    return LedgerEntry(key=key, **columns)
