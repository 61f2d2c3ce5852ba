"""Search: what each person finds in their own conversations, and in nobody else's.

The index is fed from the messages beside their transactions. It knows only where to look: what is
found is read from the messages, which decide whose it is and whether its words are still there.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Row, Select, delete, func, select

from sessions.data_tables import changed
from sessions.database import Database
from sessions.message_rows import message_of
from sessions.models import Message, Place
from sessions.search_file import Line, Reading, SearchFile, chat_name
from sessions.shelf import has_tag
from sessions.tables import conversations, messages

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
AT_ONCE = 500
PATIENCE_SECONDS = 2.0
"""How long a search waits for an index that is behind, as after the first start."""
MOST_WITH_TAG = (500, 5_000, 50_000)
"""So many of the best are looked through for a tag, until enough have it."""

PERSONS_UNFINISHED = ("received", "running", "parked", "held")
question = messages.alias("question")
its = conversations.c
CONVERSATION = (its.owner, its.title, its.tags, its.forked_from)
ROWS = (
    select(messages, conversations.c.owner, question.c.text.label("question_text"))
    .outerjoin(conversations, conversations.c.id == messages.c.thread_id)
    .outerjoin(question, question.c.id == messages.c.answers)
    .order_by(messages.c.number)
)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose words are looked for: what is empty or None does not matter.

    `owners` is the group of an owner, as a key of the API has one; with `place`, only what was
    said in that chat.
    """

    owner: str
    place: Place | None = None
    owners: str = ""

    @property
    def names(self) -> Sequence[str]:
        """The names by which all of it is found."""
        place = self.place
        chat = chat_name(place.platform, place.chat_id, place.topic_id) if place else ""
        return [each for each in (self.owner, _group_of(self.owners), chat) if each]

    def has(self, owner: str) -> bool:
        """Say whether this owner's words may be found."""
        return self.owner in ("", owner) and owner.startswith(self.owners)


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, a line of it, and the conversation that it belongs to."""

    message: Message
    line: str
    title: str
    tags: tuple[str, ...]
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the best first; `complete` unless the index is still being built."""

    hits: Sequence[Hit]
    complete: bool


