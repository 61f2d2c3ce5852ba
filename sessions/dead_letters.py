"""Dead letters: messages that are not tried any more, until somebody says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, select, tuple_, update

from sessions.database import Database
from sessions.message_rows import message_of, values_of
from sessions.models import Message
from sessions.tables import dead_letters, insert_if_absent, messages
from sessions.times import loaded, stored

THIS = messages.c.id == bindparam("message")
END = update(messages).where(THIS, messages.c.state != "dead").values(state="dead")
LIST = insert_if_absent(dead_letters, "message_id")
TELL = insert_if_absent(messages, "id")
ALL = (
    select(messages, dead_letters.c.died_at, dead_letters.c.reason)
    .join(dead_letters, dead_letters.c.message_id == messages.c.id)
    .order_by(dead_letters.c.died_at.desc(), messages.c.number.desc())
)
it = messages.alias()
FOLLOWERS = (
    select(messages.c.id)
    .join(it, and_(it.c.thread_id == messages.c.thread_id, it.c.number < messages.c.number))
    .where(it.c.id == bindparam("message"), messages.c.role == "user")
    .limit(1)
)
TAKE = delete(dead_letters).where(dead_letters.c.message_id == bindparam("message"))
BEGIN_AGAIN = update(messages).where(THIS).values(attempts=0)
# What the person was told is no answer: that is still to come.
UNTELL = update(messages).where(messages.c.answers == bindparam("message")).values(answers=None)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that is not tried any more: since when, and why."""

    message: Message
    died_at: datetime
    reason: str

    @property
    def position(self) -> str:
        """Where it stands in the list; it keeps this place also when others are taken out."""
        return f"{stored(self.died_at)}-{self.message.number}"


class DeadLetters:
    """The dead letters. Every change is on disk when its call returns."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def bury(self, message_id: str, reason: str, told: Message | None = None) -> bool:
        """Give up a message, and store what its person is told; False if that was done before."""
        row = {"message_id": message_id, "died_at": stored(self._clock()), "reason": reason}

        def work(db: Connection) -> bool:
            if db.execute(END, {"message": message_id}).rowcount == 0:
                return False
            db.execute(LIST, row)
            if told is not None:
                db.execute(TELL, values_of(told))
            return True

        return await self._database.write(work)

    async def all(self, *, after: str = "", limit: int | None = None) -> Sequence[DeadLetter]:
        """List them, the one that died last first; `after` is the position of one to begin behind.

        Raises:
            ValueError: `after` is no position.
        """
        query = ALL.limit(limit)
        if after:
            behind = tuple(map(int, after.split("-", 1)))
            query = query.where(tuple_(dead_letters.c.died_at, messages.c.number) < behind)
        return await self._database.read(lambda db: list(map(_load, db.execute(query))))

    async def get(self, message_id: str) -> DeadLetter | None:
        """Find one by the id of its message."""
        query = ALL.where(THIS)

        def work(db: Connection) -> DeadLetter | None:
            row = db.execute(query, {"message": message_id}).one_or_none()
            return None if row is None else _load(row)

        return await self._database.read(work)

    async def is_followed(self, message_id: str) -> bool:
        """Say whether a person has said something later in the conversation of a message."""
        this = {"message": message_id}
        return await self._database.read(lambda db: db.execute(FOLLOWERS, this).first() is not None)

    async def revive(self, message_id: str) -> bool:
        """Let it be tried again from the beginning; False if it is none.

        A person's message is received again, the bot's is written again.
        """

        def work(db: Connection) -> bool:
            this = {"message": message_id}
            if db.execute(TAKE, this).rowcount == 0:
                return False
            db.execute(UNTELL, this)
            for role, state in (("user", "received"), ("assistant", "written")):
                again = BEGIN_AGAIN.where(messages.c.role == role).values(state=state)
                db.execute(again, this)
            return True

        return await self._database.write(work)

    async def drop(self, message_id: str) -> bool:
        """List it no more; the message stays dead. False if it is not listed."""
        this = {"message": message_id}
        return await self._database.write(lambda db: db.execute(TAKE, this).rowcount == 1)


def _load(row: Row[Any]) -> DeadLetter:
    return DeadLetter(message_of(row), loaded(row.died_at), row.reason)
