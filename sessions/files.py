"""Files that came with a person's message, or go out with an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection, Row, bindparam, func, select, update

from sessions.database import Database
from sessions.platform_tables import files
from sessions.tables import insert_if_absent, messages

ADD = insert_if_absent(files, "id")
ALL = select(files).order_by(files.c.number)
OF = ALL.where(files.c.message_id == bindparam("message"), files.c.goes_out.is_(False))
ONE = ALL.where(files.c.id == bindparam("file"))
TAKE_OVER = (
    update(files)
    .where(files.c.message_id == bindparam("question"), files.c.goes_out.is_(True))
    .values(message_id=bindparam("answer"), goes_out=False)
)
HAND_OVER = (
    update(files)
    .where(files.c.message_id == bindparam("old"), files.c.goes_out.is_(False))
    .values(message_id=bindparam("new"))
)
COUNT = (
    update(messages)
    .where(messages.c.id == bindparam("message"))
    .values(
        files=select(func.count())
        .where(files.c.message_id == bindparam("message"), files.c.goes_out.is_(False))
        .scalar_subquery()
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message."""

    name: str
    media_type: str
    content: bytes
    id: str = ""
    message_id: str = ""


class Files:
    """The files of messages. Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, message_id: str) -> tuple[File, ...]:
        """Give the files of a message, in order."""
        query = {"message": message_id}
        return await self._database.read(lambda db: tuple(map(_load, db.execute(OF, query))))

    async def get(self, file_id: str) -> File | None:
        """Find a file by its id."""
        query = {"file": file_id}
        found = await self._database.read(lambda db: db.execute(ONE, query).one_or_none())
        return None if found is None else _load(found)

    async def send_out(self, message_id: str, ordinal: str, file: File) -> None:
        """Keep a file that goes out with the answer to a message; the ordinal makes it one."""
        row = _values(message_id, ordinal, file, goes_out=True)
        await self._database.write(lambda db: db.execute(ADD, row))


def store_files(db: Connection, message_id: str, received: Sequence[File]) -> None:
    """Store the files that came with a message, inside the transaction that stores it."""
    for number, file in enumerate(received):
        db.execute(ADD, _values(message_id, str(number), file, goes_out=False))


def take_over_files(db: Connection, question: str, answer: str) -> int:
    """Give an answer the files that were made for it, in its transaction; count them."""
    taken = db.execute(TAKE_OVER, {"question": question, "answer": answer}).rowcount
    if taken:
        db.execute(COUNT, {"message": answer})
    return taken


def hand_over_files(db: Connection, old: str, new: str) -> None:
    """Give the files that came with one message to another, in the caller's transaction."""
    if db.execute(HAND_OVER, {"old": old, "new": new}).rowcount:
        db.execute(COUNT, {"message": new})


def _values(message_id: str, ordinal: str, file: File, *, goes_out: bool) -> dict[str, Any]:
    return {
        "id": str(uuid5(NAMESPACE_OID, f"{message_id}/{goes_out:d}/{ordinal}")),
        "message_id": message_id,
        "goes_out": goes_out,
        "name": file.name,
        "media_type": file.media_type,
        "content": file.content,
    }


def _load(row: Row[Any]) -> File:
    return File(row.name, row.media_type, row.content, row.id, row.message_id)
