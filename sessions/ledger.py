"""The ledger of actions: written before a tool with effects begins, so that none runs twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, select, update

from sessions.checksums import change_sealed
from sessions.database import Database
from sessions.models import ApprovalRecord, JsonObject, LedgerEntry, LedgerKey
from sessions.tables import insert_if_absent, ledger
from sessions.times import loaded, stored

BEGIN = insert_if_absent(ledger, "thread_id", "ai_message_id", "tool_call_id")


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
        values = {
            "thread_id": key.thread_id,
            "ai_message_id": key.ai_message_id,
            "tool_call_id": key.tool_call_id,
            "tool": tool,
            "arguments": dict(arguments),
            "begun_at": stored(at),
            "outcome": "",
        }

        def work(db: Connection) -> LedgerEntry | None:
            return None if db.execute(BEGIN, values).rowcount == 1 else _known(db, key)

        return await self._database.write(work)

    async def end(
        self, key: LedgerKey, *, outcome: Literal["done", "failed"], result: Any, at: datetime
    ) -> None:
        """Note how a tool call ended, and what it gave; the first time counts.

        Raises:
            KeyError: it never began.
        """
        query = (
            update(ledger)
            .where(*_same(key), ledger.c.ended_at.is_(None))
            .values(ended_at=stored(at), outcome=outcome, result=result)
        )

        def work(db: Connection) -> None:
            if change_sealed(db, ledger, query) == 0:
                _known(db, key)

        await self._database.write(work)

    async def of_thread(self, thread_id: str) -> Sequence[LedgerEntry]:
        """Give all tool calls of a thread, in the order in which they began."""
        query = select(ledger).where(ledger.c.thread_id == thread_id).order_by(ledger.c.number)
        return await self._database.read(lambda db: [_load(row) for row in db.execute(query)])

    async def ending_of(self, record: ApprovalRecord) -> str:
        """Say how the actions of a decision ended."""
        since = record.decided_at or record.asked_at
        names = {action.name for action in record.actions}
        endings = [
            f"{entry.tool}: {entry.outcome or 'outcome unknown'}"
            for entry in await self.of_thread(record.thread_id)
            if entry.begun_at >= since and entry.tool in names
        ]
        return f"{', '.join(endings) or 'Nothing was run'}."


def _same(key: LedgerKey) -> tuple[ColumnElement[bool], ...]:
    return (
        ledger.c.thread_id == key.thread_id,
        ledger.c.ai_message_id == key.ai_message_id,
        ledger.c.tool_call_id == key.tool_call_id,
    )


def _known(db: Connection, key: LedgerKey) -> LedgerEntry:
    row = db.execute(select(ledger).where(*_same(key))).one_or_none()
    if row is None:
        raise KeyError(key)
    return _load(row)


def _load(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        key=LedgerKey(row.thread_id, row.ai_message_id, row.tool_call_id),
        tool=row.tool,
        arguments=row.arguments,
        begun_at=loaded(row.begun_at),
        ended_at=loaded(row.ended_at),
        outcome=row.outcome,
        result=row.result,
    )
