"""Reminders: what people want to be told later. The table is the truth, timers are not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, select, update

from sessions.database import Database
from sessions.message_rows import values_of
from sessions.models import Message, Place, Reminder
from sessions.tables import IS_TO_COME, insert_if_absent, messages, people, reminders
from sessions.times import loaded, stored

OF_PERSON = (
    reminders.c.platform == bindparam("on"),
    reminders.c.user_id == bindparam("whose"),
)
# A person's numbers do not tell how many others there are, nor change when one is over.
NUMBERED = (
    select(
        reminders,
        func.row_number().over(order_by=reminders.c.number).label("nth"),
    )
    .where(*OF_PERSON)
    .subquery()
)
ALL_OF_PERSON = select(NUMBERED)
ADD = insert_if_absent(reminders, "id")
COUNT = select(func.count()).select_from(reminders).where(*OF_PERSON, IS_TO_COME)
# Somebody who is blocked hears nothing; what falls due meanwhile waits until they are not.
MAY_COME = (
    IS_TO_COME,
    ~exists().where(
        people.c.person == reminders.c.platform + ":" + reminders.c.user_id,
        people.c.blocked_at.is_not(None),
    ),
)
DUE = (
    select(reminders, reminders.c.number.label("nth"))
    .where(*MAY_COME, reminders.c.due_at <= bindparam("now"))
    .order_by(reminders.c.due_at, reminders.c.number)
    .limit(bindparam("most"))
)
NEXT = select(func.min(reminders.c.due_at)).where(*MAY_COME)
MOVE = (
    update(reminders)
    .where(reminders.c.id == bindparam("which"), reminders.c.due_at == bindparam("was_due"))
    .values(due_at=bindparam("next_due"))
)
SAY = insert_if_absent(messages, "id")


class Reminders:
    """The reminders of all people. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, reminder: Reminder, *, most: int) -> Reminder | None:
        """Keep a reminder and give it as it was first kept: its id decides.

        None means that its person has so many to come that no more is kept.
        """
        row = _values_of(reminder)
        person = _person(reminder.place)

        def work(db: Connection) -> Reminder | None:
            known = _with_id(db, person, reminder.id)
            if known is None and db.execute(COUNT, person).scalar_one() < most:
                db.execute(ADD, row)
                known = _with_id(db, person, reminder.id)
            return known

        return await self._database.write(work)

    async def get(self, place: Place, reminder_id: str) -> Reminder | None:
        """Find one of the person of a place, also one that is over."""
        return await self._database.read(lambda db: _with_id(db, _person(place), reminder_id))

    async def of(self, place: Place, *, everywhere: bool) -> Sequence[Reminder]:
        """List what is to come for the person of a place, or only what was asked for there."""
        wanted = None if everywhere else place
        return await self._database.read(lambda db: _to_come(db, _person(place), wanted))

    async def cancel(self, place: Place, number: int, *, everywhere: bool) -> Reminder | None:
        """Let one that `of` lists not come, and give it as it was; None if it is not there."""
        wanted = None if everywhere else place

        def work(db: Connection) -> Reminder | None:
            listed = _to_come(db, _person(place), wanted)
            found = next((each for each in listed if each.number == number), None)
            if found is not None:
                db.execute(MOVE, _moved(found, None))
            return found

        return await self._database.write(work)

    async def due(self, now: datetime, *, most: int) -> Sequence[Reminder]:
        """Give those that are due, the longest first; not those of people who are blocked."""
        query = {"now": stored(now), "most": most}
        return await self._database.read(lambda db: [_load(row) for row in db.execute(DUE, query)])

    async def next_due(self) -> datetime | None:
        """Say when the next one of anybody is due who is not blocked."""
        return loaded(await self._database.read(lambda db: db.execute(NEXT).scalar_one()))

    async def come(self, reminder: Reminder, message: Message, next_due: datetime | None) -> bool:
        """Say it and move it to when it comes again, as one step.

        False if it was cancelled, or has come already: then nothing is said.
        """
        said = values_of(message)
        moved = _moved(reminder, next_due)

        def work(db: Connection) -> bool:
            if db.execute(MOVE, moved).rowcount == 0:
                return False
            db.execute(SAY, said)
            return True

        return await self._database.write(work)


def _person(place: Place) -> dict[str, str]:
    return {"on": place.platform, "whose": place.user_id}


def _moved(reminder: Reminder, next_due: datetime | None) -> dict[str, Any]:
    return {
        "which": reminder.id,
        "was_due": stored(reminder.due_at),
        "next_due": stored(next_due),
    }


def _to_come(db: Connection, person: dict[str, str], place: Place | None) -> list[Reminder]:
    query = ALL_OF_PERSON.where(NUMBERED.c.due_at.is_not(None)).order_by(
        NUMBERED.c.due_at, NUMBERED.c.nth
    )
    listed = [_load(row) for row in db.execute(query, person)]
    return [each for each in listed if place is None or each.place == place]


def _with_id(db: Connection, person: dict[str, str], reminder_id: str) -> Reminder | None:
    query = ALL_OF_PERSON.where(NUMBERED.c.id == reminder_id)
    row = db.execute(query, person).one_or_none()
    return None if row is None else _load(row)


def _values_of(reminder: Reminder) -> dict[str, Any]:
    return {
        "id": reminder.id,
        "platform": reminder.place.platform,
        "chat_id": reminder.place.chat_id,
        "user_id": reminder.place.user_id,
        "topic_id": reminder.place.topic_id,
        "text": reminder.text,
        "zone": reminder.zone,
        "rule": reminder.rule,
        "due_at": stored(reminder.due_at),
        "created_at": stored(reminder.created_at),
    }


def _load(row: Row[Any]) -> Reminder:
    return Reminder(
        id=row.id,
        place=Place(row.platform, row.chat_id, row.user_id, row.topic_id),
        text=row.text,
        zone=row.zone,
        rule=row.rule,
        due_at=loaded(row.due_at),
        created_at=loaded(row.created_at),
        number=row.nth,
    )
