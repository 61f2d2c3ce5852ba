"""The past: earlier conversations, their exchanges, and taking words back."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, or_, select, update

from sessions.answering import CHANGE, store_answer
from sessions.checksums import change_sealed
from sessions.database import Database
from sessions.erasing import erase_conversation, erase_messages
from sessions.files import hand_over_files
from sessions.message_rows import message_of
from sessions.models import Conversation, Message, Place
from sessions.tables import HAS_NOT_ENDED, IS_UNFINISHED, approvals, conversations, messages
from sessions.times import loaded

LONGEST_TITLE = 60

HAS_SOMETHING = or_(messages.c.text != "", messages.c.files > 0)  # otherwise it was erased
Said = Callable[[str], bool]
"""Whether a text was said to the agent, and is no command."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a person said, and what the bot answered to it."""

    question: Message
    answers: tuple[Message, ...]


class Past:
    """What was said before. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def earlier(
        self, owner: str, *, but: str, place: Place | None = None, limit: int
    ) -> Sequence[Conversation]:
        """Give somebody's conversations, the newest first, without the one that is open.

        With `place`, only those that were held in that chat.
        """
        return await self._conversations(
            _of(owner, place)
            .where(conversations.c.id != but)
            .order_by(conversations.c.updated_at.desc(), conversations.c.id)
            .limit(limit)
        )

    async def find(
        self, owner: str, conversation: str, *, place: Place | None = None
    ) -> Conversation | None:
        """Find one of somebody's conversations by its id."""
        found = await self._conversations(
            _of(owner, place).where(conversations.c.id == conversation)
        )
        return found[0] if found else None

    async def exchanges(self, thread_id: str, said: Said, *, limit: int) -> Sequence[Exchange]:
        """Give the last exchanges of a conversation, in order."""

        def read(db: Connection) -> Sequence[Exchange]:
            newest = select(messages).where(
                messages.c.thread_id == thread_id, messages.c.role == "user"
            )
            found: list[Exchange] = []
            with db.execute(newest.order_by(messages.c.number.desc())) as rows:
                for row in rows:
                    if not (row.text or row.files) or not said(row.text):
                        continue  # it was erased, or is a command
                    answers = select(messages).where(messages.c.answers == row.id)
                    stored = db.execute(answers.order_by(messages.c.number))
                    found.append(Exchange(message_of(row), tuple(map(message_of, stored))))
                    if len(found) == limit:
                        break
            return found[::-1]

        return await self._database.read(read)

    async def how_many(self, thread_id: str, said: Said) -> int:
        """Count the exchanges of a conversation, so that the last of them is that number."""
        query = select(messages.c.text).where(
            messages.c.thread_id == thread_id, messages.c.role == "user", HAS_SOMETHING
        )
        return await self._database.read(
            lambda db: sum(said(text) for text in db.execute(query).scalars())
        )

    async def belongs(self, message_id: str, session_id: str, thread_id: str) -> None:
        """Store to which session and conversation a command belongs.

        Raises:
            KeyError: there is no such message.
        """
        columns = {"session_id": session_id, "thread_id": thread_id}

        def work(db: Connection) -> None:
            if db.execute(CHANGE, {"message": message_id, **columns}).rowcount != 1:
                raise KeyError(message_id)

        await self._database.write(work)

    async def commands_begun(self, session_id: str, thread_id: str) -> Sequence[Message]:
        """Give the commands of a conversation that have begun in a session and not ended."""
        query = select(messages).where(
            IS_UNFINISHED,
            messages.c.thread_id == thread_id,
            messages.c.session_id == session_id,
            messages.c.state == "received",
        )
        return await self._database.read(lambda db: list(map(message_of, db.execute(query))))

    async def sessions_of(self, thread_id: str) -> Sequence[str]:
        """Give the ids of all sessions in which something was said in a conversation."""
        query = select(messages.c.session_id).where(messages.c.thread_id == thread_id).distinct()
        return await self._database.read(lambda db: list(db.execute(query).scalars()))

    async def threads(self) -> frozenset[str]:
        """Give the ids of all conversations of which there is a message or a record."""
        query = select(messages.c.thread_id).union(select(conversations.c.id))
        return await self._database.read(lambda db: frozenset(db.execute(query).scalars()))

    async def move(self, thread_id: str, session_id: str) -> None:
        """Let what is unfinished in a conversation belong to the session that goes on with it."""

        def work(db: Connection) -> None:
            here = {"session_id": session_id}
            # No command: it is by the one that goes on here that this session is found again.
            at_work = messages.c.state.in_(("running", "parked", "held"))
            unfinished = (IS_UNFINISHED, at_work, messages.c.thread_id == thread_id)
            db.execute(update(messages).where(*unfinished).values(here))
            waiting = (HAS_NOT_ENDED, approvals.c.thread_id == thread_id)
            db.execute(update(approvals).where(*waiting).values(here))

        await self._database.write(work)

    # ------------------------------------------------------------ taking words back

    async def undo(self, exchange: Exchange, said: Said, command_id: str, answer: Message) -> None:
        """Erase an exchange, and answer the command that asked for it, in one step."""

        def work(db: Connection) -> None:
            _erase(db, exchange)
            store_answer(db, command_id, answer)
            _name(db, exchange.question, said)

        await self._database.write(work)

    async def say_again(self, exchange: Exchange, said: Said, command_id: str) -> None:
        """Erase an exchange and make its question that of the command, in one step."""

        def work(db: Connection) -> None:
            hand_over_files(db, exchange.question.id, command_id)
            _erase(db, exchange)
            its = {"message": command_id, "text": exchange.question.text}
            change_sealed(db, messages, CHANGE, its)
            _name(db, exchange.question, said)

        await self._database.write(work)

    async def clear(self, thread_id: str, place: Place, *, but: Message | None) -> None:
        """Erase every word of a conversation; of `but`, the command that asks for it, one stays.

        Doing it again erases what has come since.
        """

        def work(db: Connection) -> None:
            erase_conversation(db, thread_id, place, but=but.id if but is not None else "")
            if but is not None:
                command = {"text": but.text.split(maxsplit=1)[0], "sender_name": ""}
                change_sealed(db, messages, CHANGE, {"message": but.id, **command})

        await self._database.write(work)
        await self.wipe()

    async def wipe(self) -> None:
        """Remove what deleted words have left in the file."""
        await asyncio.to_thread(self._database.wipe)

    async def rewrite(self) -> bool:
        """Write the file anew if words were erased since the last time and it was too large."""
        return await asyncio.to_thread(self._database.rewrite)

    async def _conversations(self, query: Select[Any]) -> Sequence[Conversation]:
        return await self._database.read(lambda db: list(map(conversation_of, db.execute(query))))


