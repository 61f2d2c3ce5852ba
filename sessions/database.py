"""data/conversations.db: one writer thread whose commits many callers share, and a reader.

DatabaseError
├── DatabaseUnreadable    damaged, foreign, or of a newer Threadline: nothing was touched
└── DatabaseFailed        a transaction did not reach the disk; nothing of it happened
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, delete, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import StaticPool

from sessions.database_file import WHAT_TO_DO, create, problem_with
from sessions.group_commit import GroupCommit
from sessions.migrations.running import BrokenReferences, known_revisions, migrate
from sessions.tables import insert_if_absent, people
from sessions.wiping import OVERWRITE, rewrite, wipe

Answer = TypeVar("Answer")
Work = Callable[[Connection], Any]

LOCKED_SECONDS = 10.0
"""How long a write waits while another program holds the file, as a backup may for a moment."""

# What a check writes is gone again in the same transaction, which goes to the disk all the same.
CHECK = insert_if_absent(people, "person").values(zone="", streams=True, blocked_by="")
UNCHECK = delete(people).where(people.c.person == bindparam("who"))


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
        self,
        path: Path,
        writer: GroupCommit[Work, Any],
        reader: Connection,
        reading: ThreadPoolExecutor,
    ) -> None:
        self.path = path
        self._inode = path.stat().st_ino
        self._writer = writer
        self._reader = reader
        self._reading = reading

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, batches: Callable[[int], None] = lambda _: None
    ) -> AsyncIterator["Database"]:
        """Open the file, bring its tables up to date, and close it at the end.

        `batches` is told how many writes each transaction had.

        Raises:
            DatabaseUnreadable: with a sentence that says what is wrong and where.
        """
        reading = ThreadPoolExecutor(1, "conversations-reader")
        stack = ExitStack()
        try:
            connections = _connections(path)
            writer, reader = await asyncio.to_thread(stack.enter_context, connections)
            commit = _Batches(writer).commit
            name = "conversations-writer"
            async with GroupCommit(commit, name=name, batches=batches) as writing:
                yield await asyncio.to_thread(cls, path, writing, reader, reading)
        finally:
            await asyncio.to_thread(reading.shutdown)
            await asyncio.to_thread(stack.close)

    async def write(self, work: Callable[[Connection], Answer], *, patient: bool = False) -> Answer:
        """Run `work` in a transaction; when this returns, it is on disk.

        What `work` raises is raised here, and undone. It runs on the writer's thread, must not
        commit or roll back itself, and is called a second time if another's fails beside it. It
        happens also if its caller stops waiting. With `patient` it may wait a moment for others,
        to share their trip to the disk.

        Raises:
            DatabaseFailed: the disk did not take the transaction.
        """
        answer: Answer = await self._writer.submit(work, patient=patient)
        return answer

    async def check(self) -> None:
        """Make sure that it can be written, and that its name still leads to its file.

        Raises:
            DatabaseFailed: with a sentence that says what is wrong.
        """

        def work(db: Connection) -> None:
            db.execute(CHECK, {"person": "?"})
            db.execute(UNCHECK, {"who": "?"})

        await self.write(work)
        if not await asyncio.to_thread(self._is_in_place):
            raise DatabaseFailed(f"{self.path} was moved or replaced while it was open. Restart.")

    def _is_in_place(self) -> bool:
        try:
            return self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    async def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run `work`, which only reads, beside the writer."""

        def reading() -> Answer:
            try:
                with self._reader.begin():
                    return work(self._reader)
            except DBAPIError as error:
                raise DatabaseFailed(f"The database could not be read: {error.orig}.") from error

        return await asyncio.get_running_loop().run_in_executor(self._reading, reading)

    def held(self) -> AbstractAsyncContextManager[None]:
        """Commit nothing while the ``with`` lasts; writes wait meanwhile."""
        return self._writer.held()

    def wipe(self) -> None:
        """Remove what deleted words have left in the file; it blocks."""
        wipe(self.path)

    def rewrite(self) -> bool:
        """Write the file anew if that is due, and say whether it was; it blocks."""
        return rewrite(self.path)


