"""People: what each has set for themselves, and who may not speak here."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, select, update

from sessions.database import Database
from sessions.models import Person
from sessions.tables import insert_if_absent, people
from sessions.times import loaded, stored

BEGIN = insert_if_absent(people, "person")
CHANGE = update(people).where(people.c.person == bindparam("whose"))
ALL = select(people).order_by(people.c.blocked_at, people.c.person)
ONE = ALL.where(people.c.person == bindparam("whose"))


class People:
    """The settings of people; there is one of these for a database.

    Only who has set something, or is blocked, has a row. These are few and asked for at every
    message, so memory holds them. Every change is on disk when its call returns.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Person] | None = None
        self._loading = asyncio.Lock()

    async def get(self, person: str) -> Person:
        """Give what is kept about a person (``telegram:12345``), or what holds for everybody."""
        return (await self._all()).get(person) or Person(person)

    async def zone_of(self, person: str) -> str:
        """Give the time zone that a person has set; empty if they set none."""
        return (await self.get(person)).zone

    async def clock_of(self, person: str) -> tzinfo:
        """Give the time zone in which a person reads times: UTC if they set none."""
        zone = await self.zone_of(person)
        return await asyncio.to_thread(ZoneInfo, zone) if zone else UTC

    async def set_zone(self, person: str, zone: str) -> Person:
        """Set a person's time zone, a name such as ``Europe/Paris``; empty for UTC."""
        return await self._change(person, zone=zone)

    async def set_streaming(self, person: str, *, streams: bool) -> Person:
        """Set whether a person sees answers while they are written."""
        return await self._change(person, streams=streams)

    async def block(self, person: str, *, by: str, at: datetime) -> Person:
        """Let a person speak here no more; `by` says who decided that."""
        return await self._change(person, blocked_at=stored(at), blocked_by=by)

    async def unblock(self, person: str) -> Person:
        """Let a person speak here again."""
        return await self._change(person, blocked_at=None, blocked_by="")

    async def blocked(self) -> Sequence[Person]:
        """Give those who are blocked, the one who is so for longest first."""
        known = (await self._all()).values()
        blocked = [(each.blocked_at, each) for each in known if each.blocked_at is not None]
        return [each for _, each in sorted(blocked, key=lambda pair: (pair[0], pair[1].person))]

    def look_again(self) -> None:
        """Read everybody anew: rows were added or taken out past this."""
        self._known = None

    async def _change(self, person: str, **columns: Any) -> Person:
        known = await self._all()
        values = asdict(Person(person)) | columns

        def work(db: Connection) -> Person:
            if db.execute(CHANGE, {"whose": person, **columns}).rowcount == 0:
                db.execute(BEGIN, values)
            return _load(db.execute(ONE, {"whose": person}).one())

        known[person] = await self._database.write(work)
        return known[person]

    async def _all(self) -> dict[str, Person]:
        async with self._loading:
            if self._known is None:
                rows = await self._database.read(lambda db: list(map(_load, db.execute(ALL))))
                self._known = {each.person: each for each in rows}
            return self._known


def _load(row: Row[Any]) -> Person:
    return Person(row.person, row.zone, row.streams, loaded(row.blocked_at), row.blocked_by)
