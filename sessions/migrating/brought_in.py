"""What a migration brought into the records: counting it, comparing it, and taking it out again."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, exists, func, select, union

from sessions.cleanup import Cleanup
from sessions.database import Database
from sessions.export_file import ExportFile
from sessions.message_rows import message_of
from sessions.migrating.staging import MARK, TAG
from sessions.models import Message
from sessions.portable import KINDS, Kind
from sessions.tables import conversations, messages

AT_ONCE = 500
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """How an export compares with what is here.

    Messages are `ours` (of this migration), were here `before` it, or are `absent`; `new` are the
    conversations of which there is nothing. `different` are ids of what is not as in the export.
    """

    ours: int = 0
    before: int = 0
    absent: int = 0
    new: int = 0
    different: tuple[str, ...] = ()

    def and_also(self, other: "Compared") -> "Compared":
        """Add what was found in another portion."""
        return Compared(
            self.ours + other.ours,
            self.before + other.before,
            self.absent + other.absent,
            self.new + other.new,
            (self.different + other.different)[:MOST_NAMED],
        )


class BroughtIn:
    """The messages that migrations have added, known by the session that they name."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cleanup = Cleanup(database)

    async def compare(self, found: ExportFile, migration: str) -> Compared:
        """Compare every row of an export with what is here."""
        total = Compared()
        for kind in KINDS:
            rows = found.of(kind)
            while portion := await asyncio.to_thread(_portion, rows):
                total = total.and_also(await self._compare(kind, portion, migration))
        return total

    async def newest(self, thread_id: str, *, most: int) -> Sequence[Message]:
        """Give the last messages of a conversation that have words, in order."""
        query = (
            select(messages)
            .where(messages.c.thread_id == thread_id, messages.c.text != "")
            .order_by(messages.c.number.desc())
            .limit(most)
        )
        return await self._database.read(
            lambda db: [message_of(row) for row in db.execute(query)][::-1]
        )

    async def gone_on_with(self, thread_id: str) -> bool:
        """Say whether there is anything in a conversation that no migration has added."""
        return await self._has(thread_id, ~_is_marked(MARK))

    async def threads(self, migration: str) -> Sequence[str]:
        """Name the conversations in which there is something of a migration.

        Also those of which there is only the record, as a migration that was cut off leaves them.
        """
        alone = and_(
            cast(conversations.c.tags, Text).contains(json.dumps(TAG), autoescape=True),
            ~exists().where(messages.c.thread_id == conversations.c.id),
        )
        query = union(
            select(messages.c.thread_id).where(_is_of(migration)),
            select(conversations.c.id).where(alone),
        )
        return await self._database.read(lambda db: sorted(db.execute(query).scalars()))

    async def whole(self, migration: str) -> int:
        """Count the conversations that a migration began, and nobody has gone on with."""
        other = messages.alias("other")
        query = (
            select(func.count(messages.c.thread_id.distinct()))
            .where(_is_of(migration))
            .where(
                ~exists().where(
                    other.c.thread_id == messages.c.thread_id,
                    other.c.session_id != messages.c.session_id,
                )
            )
        )
        return await self._database.read(lambda db: int(db.execute(query).scalar_one()))

    async def take_out(self, thread_id: str, migration: str) -> int:
        """Take what a migration added out of a conversation; count the messages.

        A conversation in which nothing else is goes with it. Its owner holds its thread.
        """
        query = select(messages.c.id).where(messages.c.thread_id == thread_id, _is_of(migration))
        ids = await self._database.read(lambda db: list(db.execute(query).scalars()))
        if await self._has(thread_id, ~_is_of(migration)):
            return await self._cleanup.remove_loose(ids)
        return await self._cleanup.remove_conversation(thread_id)

    async def _has(self, thread_id: str, which: ColumnElement[bool]) -> bool:
        query = select(messages.c.id).where(messages.c.thread_id == thread_id, which).limit(1)
        return await self._database.read(lambda db: db.execute(query).first() is not None)

    async def _compare(
        self, kind: Kind, portion: Sequence[dict[str, Any]], migration: str
    ) -> Compared:
        ids = [row["id"] for row in portion]
        query = select(*kind.columns).where(kind.table.c.id.in_(ids))

        def read(db: Connection) -> Compared:
            here = {row["id"]: dict(row) for row in db.execute(query).mappings()}
            if kind.table is conversations:
                return _of_conversations(portion, here)
            return _of_messages(portion, here, f"{MARK}{migration}")

        return await self._database.read(read)


def _portion(rows: Iterator[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    return list(islice(rows, AT_ONCE))


def _of_conversations(
    portion: Sequence[dict[str, Any]], here: dict[str, dict[str, Any]]
) -> Compared:
    other = [
        row["id"]
        for row in portion
        if row["id"] in here and here[row["id"]]["owner"] != row["owner"]
    ]
    return Compared(new=sum(row["id"] not in here for row in portion), different=tuple(other))


def _of_messages(
    portion: Sequence[dict[str, Any]], here: dict[str, dict[str, Any]], mark: str
) -> Compared:
    known = [row for row in portion if row["id"] in here]
    ours = [row for row in known if here[row["id"]]["session_id"] == mark]
    different = tuple(row["id"] for row in ours if here[row["id"]] != row)
    return Compared(
        len(ours), len(known) - len(ours), len(portion) - len(known), 0, different[:MOST_NAMED]
    )


def _is_of(migration: str) -> ColumnElement[bool]:
    return messages.c.session_id == f"{MARK}{migration}"


def _is_marked(beginning: str) -> ColumnElement[bool]:
    return messages.c.session_id.startswith(beginning, autoescape=True)
