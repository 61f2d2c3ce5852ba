"""data/threads.db: LangGraph's tables for checkpoints, and transactions that many turns share."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bot.errors import StartError
from sessions.database_file import WHAT_TO_DO, create, problem_with_tables
from sessions.wiping import OVERWRITE

Work = Callable[[sqlite3.Connection], Any]

TABLES = """
CREATE TABLE checkpoints (
    thread_id TEXT NOT NULL,
    checkpoint_ns TEXT NOT NULL DEFAULT '',
    checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT,
    type TEXT,
    checkpoint BLOB,
    metadata BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
);
CREATE TABLE writes (
    thread_id TEXT NOT NULL,
    checkpoint_ns TEXT NOT NULL DEFAULT '',
    checkpoint_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    task_path TEXT NOT NULL DEFAULT '',
    idx INTEGER NOT NULL,
    channel TEXT NOT NULL,
    type TEXT,
    value BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);
"""
BOTH = ("writes", "checkpoints")


class _OneFailed(Exception):
    """Something of a batch failed."""


class Batches:
    """What waits at the same moment, as one transaction; what fails undoes only itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def commit(self, batch: Sequence[Work]) -> Sequence[Any]:
        """Run everything in one transaction; each gets its result, or its error."""
        # As in the database of the conversations: hardly any fails, and savepoints take time.
        with suppress(_OneFailed):
            return self._transaction(self._at_once, batch)
        return self._transaction(self._in_savepoint, batch)

    def _transaction(self, run: Callable[[Work], Any], batch: Sequence[Work]) -> Sequence[Any]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            results = list(map(run, batch))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return results

    def _at_once(self, work: Work) -> Any:
        try:
            return work(self._db)
        except Exception as error:
            raise _OneFailed from error

    def _in_savepoint(self, work: Work) -> Any:
        self._db.execute("SAVEPOINT one")
        try:
            answer = work(self._db)
        except Exception as error:
            if not self._db.in_transaction:  # SQLite has rolled back everything
                raise
            self._db.execute("ROLLBACK TO one")
            answer = error
        self._db.execute("RELEASE one")
        return answer


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or make it; raises StartError."""
    ours_or_new(path, frozenset(BOTH), _make_tables)
    connection = sqlite3.connect(
        path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA {OVERWRITE}")
    return connection


def thread_ids(path: Path) -> set[str]:
    """Name the threads in a file that others may use."""
    with closing(sqlite3.connect(path, timeout=30)) as database:
        return {name for (name,) in database.execute("SELECT DISTINCT thread_id FROM checkpoints")}


def ours_or_new(path: Path, tables: frozenset[str], fill: Callable[[Path], None]) -> None:
    """Make sure that this is our database, or make it.

    Raises:
        StartError: it is damaged, empty or somebody else's; it was not touched.
    """
    problem = problem_with_tables(path, tables)
    if problem:
        raise StartError(f"{problem} {WHAT_TO_DO}")
    if path.exists():
        path.chmod(0o600)
    else:
        create(path, fill)


def _make_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(TABLES)
