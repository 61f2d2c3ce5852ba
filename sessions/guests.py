"""Strangers: who was told that they may not speak here, with which code, and who was let in."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from sessions.database import Database
from sessions.platform_tables import guests
from sessions.tables import insert_if_absent
from sessions.times import loaded, stored

WHO = guests.c.person == bindparam("who")
ADD = insert_if_absent(guests, "person")
ONE = select(guests).where(WHO)
ACCEPTED = select(guests).where(guests.c.accepted_at.is_not(None)).order_by(guests.c.accepted_at)
WAITING = select(guests).where(
    guests.c.accepted_at.is_(None), guests.c.expires_at > bindparam("now")
)
ACCEPT = update(guests).where(WHO, guests.c.accepted_at.is_(None))
REMOVE = delete(guests).where(WHO)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who asked to be let in; `accepted_at` is None until they are."""

    person: str
    told_at: datetime
    expires_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str


class Guests:
    """Those who were not invited by a setting. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: str) -> Guest | None:
        """Find somebody who was told something before."""
        found = await self._database.read(lambda db: db.execute(ONE, {"who": person}).one_or_none())
        return None if found is None else _load(found)

    async def tell(
        self, person: str, *, at: datetime, code: str, expires_at: datetime | None
    ) -> None:
        """Note that somebody was told, and given this code; only its hash is kept."""
        row = {
            "code_hash": _hash(code) if code else "",
            "told_at": stored(at),
            "expires_at": stored(expires_at),
        }

        def work(db: Connection) -> None:
            changed = db.execute(ACCEPT.values(**row), {"who": person})
            if changed.rowcount == 0:
                absent = {"person": person, "accepted_at": None, "accepted_by": "", **row}
                db.execute(ADD, absent)

        await self._database.write(work)

    async def waiting(self, now: datetime) -> int:
        """Count the codes that may still be accepted."""
        query = select(func.count()).select_from(WAITING.subquery())
        values = {"now": stored(now)}
        return await self._database.read(lambda db: db.execute(query, values).scalar_one())

    async def accept(self, code: str, *, by: str, at: datetime) -> Guest | None:
        """Let in whoever was given this code; None if nobody was, or it has expired."""
        wanted = _hash(code)
        values = {"accepted_at": stored(at), "accepted_by": by, "code_hash": "", "expires_at": None}

        def work(db: Connection) -> Guest | None:
            for row in db.execute(WAITING, {"now": stored(at)}).all():
                if hmac.compare_digest(row.code_hash, wanted):
                    db.execute(ACCEPT.values(**values), {"who": row.person})
                    return _load(db.execute(ONE, {"who": row.person}).one())
            return None

        return await self._database.write(work)

    async def remove(self, person: str) -> bool:
        """Let somebody in no more; False if they were not."""
        return await self._database.write(
            lambda db: db.execute(REMOVE, {"who": person}).rowcount == 1
        )

    async def accepted(self) -> Sequence[Guest]:
        """List who was let in, the first one first."""
        return await self._database.read(lambda db: list(map(_load, db.execute(ACCEPTED))))


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def _load(row: Row[Any]) -> Guest:
    return Guest(
        row.person,
        loaded(row.told_at),
        loaded(row.expires_at),
        loaded(row.accepted_at),
        row.accepted_by,
    )