def title_of(text: str) -> str:
    """Give a conversation the title that its first text makes."""
    title = " ".join(text.split())
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def _of(owner: str, place: Place | None) -> Select[Any]:
    query = select(conversations).where(conversations.c.owner == owner)
    if place is None:
        return query
    held_here = exists().where(
        messages.c.thread_id == conversations.c.id,
        messages.c.role == "user",  # what was only sent there was not held there
        messages.c.platform == place.platform,
        messages.c.chat_id == place.chat_id,
        messages.c.topic_id == place.topic_id,
    )
    return query.where(held_here)


def _erase(db: Connection, exchange: Exchange) -> None:
    ids = [exchange.question.id, *(each.id for each in exchange.answers)]
    erase_messages(db, messages.c.id.in_(ids))


def _name(db: Connection, erased: Message, said: Said) -> None:
    """Name a conversation after what is left of it; without any exchange it is none."""
    here = conversations.c.id == erased.thread_id
    rows = db.execute(
        select(messages.c.text)
        .where(messages.c.thread_id == erased.thread_id, messages.c.role == "user", HAS_SOMETHING)
        .order_by(messages.c.number)
    )
    first = next((text for (text,) in rows if said(text)), None)
    if first is None:
        db.execute(delete(conversations).where(here))
    else:
        named_after = (here, conversations.c.title == title_of(erased.text))
        db.execute(update(conversations).where(*named_after).values(title=title_of(first)))


def conversation_of(row: Row[Any]) -> Conversation:
    """Give the conversation that a row holds."""
    return Conversation(
        row.id,
        row.owner,
        row.title,
        loaded(row.created_at),
        loaded(row.updated_at),
        tuple(row.tags),
        row.forked_from,
    )
