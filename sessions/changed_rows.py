"""Finding rows that were changed by hand, and accepting them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, select, update

from sessions.agreement import Finding
from sessions.checksums import change_sealed, checksum, stored_columns
from sessions.data_tables import note_changed
from sessions.database import Database
from sessions.tables import approvals, ledger, messages
from sessions.times import loaded

RULE = "as it was written"
ACCEPT = "put it back by hand or with data restore FILE, or keep it: data repair --accept"

ABOUT = 5
"""So many columns of what is read come before those that the checksum covers."""

AT_ONCE = 250
"""Rows that are read in one go; between them others read."""

MOST_TOLD = 100
"""So many rows of a table are told; more of them are one finding."""


@dataclass(frozen=True, slots=True)
class Named:
    """A table, what a row of it is called, and what says which one, whose and when."""

    table: Table
    what: str
    about: ColumnElement[str]
    whose: ColumnElement[str]
    at: ColumnElement[int]


TABLES = (
    Named(
        messages,
        "message",
        messages.c.id,
        messages.c.platform + ":" + messages.c.user_id,
        messages.c.created_at,
    ),
    Named(approvals, "approval", approvals.c.id, approvals.c.requester, approvals.c.asked_at),
    Named(ledger, "action", ledger.c.tool_call_id, ledger.c.tool, ledger.c.begun_at),
)


async def changed_rows(database: Database) -> Sequence[Finding]:
    """Find the rows of messages, approvals and ledger that are not as the bot wrote them."""
    found: list[Finding] = []
    for named in TABLES:
        rows = [row async for row in _differing(database, named)]
        found += [_finding(named, row) for row in rows[:MOST_TOLD]]
        if len(rows) > MOST_TOLD:
            text = f"{len(rows) - MOST_TOLD} more of its rows are not as they were written."
            found.append(Finding(RULE, "error", named.table.name, text, ACCEPT))
    return found


async def accept_changed_rows(database: Database) -> int:
    """Let the rows that were changed by hand be as they are; count them."""
    accepted = 0
    for named in TABLES:
        table = named.table
        for row in [row async for row in _differing(database, named)]:
            this = update(table).where(table.c.number == row.number).values(checksum="")

            def work(
                db: Connection, table: Table = table, this: Any = this, number: int = row.number
            ) -> int:
                if table is messages:
                    note_changed(db, messages.c.number == number)
                return change_sealed(db, table, this)

            accepted += await database.write(work)
    return accepted


async def _differing(database: Database, named: Named) -> Any:
    number = 0
    while True:

        def read(db: Connection, after: int = number) -> tuple[int, Sequence[Row[Any]]]:
            rows = db.execute(_after(named, after)).all()
            return rows[-1].number if rows else 0, list(_wrong(rows))

        number, rows = await database.read(read)
        for row in rows:
            yield row
        if not number:
            return


def _after(named: Named, number: int) -> Any:
    columns = named.table.c
    about = [
        named.about.label("about"),
        named.whose.label("whose"),
        named.at.label("at"),
    ]
    query = select(columns.number, columns.checksum, *about, *stored_columns(named.table))
    return query.where(columns.number > number).order_by(columns.number).limit(AT_ONCE)


def _wrong(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    for row in rows:
        if checksum(list(row[ABOUT:])) != row.checksum:
            yield row


def _finding(named: Named, row: Row[Any]) -> Finding:
    about, whose, at = row.about, row.whose, row.at
    when = f" of {loaded(at):%Y-%m-%d %H:%M} UTC" if isinstance(at, int) else ""
    how = "was changed after it was written" if row.checksum else "was not written by the bot"
    text = f"Row {row.number} of {named.table.name}, the {named.what} of {whose}{when}, {how}."
    return Finding(RULE, "error", str(about), text, ACCEPT)
