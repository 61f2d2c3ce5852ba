"""What was said: messages, which are transcript, inbox and outbox at once."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, select, update

from sessions.database import Database
from sessions.models import Message, MessageState, Place
from sessions.tables import (
    IS_HELD,
    IS_UNDELIVERED,
    IS_UNFINISHED,
    insert_if_absent,
    messages,
)
from sessions.times import loaded, stored

PLACE = tuple(field.name for field in fields(Place))

# Every turn runs these, so they are built once.
RECEIVE = insert_if_absent(messages).returning(messages.c.number)
WRITE = insert_if_absent(messages, "id").returning(messages.c.number)
CHANGE = update(messages).where(messages.c.id == bindparam("message"))
ATTEMPT = CHANGE.values(attempts=messages.c.attempts + 1).returning(messages.c.attempts)
stored_answer = messages.alias()
MARK_ANSWERED = CHANGE.where(~exists().where(stored_answer.c.id == bindparam("answer"))).values(
    state="answered"
)
ALL = select(messages).order_by(messages.c.number)
BY_ID = ALL.where(messages.c.id == bindparam("message"))


class Conversations:
    """The messages of all conversations. Every change is on disk when its call returns."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def receive(self, message: Message) -> Message | None:
        """Store a person's message; None if a message with its platform's id is there already."""
        row = _values(message)

        def work(db: Connection) -> Message | None:
            number = db.execute(RECEIVE, row).scalar_one_or_none()
            return None if number is None else _numbered(message, number)

        return await self._database.write(work)

    async def say(self, message: Message) -> Message:
        """Store something that the bot says, once: the id decides."""
        row = _values(message)

        def work(db: Connection) -> Message:
            number = db.execute(WRITE, row).scalar_one_or_none()
            return _by_id(db, message.id) if number is None else _numbered(message, number)

        return await self._database.write(work)

    async def answer(self, message_id: str, answer: Message) -> Message:
        """Store an answer and mark its message as answered, as one step.

        Doing it again changes nothing and gives the answer as it was first stored.

        Raises:
            KeyError: there is no such message; nothing is stored.
        """
        row = _values(replace(answer, answers=message_id))

        def work(db: Connection) -> Message:
            both = {"message": message_id, "answer": answer.id}
            if db.execute(MARK_ANSWERED, both).rowcount == 1:
                number = db.execute(WRITE, row).scalar_one()
                return _numbered(replace(answer, answers=message_id), number)
            known = db.execute(BY_ID, {"message": answer.id}).one_or_none()
            if known is None:
                raise KeyError(message_id)
            return _load(known)

        return await self._database.write(work)

    async def bind(
        self, message_id: str, *, session_id: str, thread_id: str, state: MessageState
    ) -> None:
        """Say to which session and thread a message belongs, and what happens to it now.

        Raises:
            KeyError: there is no such message.
        """
        await self._database.write(
            lambda db: _change(
                db, message_id, session_id=session_id, thread_id=thread_id, state=state
            )
        )

    async def mark(self, message_id: str, state: MessageState) -> None:
        """Say what has happened to a message.

        Raises:
            KeyError: there is no such message.
        """
        await self._database.write(lambda db: _change(db, message_id, state=state))

    async def attempt(self, message_id: str) -> int:
        """Count one more attempt to finish a message, and give their number.

        Raises:
            KeyError: there is no such message.
        """

        def work(db: Connection) -> int:
            attempts = db.execute(ATTEMPT, {"message": message_id}).scalar_one_or_none()
            if attempts is None:
                raise KeyError(message_id)
            return int(attempts)

        return await self._database.write(work)

    async def get(self, message_id: str) -> Message | None:
        """Find a message by its id."""
        return await self._first(BY_ID, message=message_id)

    async def find_copy(self, place: Place, platform_message_id: str) -> Message | None:
        """Find a message by the id that its platform gave it in that chat."""
        return await self._first(
            ALL.where(
                messages.c.platform == place.platform,
                messages.c.chat_id == place.chat_id,
                messages.c.platform_message_id == platform_message_id,
            )
        )

    async def answers_to(self, message_id: str) -> Sequence[Message]:
        """Give what the bot answered to a message, in order."""
        return await self._all(ALL.where(messages.c.answers == message_id))

    async def held(self, thread_id: str) -> Sequence[Message]:
        """Give the texts that wait for an approval of this thread, in order of arrival."""
        return await self._all(ALL.where(messages.c.thread_id == thread_id, IS_HELD))

    async def unfinished(self) -> Sequence[Message]:
        """Give people's messages that have not ended, in order of arrival."""
        return await self._all(ALL.where(IS_UNFINISHED))

    async def undelivered(self, platform: str) -> Sequence[Message]:
        """Give the bot's messages that a platform was not seen to have shown, in order."""
        return await self._all(ALL.where(messages.c.platform == platform, IS_UNDELIVERED))

    async def mailbox(self, place: Place, *, after: int, limit: int) -> Sequence[Message]:
        """Give the bot's messages to a person in a place whose number is greater, in order."""
        query = ALL.where(
            messages.c.role == "assistant",
            messages.c.number > after,
            *(messages.c[part] == getattr(place, part) for part in PLACE),
        )
        return await self._all(query.limit(limit))

    async def forget_conversation(self, thread_id: str) -> int:
        """Delete every message of a thread; count them."""
        query = delete(messages).where(messages.c.thread_id == thread_id)
        return await self._database.write(lambda db: db.execute(query).rowcount)

    async def _all(self, query: Select[Any], **values: str) -> Sequence[Message]:
        return await self._database.read(
            lambda db: [_load(row) for row in db.execute(query, values)]
        )

    async def _first(self, query: Select[Any], **values: str) -> Message | None:
        found = await self._all(query, **values)
        return found[0] if found else None


def _by_id(db: Connection, message_id: str) -> Message:
    return _load(db.execute(BY_ID, {"message": message_id}).one())


def _change(db: Connection, message_id: str, **columns: str) -> None:
    """Change columns of one message."""
    if db.execute(CHANGE, {"message": message_id, **columns}).rowcount != 1:
        raise KeyError(message_id)


def _numbered(message: Message, number: int) -> Message:
    """Give a message as reading it again would."""
    return replace(
        message,
        number=number,
        created_at=loaded(stored(message.created_at)),
        sent_at=loaded(stored(message.sent_at)),
    )


def _values(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "role": message.role,
        "text": message.text,
        "platform": message.place.platform,
        "chat_id": message.place.chat_id,
        "user_id": message.place.user_id,
        "topic_id": message.place.topic_id,
        "created_at": stored(message.created_at),
        "state": message.state,
        "thread_id": message.thread_id,
        "session_id": message.session_id,
        "sender_name": message.sender_name,
        "platform_message_id": message.platform_message_id or None,
        "sent_at": stored(message.sent_at),
        "answers": message.answers or None,
        "attempts": message.attempts,
    }


def _load(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        role=row.role,
        text=row.text,
        place=Place(row.platform, row.chat_id, row.user_id, row.topic_id),
        created_at=loaded(row.created_at),
        state=row.state,
        thread_id=row.thread_id,
        session_id=row.session_id,
        sender_name=row.sender_name,
        platform_message_id=row.platform_message_id or "",
        sent_at=loaded(row.sent_at),
        answers=row.answers or "",
        attempts=row.attempts,
        number=row.number,
    )
