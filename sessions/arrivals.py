"""What platforms need to lose nothing that arrives: marks, and what could not be handled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from sessions.database import Database
from sessions.pieces import stored_of
from sessions.platform_tables import kept_updates, marks, set_aside
from sessions.tables import insert_if_absent
from sessions.times import loaded, stored

OF_CHAT = (marks.c.platform == bindparam("where_"), marks.c.chat_id == bindparam("chat"))
MARK = select(marks.c.mark).where(*OF_CHAT)
MOVE = update(marks).where(*OF_CHAT)
BEGIN = insert_if_absent(marks)
ASIDE = insert_if_absent(set_aside)
KEEP = insert_if_absent(kept_updates)
RELEASE = delete(kept_updates).where(
    kept_updates.c.platform == bindparam("where_"), kept_updates.c.update_id == bindparam("which")
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that arrived and could not be handled, as its platform sent it, and why."""

    platform: str
    update_id: str
    content: str
    reason: str
    at: datetime


class Arrivals:
    """How far each chat is stored, and what was set aside. All is on disk when a call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def marks(self, platform: str) -> Mapping[str, str]:
        """Give the mark of each chat of a platform."""
        query = select(marks.c.chat_id, marks.c.mark).where(marks.c.platform == platform)
        return await self._database.read(
            lambda db: {row.chat_id: row.mark for row in db.execute(query)}
        )

    async def mark(self, platform: str, chat_id: str, mark: str) -> None:
        """Move a mark forward; marks are numbers in words, and never move back."""
        whose = {"where_": platform, "chat": chat_id}

        def work(db: Connection) -> None:
            known = db.execute(MARK, whose).scalar_one_or_none()
            if known is None:
                db.execute(BEGIN, {"platform": platform, "chat_id": chat_id, "mark": mark})
            elif int(mark) > int(known):
                db.execute(MOVE.values(mark=mark), whose)

        await self._database.write(work)

    async def set_aside(self, what: SetAside) -> None:
        """Keep something that cannot be handled; the second time changes nothing."""
        row = {
            "platform": what.platform,
            "update_id": what.update_id,
            # What is no text for a database is one with its odd characters written out.
            "content": what.content.encode("utf-8", "backslashreplace").decode(),
            "reason": what.reason.encode("utf-8", "backslashreplace").decode(),
            "at": stored(what.at),
        }
        await self._database.write(lambda db: db.execute(ASIDE, row))

    async def keep(self, platform: str, update_id: str, content: str) -> None:
        """Keep something until it is released; the second time changes nothing."""
        row = {"platform": platform, "update_id": update_id, "content": content}
        await self._database.write(lambda db: db.execute(KEEP, row))

    async def kept(self, platform: str) -> Sequence[str]:
        """Give what is kept, in the order in which it came."""
        query = select(kept_updates.c.content).where(kept_updates.c.platform == platform)
        ordered = query.order_by(kept_updates.c.number)
        return await self._database.read(lambda db: list(db.execute(ordered).scalars()))

    async def release(self, platform: str, update_id: str) -> None:
        """Keep something no more, as it is stored elsewhere."""
        which = {"where_": platform, "which": update_id}
        await self._database.write(lambda db: db.execute(RELEASE, which))

    async def taken(self, platform: str, chat_id: str, ids: Sequence[str]) -> Collection[str]:
        """Say which messages of a platform are stored, by themselves or as pieces of one."""
        return await self._database.read(lambda db: stored_of(db, platform, chat_id, ids))

    async def all_set_aside(self) -> Sequence[SetAside]:
        """List what was set aside, the last one first."""
        query = select(set_aside).order_by(set_aside.c.number.desc())
        return await self._database.read(lambda db: list(map(_load, db.execute(query))))


def _load(row: Row[Any]) -> SetAside:
    return SetAside(row.platform, row.update_id, row.content, row.reason, loaded(row.at))
