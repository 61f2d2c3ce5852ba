"""What was said: messages, which are transcript, inbox and outbox at once."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from sessions.database import Database
from sessions.models import Message, MessageState, Place
from sessions.tables import messages
from sessions.times import loaded, stored

UNFINISHED = ("received", "running", "parked", "held")
UNDELIVERED = ("written", "showing")
PLACE = tuple(field.name for field in fields(Place))
OTHERS = tuple(f.name for f in fields(Message) if f.name not in ("place", "created_at", "sent_at"))


class Conversations:
    """The messages of all conversations. Every change is on disk when its call returns."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def receive(self, message: Message) -> Message | None:
        """Store a person's message; None if a message with its platform's id is there already."""
        return await self._database.write(lambda db: _insert(db, message))

    async def say(self, message: Message) -> Message:
        """Store something that the bot says, once: the id decides."""

        def work(db: Connection) -> Message:
            return _insert(db, message) or _one(db, _by_id(message.id))

        return await self._database.write(work)

    async def answer(self, message_id: str, answer: Message) -> Message:
        """Store an answer and mark its message as answered, as one step.

        Doing it again changes nothing and gives the answer as it was first stored.
        """

        def work(db: Connection) -> Message:
            written = _insert(db, answer)
            _mark(db, message_id, state="answered")
            return written or _one(db, _by_id(answer.id))

        return await self._database.write(work)

    async def bind(
        self, message_id: str, *, session_id: str, thread_id: str, state: MessageState
    ) -> None:
        """Say to which session and thread a message belongs, and what happens to it now."""
        await self._database.write(
            lambda db: _mark(
                db, message_id, session_id=session_id, thread_id=thread_id, state=state
            )
        )

    async def mark(self, message_id: str, state: MessageState) -> None:
        """Say what has happened to a message."""
        await self._database.write(lambda db: _mark(db, message_id, state=state))

    async def attempt(self, message_id: str) -> int:
        """Count one more attempt to finish a message, and give their number."""

        def work(db: Connection) -> int:
            _mark(db, message_id, attempts=messages.c.attempts + 1)
            query = select(messages.c.attempts).where(messages.c.id == message_id)
            return int(db.execute(query).scalar_one())

        return await self._database.write(work)

    async def get(self, message_id: str) -> Message | None:
        """Find a message by its id."""
        return await self._first(_by_id(message_id))

    async def find_copy(self, place: Place, platform_message_id: str) -> Message | None:
        """Find a message by the id that its platform gave it."""
        return await self._first(
            select(messages).where(
                messages.c.platform == place.platform,
                messages.c.chat_id == place.chat_id,
                messages.c.platform_message_id == platform_message_id,
            )
        )

    async def answers_to(self, message_id: str) -> Sequence[Message]:
        """Give what the bot answered to a message, in order."""
        return await self._all(select(messages).where(messages.c.answers == message_id))

    async def held(self, thread_id: str) -> Sequence[Message]:
        """Give the texts that wait for an approval of this thread, in order of arrival."""
        return await self._all(
            select(messages).where(messages.c.thread_id == thread_id, messages.c.state == "held")
        )

    async def unfinished(self) -> Sequence[Message]:
        """Give people's messages that have not ended, in order of arrival."""
        return await self._all(select(messages).where(messages.c.state.in_(UNFINISHED)))

    async def undelivered(self, platform: str) -> Sequence[Message]:
        """Give the bot's messages that a platform was not seen to have shown, in order."""
        return await self._all(
            select(messages).where(
                messages.c.platform == platform, messages.c.state.in_(UNDELIVERED)
            )
        )

    async def mailbox(self, place: Place, *, after: int, limit: int) -> Sequence[Message]:
        """Give the bot's messages to a person in a place whose number is greater, in order."""
        query = select(messages).where(
            messages.c.role == "assistant",
            messages.c.number > after,
            *(messages.c[part] == getattr(place, part) for part in PLACE),
        )
        return await self._all(query.limit(limit))

    async def forget_conversation(self, thread_id: str) -> int:
        """Delete every message of a thread; count them."""
        query = delete(messages).where(messages.c.thread_id == thread_id)
        return await self._database.write(lambda db: db.execute(query).rowcount)

    async def _all(self, query: Select[Any]) -> Sequence[Message]:
        ordered = query.order_by(messages.c.number)
        return await self._database.read(lambda db: [_load(row) for row in db.execute(ordered)])

    async def _first(self, query: Select[Any]) -> Message | None:
        found = await self._all(query)
        return found[0] if found else None


def _by_id(message_id: str) -> Select[Any]:
    return select(messages).where(messages.c.id == message_id)


def _one(db: Connection, query: Select[Any]) -> Message:
    return _load(db.execute(query).one())


def _mark(db: Connection, message_id: str, **changes: Any) -> None:
    """Change columns of one message; raises KeyError if there is none."""
    query = update(messages).where(messages.c.id == message_id).values(**changes)
    if db.execute(query).rowcount != 1:
        raise KeyError(message_id)


def _insert(db: Connection, message: Message) -> Message | None:
    """Store a message; None if its id, or its platform's id, is there already."""
    columns: dict[str, Any] = {name: getattr(message, name) for name in OTHERS}
    del columns["number"]
    columns |= {part: getattr(message.place, part) for part in PLACE}
    columns["platform_message_id"] = message.platform_message_id or None
    columns["created_at"] = stored(message.created_at)
    columns["sent_at"] = stored(message.sent_at)
    result = db.execute(insert(messages).on_conflict_do_nothing().returning(messages), columns)
    row = result.one_or_none()
    return None if row is None else _load(row)


def _load(row: Row[Any]) -> Message:
    columns = row._asdict()
    place = Place(**{part: columns.pop(part) for part in PLACE})
    columns["platform_message_id"] = columns["platform_message_id"] or ""
    columns["created_at"] = loaded(columns["created_at"])
    columns["sent_at"] = loaded(columns["sent_at"])
    return Message(place=place, **columns)
