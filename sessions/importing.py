"""Taking in what an export holds, beside what is there. Doing it again adds nothing.

What was erased or forgotten here stays so: a row that is known is left as it is. Nothing that is
taken in begins to run: what was unfinished when it was exported has ended.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from sessions.database import Database
from sessions.export_file import ExportFile
from sessions.forgotten import Forgotten
from sessions.kept_out import KeptOut
from sessions.platform_tables import files
from sessions.portable import KINDS, ArchiveRefused, Kind
from sessions.tables import approvals, conversations, insert_if_absent, messages
from sessions.times import stored

AT_ONCE = 500
"""Rows that come in with one transaction; between them others write."""

UNFINISHED = ("received", "running", "parked", "held")
UNDELIVERED = ("written", "showing")
WAS_OPEN = "It was open when it was exported, and nobody waits for it here."

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows of each kind were new, and the conversations that the export has."""

    added: Mapping[str, int]
    conversations: Sequence[str]


class Importing:
    """Takes exports in. What it has added is on disk when its call returns."""

    def __init__(
        self, database: Database, forgotten: Forgotten, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._forgotten = forgotten
        self._clock = clock

    async def kept_out(self, found: ExportFile) -> KeptOut:
        """Say what of an export is not to come in: the words of those who were forgotten since."""
        return await self._forgotten.kept_out(found.made_at)

    async def take_in(
        self, found: ExportFile, kept_out: KeptOut, done: Callable[[int], None]
    ) -> Imported:
        """Add what is new in an export and not kept out.

        `done` is told how many rows are behind it.

        Raises:
            ArchiveRefused: a row breaks a rule of the records; what came before it is added.
            DatabaseFailed: the disk did not take it; what came before is added.
        """
        owners: dict[str, str] = {}
        added: dict[str, int] = {}
        now = stored(self._clock())
        for kind in KINDS:
            rows = found.of(kind)
            added[kind.name] = 0
            while portion := await asyncio.to_thread(_portion, rows, found, kind):
                if kind.table is conversations:
                    owners |= {row["id"]: row["owner"] for row in portion}

                adding = partial(
                    _add_all, kind=kind, rows=portion, owners=owners, now=now, kept_out=kept_out
                )
                try:
                    added[kind.name] += await self._database.write(adding)
                except IntegrityError as error:
                    raise ArchiveRefused(
                        f"A row of {kind.name}.jsonl breaks a rule of the records: {error.orig}."
                    ) from error
                done(len(portion))
        await self._database.write(kept_out.leave_no_empty_ones)
        return Imported(added, tuple(owners))


def _portion(rows: Iterator[dict[str, Any]], found: ExportFile, kind: Kind) -> list[Row]:
    portion = list(islice(rows, AT_ONCE))
    if kind.table is files:
        for row in portion:
            row["content"] = found.content(row["id"])
    return list(portion)


def _add_all(
    db: Connection,
    kind: Kind,
    rows: Sequence[Row],
    *,
    owners: Mapping[str, str],
    now: int,
    kept_out: KeptOut,
) -> int:
    added = 0
    for row in rows:
        may_come = kept_out.row(kind.name, row)
        if may_come is not None:
            added += _add(db, kind, may_come, owners, now)
        elif kind.table is messages:
            kept_out.leave_no_trace(db, row)
    return added


def _add(db: Connection, kind: Kind, row: Row, owners: Mapping[str, str], now: int) -> int:
    """Add a row unless it is known, or may not be here; say how many are added: one, or none."""
    wanted: Row | None = row
    if kind.table is conversations:
        wanted = row if _is_new(db, row) else None
    elif kind.table is messages:
        wanted = _message(db, row, owners)
    elif kind.table is files:
        wanted = row if _has_room(db, row) else None
    elif kind.table is approvals:
        wanted = _ended(row, now)
    elif kind.name == "votes":
        # One that is open here is decided here.
        known = select(approvals.c.id).where(
            approvals.c.id == row["approval_id"], approvals.c.ended_at.is_not(None)
        )
        wanted = row if db.execute(known).first() else None
    elif kind.name == "reminders" and not row["rule"] and (row["due_at"] or now) < now:
        wanted = {**row, "due_at": None}
    if wanted is None:
        return 0
    return db.execute(insert_if_absent(kind.table, *kind.unique), dict(wanted)).rowcount


def _is_new(db: Connection, row: Row) -> bool:
    """Say whether nothing was said in a conversation here: what was cleared does not come back."""
    here = select(messages.c.id).where(messages.c.thread_id == row["id"]).limit(1)
    return db.execute(here).first() is None


def _message(db: Connection, row: Row, owners: Mapping[str, str]) -> Row | None:
    """Give a message as it comes in; None if its conversation is another person's here."""
    thread_id = row["thread_id"]
    owner = db.execute(
        select(conversations.c.owner).where(conversations.c.id == thread_id)
    ).scalar_one_or_none()
    if owner is None and thread_id in owners:
        return None  # it was cleared here, or it would have its record by now
    if owner not in (None, owners.get(thread_id), f"{row['platform']}:{row['user_id']}"):
        return None
    if row["answers"] is not None:
        asked = select(messages.c.id).where(messages.c.id == row["answers"])
        if db.execute(asked).first() is None:
            return None
    state = row["state"]
    if state in UNFINISHED:
        state = "dead"
    elif state in UNDELIVERED:
        state = "delivered"
    return {**row, "state": state}


def _has_room(db: Connection, row: Row) -> bool:
    """Say whether a message lacks a file; one whose words were erased has none any more."""
    if row["goes_out"]:
        return False
    its = select(messages.c.files).where(messages.c.id == row["message_id"])
    has = select(func.count()).where(files.c.message_id == row["message_id"])
    return bool((db.execute(its).scalar_one_or_none() or 0) > db.execute(has).scalar_one())


def _ended(row: Row, now: int) -> Row:
    if row["ended_at"] is not None:
        return row
    ended = {**row, "ended_at": now, "ending": WAS_OPEN}
    if row["decided_at"] is not None:
        return ended
    return {**ended, "decided_at": now, "outcome": "withdrawn", "decided_where": "import"}
