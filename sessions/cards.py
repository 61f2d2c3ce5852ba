"""Where the cards of approvals stand, until they say how their approval ended."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, delete, select

from sessions.database import Database
from sessions.models import Place
from sessions.platform_tables import cards
from sessions.tables import approvals, insert_if_absent

PLACE = tuple(field.name for field in fields(Place))
CHAT = ("platform", "chat_id", "topic_id")  # in a shared chat everybody sees the same card
HERE = tuple(cards.c[part] == bindparam(part) for part in CHAT)
OF = cards.c.approval_id == bindparam("approval")

ADD = insert_if_absent(cards)
IN = select(cards.c.part).where(OF, *HERE).order_by(cards.c.number)
PLACES = select(*(cards.c[part] for part in PLACE)).where(OF).distinct()
FORGET = delete(cards).where(OF, *HERE)
ENDED = (
    select(cards.c.approval_id)
    .join(approvals, approvals.c.id == cards.c.approval_id)
    .where(approvals.c.ended_at.is_not(None))
    .distinct()
)


class Cards:
    """The cards that stand in chats. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, approval_id: str, place: Place, part: str = "") -> None:
        """Note that a card stands there, under the platform's id if it gives one."""
        row = {"approval_id": approval_id, **asdict(place), "part": part}

        def work(db: Connection) -> None:
            known = select(approvals.c.id).where(approvals.c.id == approval_id)
            if db.execute(known).first() is not None:
                db.execute(ADD, row)

        await self._database.write(work)

    async def stands(self, approval_id: str, place: Place) -> bool:
        """Say whether its card was shown there."""
        query = {"approval": approval_id, **asdict(place)}
        found = await self._database.read(lambda db: db.execute(IN, query).first())
        return found is not None

    async def parts(self, approval_id: str, place: Place) -> tuple[str, ...]:
        """Give the platform's ids of a card in a place."""
        query = {"approval": approval_id, **asdict(place)}
        found = await self._database.read(lambda db: db.execute(IN, query).scalars().all())
        return tuple(part for part in found if part)

    async def places(self, approval_id: str) -> Sequence[Place]:
        """Give the places in which a card stands."""
        query = {"approval": approval_id}
        return await self._database.read(
            lambda db: [Place(*row) for row in db.execute(PLACES, query)]
        )

    async def forget(self, approval_id: str, place: Place) -> None:
        """Note that the card there says how it ended."""
        query = {"approval": approval_id, **asdict(place)}
        await self._database.write(lambda db: db.execute(FORGET, query))

    async def of_ended(self) -> Sequence[str]:
        """Name the approvals that have ended though a card somewhere does not say how."""
        return await self._database.read(lambda db: list(db.execute(ENDED).scalars()))
