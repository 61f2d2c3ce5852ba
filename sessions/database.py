"""data/conversations.db: one writer thread whose commits many callers share, and a reader.

DatabaseError
├── DatabaseUnreadable    damaged, foreign, or of a newer Threadline: nothing was touched
└── DatabaseFailed        a transaction did not reach the disk; nothing of it happened
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from sessions.group_commit import GroupCommit
from sessions.migrations.running import NewerSchema, migrate
from sessions.private_files import make_private

Answer = TypeVar("Answer")
Work = Callable[[Connection], Any]


class DatabaseError(Exception):
    """Something about the database could not be done; the message is one sentence."""


class DatabaseUnreadable(DatabaseError):
    """The file cannot be opened as our database, so it is not touched."""


class DatabaseFailed(DatabaseError):
    """A transaction could not be made durable; nothing of it happened."""


class Database:
    """Reads and writes of many callers.

    `write` shares a transaction with whoever waits at the same moment, each caller in a savepoint
    of its own; `read` sees everything whose `write` has returned.
    """

    def __init__(
        self, writer: GroupCommit[Work, Any], reader: Connection, reading: ThreadPoolExecutor
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._reading = reading

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator["Database"]:
        """Open the file, bring its tables up to date, and close it at the end.

        Raises:
            DatabaseUnreadable: with a sentence that says what is wrong and where.
        """
        engine = await asyncio.to_thread(_open, path)
        reading = ThreadPoolExecutor(1, thread_name_prefix="conversations-reader")
        reader_engine = await asyncio.to_thread(_engine, path)
        connection = await asyncio.to_thread(engine.connect)
        connection = connection.execution_options(begin="BEGIN IMMEDIATE")
        reader = await asyncio.to_thread(reader_engine.connect)
        try:
            batches = _Batches(connection)
            async with GroupCommit(batches.commit, name="conversations-writer") as writer:
                yield cls(writer, reader, reading)
        finally:
            await asyncio.to_thread(reading.shutdown)
            for each in (reader, connection):
                await asyncio.to_thread(each.close)
            for each_engine in (reader_engine, engine):
                await asyncio.to_thread(each_engine.dispose)

    async def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run `work` in a transaction; when this returns, it is on disk.

        What `work` raises is raised here, and undone. It must not commit or roll back itself.

        Raises:
            DatabaseFailed: the disk did not take the transaction.
        """
        answer: Answer = await self._writer.submit(work)
        return answer

    async def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run `work`, which only reads, beside the writer."""

        def reading() -> Answer:
            try:
                with self._reader.begin():
                    return work(self._reader)
            except DBAPIError as error:
                raise DatabaseFailed(f"The database could not be read: {error.orig}.") from error

        return await asyncio.get_running_loop().run_in_executor(self._reading, reading)


class _Batches:
    """Commits on the writer's thread, all on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def commit(self, batch: Sequence[Work]) -> Sequence[Any]:
        try:
            with self._connection.begin():
                return [self._in_savepoint(work) for work in batch]
        except DBAPIError as error:
            raise _failed(error) from error

    def _in_savepoint(self, work: Work) -> Any:
        savepoint = self._connection.begin_nested()
        try:
            answer = work(self._connection)
            savepoint.commit()
        except Exception as error:  # raised again where its caller waits
            if not self._connection.in_transaction() or not savepoint.is_active:
                raise
            savepoint.rollback()
            return _failed(error) if isinstance(error, OperationalError) else error
        return answer


def _failed(error: DBAPIError) -> DatabaseFailed:
    failed = DatabaseFailed(f"The database could not be written: {error.orig}.")
    failed.__cause__ = error
    return failed


def _open(path: Path) -> Engine:
    """Open the file on this thread and migrate it; a file that is not ours stays as it is."""
    try:
        make_private(path)
        engine = _engine(path)
        with engine.connect() as connection:
            problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if problem != "ok":
                raise DatabaseUnreadable(f"{path} is damaged ({problem}). {WHAT_TO_DO}")
        migrate(engine)
    except NewerSchema as newer:
        raise DatabaseUnreadable(f"{path} was written by a newer Threadline ({newer}).") from newer
    except (SQLAlchemyError, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseUnreadable(f"{path} cannot be opened: {reason}. {WHAT_TO_DO}") from error
    return engine


WHAT_TO_DO = "It was left as it is: move it away or put a backup in its place, then start again."


def _engine(path: Path) -> Engine:
    # One connection an engine, used by one thread at a time: the writer's, or the reader's.
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        hide_parameters=True,  # errors are logged, and people's words are not
        connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, as below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
