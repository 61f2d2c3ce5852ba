"""Reading all of the records for long, so that nobody waits for it but who wipes."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sessions.database import Database, DatabaseFailed, connected
from sessions.wiping import copying

Answer = TypeVar("Answer")


async def survey(database: Database, work: Callable[[Connection], Answer]) -> Answer:
    """Run `work`, which only reads, on a connection of its own; it sees one moment.

    Raises:
        DatabaseFailed: the file cannot be read.
    """

    def reading() -> Answer:
        own = connected(database.path, "query_only=ON")
        try:
            with copying(database.path.parent), own as db, db.begin():
                return work(db)
        except DBAPIError as error:
            raise DatabaseFailed(f"The database could not be read: {error.orig}.") from error

    return await asyncio.to_thread(reading)
