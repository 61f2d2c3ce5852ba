"""Copies of conversations: one that begins as another was, and one that is made of two.

A copy has rows of its own, so that deleting the one leaves the other whole. What was said keeps
its time and its place; it belongs to no session, which is how a copy is told from what was said.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection, exists, literal, select

from sessions.answering import CHANGE
from sessions.database import Database
from sessions.erasing import ENDED, in_portions
from sessions.message_rows import message_of, values_of
from sessions.models import Conversation, Message, MessageState
from sessions.past import HAS_SOMETHING, Exchange, Said, conversation_of
from sessions.platform_tables import files
from sessions.tables import conversations, messages
from sessions.times import stored

AT_ONCE = 500

UpTo = int | str | None
"""Where a copy ends: the number of an exchange, counted from 1, or the id of a message in it."""


class NothingToCopy(Exception):
    """There is nothing to copy; the message says why."""


class NoSuchExchange(NothingToCopy):
    """There is no such exchange in the conversation."""


@dataclass(frozen=True, slots=True)
class Original:
    """What is copied of a conversation: exchanges that have ended, in order.

    `left_out` are the ids of everything else that people said to the agent there.
    """

    conversation: Conversation
    exchanges: tuple[Exchange, ...]
    left_out: frozenset[str]


class Copies:
    """Reads what is to be copied, and writes copies, each in one transaction.

    `said` tells a text to the agent, which is copied, from a command, which is not.
    """

    def __init__(self, database: Database, said: Said, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._said = said
        self._clock = clock

    async def original(self, conversation: str, upto: UpTo = None) -> Original:
        """Read what can be copied of a conversation, up to an exchange and with it.

        Raises:
            NothingToCopy: there is no such conversation or exchange, or nothing in it has ended.
        """
        query = select(conversations).where(conversations.c.id == conversation)
        found = await self._database.read(lambda db: db.execute(query).one_or_none())
        if found is None:
            raise NothingToCopy("There is no such conversation.")
        every = list(_exchanges(await self._messages(conversation), self._said))
        copied = tuple(each for each in every[: _end(every, upto)] if each.question.state in ENDED)
        if not copied:
            raise NothingToCopy("Nothing in it has ended yet that could be copied.")
        left_out = {each.question.id for each in every} - {each.question.id for each in copied}
        return Original(conversation_of(found), copied, frozenset(left_out))

    async def _messages(self, conversation: str) -> Sequence[Message]:
        """Read a conversation in portions, so that others read in between."""
        rows: list[Message] = []
        inside = (messages.c.thread_id == conversation, HAS_SOMETHING)
        query = select(messages).where(*inside).order_by(messages.c.number).limit(AT_ONCE)
        while True:
            after = rows[-1].number if rows else 0
            behind = query.where(messages.c.number > after)
            some = await self._database.read(
                lambda db, behind=behind: list(map(message_of, db.execute(behind)))  # type: ignore[misc]
            )
            rows += some
            if len(some) < AT_ONCE:
                return rows

    async def make(
        self,
        copy: Conversation,
        exchanges: Sequence[Exchange],
        command: Message | None = None,
    ) -> Conversation:
        """Write a conversation with copies of these exchanges; again, it changes nothing.

        `command` is the message that asks for it: from then on it belongs to the copy.

        Raises:
            NothingToCopy: it was made before, and is deleted.
        """
        copy = replace(copy, updated_at=self._clock())
        said = [each for one in exchanges for each in (one.question, *one.answers)]
        rows = await asyncio.to_thread(_rows, said, copy.id)

        def work(db: Connection) -> None:
            if _is_there(db, copy.id):
                return
            if db.execute(select(exists().where(messages.c.thread_id == copy.id))).scalar_one():
                raise NothingToCopy("This copy was made before, and is deleted.")
            db.execute(conversations.insert(), _columns(copy))
            db.execute(messages.insert(), rows)
            _copy_files(db, copy.id, [each.id for each in said if each.files])
            if command is not None:
                to = {"thread_id": copy.id, "session_id": command.session_id}
                db.execute(CHANGE, {"message": command.id, **to})

        await self._database.write(work)
        return copy


def copied_id(copy: str, original: str) -> str:
    """Name the copy of a message or a file in a conversation; it is always the same."""
    return str(uuid5(NAMESPACE_OID, f"{copy}/{original}"))


def renaming(copy: str) -> Callable[[str], str]:
    """Give what names the copies in a conversation."""
    return lambda original: copied_id(copy, original)


def _exchanges(rows: Iterable[Message], said: Said) -> Iterable[Exchange]:
    questions: dict[str, list[Message]] = {}
    for row in rows:
        if row.role == "user" and said(row.text):
            questions[row.id] = [row]
        elif row.answers in questions:
            questions[row.answers].append(row)
    return (Exchange(first, tuple(rest)) for first, *rest in questions.values())


def _end(found: Sequence[Exchange], upto: UpTo) -> int:
    """Say how many of the exchanges come before the end of a copy."""
    if upto is None:
        return len(found)
    if isinstance(upto, int):
        if not 1 <= upto <= len(found):
            raise NoSuchExchange(f"It has {len(found)} exchanges; {upto} is none of them.")
        return upto
    for number, each in enumerate(found, 1):
        if upto in {each.question.id, *(answer.id for answer in each.answers)}:
            return number
    raise NoSuchExchange("There is no such message of an exchange in it.")


def _is_there(db: Connection, conversation: str) -> bool:
    return db.execute(select(exists().where(conversations.c.id == conversation))).scalar_one()


def _columns(copy: Conversation) -> dict[str, object]:
    return {
        "id": copy.id,
        "owner": copy.owner,
        "title": copy.title,
        "created_at": stored(copy.created_at),
        "updated_at": stored(copy.updated_at),
        "tags": list(copy.tags),
        "forked_from": copy.forked_from,
    }


def _rows(said: Sequence[Message], copy: str) -> list[dict[str, object]]:
    return [values_of(_copied(each, copy)) for each in said]


def _copied(message: Message, copy: str) -> Message:
    """Give a message as it stands in a copy: ended, and not to be shown again."""
    return replace(
        message,
        id=copied_id(copy, message.id),
        thread_id=copy,
        session_id="",
        platform_message_id="",
        answers=copied_id(copy, message.answers) if message.answers else "",
        attempts=0,
        state=_state(message),
    )


def _state(message: Message) -> MessageState:
    if message.role == "assistant":
        return "delivered"
    return "answered" if message.state == "answered" else "rejected"


def _copy_files(db: Connection, copy: str, message_ids: Sequence[str]) -> None:
    columns = ["id", "message_id", "goes_out", "name", "media_type", "content"]
    for ids in in_portions(message_ids):
        whose = (files.c.message_id.in_(ids), files.c.goes_out.is_(False))
        found = db.execute(
            select(files.c.id, files.c.message_id).where(*whose).order_by(files.c.number)
        ).all()
        for file_id, message_id in found:
            query = select(
                literal(copied_id(copy, file_id)),
                literal(copied_id(copy, message_id)),
                files.c.goes_out,
                files.c.name,
                files.c.media_type,
                files.c.content,
            ).where(files.c.id == file_id)
            db.execute(files.insert().from_select(columns, query))
