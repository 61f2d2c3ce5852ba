"""What platforms are known to show: the parts of an answer."""

from sqlalchemy import bindparam, delete, select

from sessions.database import Database
from sessions.tables import insert_if_absent, parts

ADD = insert_if_absent(parts)
OF = select(parts.c.part).where(parts.c.shows == bindparam("shown")).order_by(parts.c.number)
FORGET = delete(parts).where(parts.c.shows == bindparam("shown"))


class Parts:
    """The platforms' own ids of what they show. `shows` is the id of a message."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, shows: str, part: str) -> None:
        """Note that a part is shown; doing it again changes nothing."""
        row = {"shows": shows, "part": part}
        await self._database.write(lambda db: db.execute(ADD, row))

    async def of(self, shows: str) -> tuple[str, ...]:
        """Give the parts that are shown, in the order in which they were sent."""
        query = {"shown": shows}
        found = await self._database.read(lambda db: db.execute(OF, query).scalars().all())
        return tuple(found)

    async def forget(self, shows: str) -> None:
        """Note that nothing of it is shown any more, or that it does not matter now."""
        await self._database.write(lambda db: db.execute(FORGET, {"shown": shows}))
