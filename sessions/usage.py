"""How many tokens of the language model each person has used, day by day in UTC."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, bindparam, select, update

from sessions.database import Database
from sessions.tables import usage

ADD = (
    update(usage)
    .where(usage.c.person == bindparam("whose"), usage.c.day == bindparam("on"))
    .values(tokens=usage.c.tokens + bindparam("more"))
)
SINCE = (
    select(usage.c.day, usage.c.tokens)
    .where(usage.c.person == bindparam("whose"), usage.c.day >= bindparam("since"))
    .order_by(usage.c.day)
)


class Usage:
    """The tokens of people. What was added is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, person: str, day: date, tokens: int) -> None:
        """Add what one call of the model used."""
        more = {"whose": person, "on": day.isoformat(), "more": tokens}
        row = {"person": person, "day": day.isoformat(), "tokens": tokens}

        def work(db: Connection) -> None:
            if db.execute(ADD, more).rowcount == 0:
                db.execute(usage.insert(), row)

        await self._database.write(work)

    async def since(self, person: str, day: date) -> Mapping[date, int]:
        """Give what a person used on each day from this one on; days without use are absent."""
        query = {"whose": person, "since": day.isoformat()}
        return await self._database.read(
            lambda db: {
                date.fromisoformat(each.day): each.tokens for each in db.execute(SINCE, query)
            }
        )
