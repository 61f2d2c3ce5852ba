"""What was said: messages, which are transcript, inbox and outbox at once."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, select, update

from sessions.answering import CHANGE, WRITE, store_answer
from sessions.cards import Cards
from sessions.database import Database
from sessions.dead_letters import DeadLetters
from sessions.files import File, Files, store_files
from sessions.message_rows import message_of, numbered, values_of
from sessions.models import Message, MessageState, Place
from sessions.news import News
from sessions.parts import FORGET as FORGET_PARTS
from sessions.parts import Parts
from sessions.past import Past, title_of
from sessions.pieces import is_piece, store_pieces
from sessions.tables import (
    HAS_NOT_ENDED,
    IS_COPIED,
    IS_HELD,
    IS_UNDELIVERED,
    IS_UNFINISHED,
    approvals,
    conversations,
    fingerprints,
    insert_if_absent,
    messages,
)
from sessions.times import stored

PLACE = tuple(field.name for field in fields(Place))

# Every turn runs these, so they are built once.
RECEIVE = insert_if_absent(messages).returning(messages.c.number)
ATTEMPT = CHANGE.values(attempts=messages.c.attempts + 1).returning(messages.c.attempts)
SHOWING = CHANGE.where(IS_UNDELIVERED).values(state="showing")
DELIVERED = CHANGE.where(IS_UNDELIVERED).values(state="delivered")
IS_WAITED_FOR = select(
    exists().where(messages.c.thread_id == bindparam("thread"), IS_HELD)
    | exists().where(approvals.c.thread_id == bindparam("thread"), HAS_NOT_ENDED)
)
BEGIN_CONVERSATION = insert_if_absent(conversations, "id")
GO_ON = update(conversations).where(conversations.c.id == bindparam("conversation"))
FINGERPRINT = select(fingerprints.c.fingerprint).where(
    fingerprints.c.message_id == bindparam("message")
)
HAS_WORDS = messages.c.text != ""  # otherwise they were erased
IS_BOTS = messages.c.role == "assistant"
ALL = select(messages).order_by(messages.c.number)
BY_ID = ALL.where(messages.c.id == bindparam("message"))


class Conversations:
    """The messages of all conversations. Every change is on disk when its call returns."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self.parts = Parts(database)
        self.past = Past(database)
        self.dead = DeadLetters(database, clock=clock)
        self.files = Files(database)
        self.cards = Cards(database)
        self.news = News()

    async def receive(
        self,
        message: Message,
        fingerprint: str = "",
        *,
        received: Sequence[File] = (),
        pieces: Sequence[str] = (),
    ) -> Message | None:
        """Store a person's message, with the files that came with it.

        None if a message with its platform's id is there already, or it is a piece of one.
        """
        message = replace(message, files=len(received))
        row = values_of(message)

        def work(db: Connection) -> Message | None:
            if is_piece(db, message):
                return None
            number = db.execute(RECEIVE, row).scalar_one_or_none()
            if number is None:
                return None
            store_pieces(db, message, pieces)
            store_files(db, message.id, received)
            if fingerprint:
                print_ = {"message_id": message.id, "fingerprint": fingerprint}
                db.execute(fingerprints.insert(), print_)
            return numbered(message, number)

        return await self._database.write(work)

    async def fingerprint(self, message_id: str) -> str:
        """Give the fingerprint with which a message came, empty if there was none."""
        query = {"message": message_id}
        found = await self._database.read(
            lambda db: db.execute(FINGERPRINT, query).scalar_one_or_none()
        )
        return found or ""

    async def say(self, message: Message) -> Message:
        """Store something that the bot says, once: the id decides."""
        row = values_of(message)

        def work(db: Connection) -> Message:
            number = db.execute(WRITE, row).scalar_one_or_none()
            return _by_id(db, message.id) if number is None else numbered(message, number)

        stored = await self._database.write(work)
        self.news.tell(mailbox_of(message.place))
        return stored

    async def answer(
        self,
        message_id: str,
        answer: Message,
        *,
        state: MessageState = "answered",
        again: bool = False,
    ) -> Message:
        """Store an answer and mark its message as answered, or as `state` says, as one step.

        With `again` a client may send the same request once more.

        Doing it again, or answering a message that has ended, changes nothing and gives the
        answer that it has.

        Raises:
            KeyError: there is no such message, or it ended without an answer; nothing is stored.
        """
        told = await self._database.write(
            lambda db: store_answer(db, message_id, answer, state, again=again)
        )
        self.news.tell(message_id)
        self.news.tell(mailbox_of(answer.place))
        return told

    async def bind(self, message: Message, *, owner: str, if_free: bool = False) -> bool:
        """Store to which session and thread a message belongs, and what happens to it now.

        Its conversation begins with it, or goes on. With `if_free` nothing is stored, and this
        says False, if a text is held in the thread or an approval of it has not ended.

        Raises:
            KeyError: there is no such message.
        """
        now = stored(self._clock())
        conversation = {
            "id": message.thread_id,
            "owner": owner,
            "title": title_of(message.text),
            "created_at": now,
            "updated_at": now,
            "tags": [],
            "forked_from": "",
        }

        def work(db: Connection) -> bool:
            here = {"thread": message.thread_id}
            if if_free and db.execute(IS_WAITED_FOR, here).scalar_one():
                return False
            bound = {name: getattr(message, name) for name in ("session_id", "thread_id", "state")}
            _change(db, message.id, **bound)
            gone_on = {"conversation": message.thread_id, "updated_at": now}
            if db.execute(GO_ON, gone_on).rowcount == 0:
                db.execute(BEGIN_CONVERSATION, conversation)
            return True

        is_bound = await self._database.write(work)
        if is_bound:
            self.news.tell(message.id)
        return is_bound

    async def mark(self, message_id: str, state: MessageState) -> None:
        """Say what has happened to a message.

        Raises:
            KeyError: there is no such message.
        """
        await self._database.write(lambda db: _change(db, message_id, state=state))
        self.news.tell(message_id)

    async def showing(self, message_id: str) -> bool:
        """Note that a platform begins to show this; False if it has been shown, or given up."""
        row = {"message": message_id}
        return await self._database.write(lambda db: db.execute(SHOWING, row).rowcount == 1)

    async def delivered(self, message_ids: Sequence[str], shows: str) -> None:
        """Note that a platform has shown these; the parts of what they show are forgotten."""

        def work(db: Connection) -> None:
            for message_id in message_ids:
                db.execute(DELIVERED, {"message": message_id})
            db.execute(FORGET_PARTS, {"shown": shows})

        await self._database.write(work, patient=True)  # they have it already

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
        here = messages.c.platform == platform
        return await self._all(ALL.where(here, IS_UNDELIVERED, HAS_WORDS))

    async def undelivered_to(self, place: Place) -> Sequence[Message]:
        """Give the bot's messages that a chat was not seen to have shown, in order."""
        return await self._all(ALL.where(IS_UNDELIVERED, HAS_WORDS, *_at(place)))

    async def fetched(self, place: Place, *, upto: int) -> None:
        """Note that somebody has the bot's messages to a person in a place, up to a number."""
        mine = update(messages).where(IS_UNDELIVERED, messages.c.number <= upto, *_at(place))
        await self._database.write(lambda db: db.execute(mine.values(state="delivered")))

    async def mailbox(self, place: Place, *, after: int, limit: int) -> Sequence[Message]:
        """Give the bot's messages to a person in a place whose number is greater, in order."""
        new = (IS_BOTS, ~IS_COPIED, messages.c.number > after, HAS_WORDS)
        query = ALL.where(*new, *_at(place))
        return await self._all(query.limit(limit))

    async def _all(self, query: Select[Any], **values: str) -> Sequence[Message]:
        return await self._database.read(
            lambda db: [message_of(row) for row in db.execute(query, values)]
        )

    async def _first(self, query: Select[Any], **values: str) -> Message | None:
        found = await self._all(query, **values)
        return found[0] if found else None


def mailbox_of(place: Place) -> str:
    """Name what a listener hears of when the bot has written to somebody."""
    return f"{place.platform}\n{place.chat_id}\n{place.user_id}\n{place.topic_id}"


def _at(place: Place) -> Sequence[ColumnElement[bool]]:
    return [messages.c[part] == getattr(place, part) for part in PLACE]


def _by_id(db: Connection, message_id: str) -> Message:
    return message_of(db.execute(BY_ID, {"message": message_id}).one())


def _change(db: Connection, message_id: str, **columns: str) -> None:
    """Change columns of one message."""
    if db.execute(CHANGE, {"message": message_id, **columns}).rowcount != 1:
        raise KeyError(message_id)