class Search:
    """The index of one database. `said` tells a text to the agent from a command."""

    def __init__(
        self,
        file: SearchFile,
        thread: ThreadPoolExecutor,
        database: Database,
        said: Callable[[str], bool],
    ) -> None:
        self._file = file
        self._thread = thread
        self._database = database
        self._said = said
        self._feeding = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, database: Database, *, said: Callable[[str], bool]
    ) -> AsyncIterator["Search"]:
        """Open the index, or begin an empty one if there is none that fits the messages."""
        thread = ThreadPoolExecutor(1, "search")
        loop = asyncio.get_running_loop()
        try:
            file = await loop.run_in_executor(thread, SearchFile, path)
            search = cls(file, thread, database, said)
            try:
                await search._start_anew_unless_it_fits()
                yield search
            finally:
                await search._run(file.close)
        finally:
            await asyncio.to_thread(thread.shutdown)

    async def find(
        self,
        whose: Whose,
        words: str,
        *,
        tag: str = "",
        limit: int,
        after: int = 0,
    ) -> Found:
        """Find words in somebody's conversations.

        `after` skips so many of the best. Everything that was stored before is found, unless the
        index is so far behind that this would take long.
        """
        complete = await self.catch_up(PATIENCE_SECONDS)
        look_at = MOST_WITH_TAG if tag else (after + limit,)
        hits: Sequence[Hit] = ()
        for most in look_at:
            try:
                found = await self._run(partial(self._file.find, words, whose.names, most))
            except sqlite3.DatabaseError as error:
                log.warning("the search index is damaged and built anew", reason=str(error))
                await self._run(self._file.start_anew)
                complete = await self.catch_up(PATIENCE_SECONDS)
                found = await self._run(partial(self._file.find, words, whose.names, most))
            hits = await self._database.read(partial(_read, found=found, whose=whose, tag=tag))
            if len(found) < most or len(hits) >= after + limit:
                break
        return Found(hits[after:][:limit], complete)

    async def catch_up(self, seconds: float | None = None) -> bool:
        """Read what was stored and changed until now; False if that takes longer than so long."""
        start = monotonic()
        async with self._feeding:
            upto = await self._database.read(
                lambda db: db.execute(select(func.max(messages.c.number))).scalar_one() or 0
            )
            while await self._read_on(upto):
                if seconds is not None and monotonic() - start > seconds:
                    return False
        return True

    async def wipe(self) -> None:
        """Take erased words out of the index, every byte of them."""
        await self.catch_up()
        await self._run(self._file.wipe)

    async def start_anew(self) -> None:
        """Throw the index away and read all messages again."""
        async with self._feeding:
            await self._run(self._file.start_anew)
        await self.catch_up()

    async def look(self, work: Callable[[SearchFile], Answer]) -> Answer:
        """Look into the index, on its thread."""
        return await self._run(lambda: work(self._file))

    async def rewrite(self) -> bool:
        """Write the file anew if that is due; say whether it was."""
        return await self._run(self._file.rewrite)

    async def _read_on(self, upto: int) -> bool:
        """Take in some more messages; say whether there are others."""
        progress = await self._run(self._file.progress)

        def read(db: Connection) -> tuple[Sequence[Row[Any]], Sequence[int], int]:
            noted = db.execute(
                select(changed.c.number, changed.c.message)
                .order_by(changed.c.number)
                .limit(AT_ONCE)
            ).all()
            numbers = [*progress.waiting, *(each.message for each in noted)]
            rows = [
                row
                for start in range(0, len(numbers), AT_ONCE)
                for row in db.execute(
                    ROWS.where(messages.c.number.in_(numbers[start : start + AT_ONCE]))
                )
            ]
            new = ROWS.where(messages.c.number > progress.number).limit(AT_ONCE)
            rows += db.execute(new).all()
            return rows, [*numbers], noted[-1].number if noted else 0

        rows, numbers, noted = await self._database.read(read)
        by_number = {row.number: row for row in rows}
        lines = {row.number: line for row in by_number.values() if (line := self.line_of(row))}
        # A text that belongs to no conversation yet, or a command that may become a text.
        unfinished = [
            row.number
            for row in by_number.values()
            if row.state in PERSONS_UNFINISHED and row.number not in lines
        ]
        last = max(by_number, default=0)
        ahead = last > progress.number
        reading = Reading(
            number=last if ahead else progress.number,
            id=by_number[last].id if ahead else progress.id,
            seen=sorted({*numbers, *by_number}),
            lines=list(lines.values()),
            waiting=unfinished,
        )
        if noted or ahead or set(unfinished) != set(progress.waiting):
            await self._run(lambda: self._file.take(reading))
        if noted:
            done = delete(changed).where(changed.c.number <= noted)
            await self._database.write(lambda db: db.execute(done))
        return bool(noted) or reading.number < upto

    def line_of(self, row: Row[Any]) -> Line | None:
        """Give what is found of a message: nothing of commands, nor of what they answer."""
        text = row.text if row.role == "user" else row.question_text
        if not row.text or row.owner is None or (text is not None and not self._said(text)):
            return None
        chat = chat_name(row.platform, row.chat_id, row.topic_id)
        return Line(row.number, row.text, (row.owner, _group_of(row.owner), chat))

    async def _start_anew_unless_it_fits(self) -> None:
        """Throw away the index of other messages, as after older ones were put back."""
        progress = await self._run(self._file.progress)
        there = select(messages.c.number, messages.c.id).where(messages.c.number >= progress.number)
        first = await self._database.read(
            lambda db: db.execute(there.order_by(messages.c.number).limit(1)).first()
        )
        fits = first is not None and (first.number > progress.number or first.id == progress.id)
        if progress.number and not fits:
            log.warning("the search index is of other messages and is built anew")
            await self._run(self._file.start_anew)

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _read(
    db: Connection, found: Sequence[tuple[int, str]], whose: Whose, tag: str
) -> Sequence[Hit]:
    """Read what was found; the messages decide whose it is, and whether it is still there."""
    query: Select[Any] = (
        select(messages, *CONVERSATION)
        .join(conversations, conversations.c.id == messages.c.thread_id)
        .where(messages.c.text != "")
    )
    if tag:
        query = query.where(has_tag(tag))
    hits: list[Hit] = []
    for start in range(0, len(found), AT_ONCE):
        portion = found[start : start + AT_ONCE]
        here = query.where(messages.c.number.in_([number for number, _ in portion]))
        rows = {row.number: row for row in db.execute(here) if whose.has(row.owner)}
        hits += [_hit(rows[number], line) for number, line in portion if number in rows]
    return hits


def _hit(row: Row[Any], line: str) -> Hit:
    return Hit(message_of(row), line, row.title, tuple(row.tags), bool(row.forked_from))


def _group_of(owner: str) -> str:
    """Name the group of an owner: of ``api:shop/ann`` it is ``api:shop/``, of others nothing."""
    return owner[: owner.rfind("/") + 1] if owner.startswith("api:") else ""


def said_at(message: Message) -> datetime:
    """Say when something was said."""
    return message.sent_at or message.created_at