class _OneFailed(Exception):
    """A write of a batch raised something."""


class _Batches:
    """Commits on the writer's thread, all on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def commit(self, batch: Sequence[Work]) -> Sequence[Any]:
        """Run everything in one transaction; each gets its result, or its error.

        A savepoint costs as much as a small write, and hardly any write fails: so only if one
        does, all of it is undone and run again, with a savepoint for each.
        """
        try:
            with suppress(_OneFailed):
                return self._transaction(self._at_once, batch)
            return self._transaction(self._in_savepoint, batch)
        except Exception as error:
            # A COMMIT that failed may have left the transaction open, which SQLAlchemy takes for
            # ended; the next BEGIN would fail, and every one after it.
            self._connection.connection.rollback()
            if isinstance(error, DBAPIError):
                return [_failed(error) for _ in batch]
            raise

    def _transaction(self, run: Callable[[Work], Any], batch: Sequence[Work]) -> Sequence[Any]:
        with self._connection.begin():
            return list(map(run, batch))

    def _at_once(self, work: Work) -> Any:
        try:
            return work(self._connection)
        except Exception as error:
            raise _OneFailed from error

    def _in_savepoint(self, work: Work) -> Any:
        # In words, which PostgreSQL has too: begin_nested() takes as long as a small write.
        run = self._connection.exec_driver_sql
        run("SAVEPOINT caller")
        try:
            answer = work(self._connection)
        except Exception as error:  # noqa: BLE001 - it is raised again, where its caller waits
            try:
                run("ROLLBACK TO SAVEPOINT caller")
            except DBAPIError:  # the database has rolled back everything: no caller goes on
                raise error from None
            answer = _failed(error) if _is_the_disk(error) else error
        run("RELEASE SAVEPOINT caller")
        return answer


def _is_the_disk(error: Exception) -> bool:
    """Say whether an error is the database's, and not that of who called it."""
    mistakes = (IntegrityError, ProgrammingError, DataError)
    return isinstance(error, DBAPIError) and not isinstance(error, mistakes)


def _failed(error: Exception) -> DatabaseFailed:
    reason = error.orig if isinstance(error, DBAPIError) else error
    failed = DatabaseFailed(f"The database could not be written: {reason}.")
    failed.__cause__ = error
    return failed


@contextmanager
def _connections(path: Path) -> Iterator[tuple[Connection, Connection]]:
    """Give the writer's connection and the reader's to a file that is ours and up to date."""
    try:
        revisions = known_revisions()
        problem = problem_with(path, revisions)
        if problem:
            raise DatabaseUnreadable(f"{problem} {WHAT_TO_DO}")
        if path.exists():
            path.chmod(0o600)  # a backup that was put there may be open to others
            _migrate(path)
        else:
            create(path, _migrate)
        with (
            connected(path, "foreign_keys=ON", OVERWRITE) as writer,
            connected(path, "query_only=ON") as reader,
        ):
            yield writer.execution_options(begin="BEGIN IMMEDIATE"), reader
    except (DBAPIError, OSError, BrokenReferences) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseUnreadable(f"{path} cannot be opened: {reason}. {WHAT_TO_DO}") from error


def _migrate(path: Path) -> None:
    with connected(path, "foreign_keys=OFF") as connection:
        migrate(connection)
        # Only here: while a new file is filled, nothing of it may stand in a log beside it.
        connection.connection.cursor().execute("PRAGMA journal_mode=WAL")


@contextmanager
def connected(path: Path, *pragmas: str) -> Iterator[Connection]:
    """Open one connection, which is used by one thread at a time."""
    engine = _engine(path, pragmas)
    try:
        with closing(engine.connect()) as connection:
            yield connection
    finally:
        engine.dispose()


def _engine(path: Path, pragmas: Sequence[str]) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=StaticPool,
        hide_parameters=True,  # errors are logged, and people's words are not
        connect_args={
            "check_same_thread": False,
            "timeout": LOCKED_SECONDS,
            "cached_statements": 256,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, as below
        for pragma in ("synchronous=FULL", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
