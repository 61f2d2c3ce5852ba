"""Making sure that words which a database has deleted stand nowhere in its files.

SQLite overwrites what is deleted (`secure_delete`), but not the pages of its log, not the pages
that were free before, and not the pieces that lie between the rows of a page since it was split.
Only a file that is written anew is certain to have none of these.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

#: Up to this size a file is written anew at once, which takes 6 ms a megabyte while others wait.
SMALL = 64 * 1024 * 1024
PIECE = 8 * 1024 * 1024

#: What a connection that deletes words is opened with; it costs no write of its own.
OVERWRITE = "secure_delete=FAST"

#: Who deletes words cuts the log of a database, for which it would keep all writers waiting until
#: nobody reads from an older moment. So while a backup copies, only who deletes waits, here.
COPYING = "copying.lock"


@contextmanager
def copying(directory: Path) -> Iterator[None]:
    """Let nobody wipe or rewrite a database in this directory; it waits for who does."""
    with _locked(directory, fcntl.LOCK_EX):
        yield


def wipe(path: Path, *, small: int = SMALL) -> None:
    """Remove what deleted words have left in the files of a database, which others may use.

    In a large file pieces of words may stay between rows until `rewrite` is called.
    """
    with _opened(path) as db:
        if path.stat().st_size <= small:
            db.execute("VACUUM")
        else:
            _overwrite_free_pages(db)
            db.execute("PRAGMA user_version=1")


def rewrite(path: Path) -> bool:
    """Write a file anew if `wipe` found it too large for that; say whether it was."""
    with _opened(path) as db:
        (is_due,) = db.execute("PRAGMA user_version").fetchone()
        if is_due:
            db.execute("VACUUM")
            db.execute("PRAGMA user_version=0")
        return bool(is_due)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with (
        _locked(path.parent, fcntl.LOCK_SH),
        closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db,
    ):
        yield db
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    """Hold the lock; it ends with the process, however that ends."""
    descriptor = os.open(directory / COPYING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _overwrite_free_pages(db: sqlite3.Connection) -> None:
    """Fill the pages that are free with zeros, and free them again."""
    db.execute("BEGIN IMMEDIATE")
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    db.execute("CREATE TABLE free_pages (zeros BLOB)")
    for start in range(0, free * size, PIECE):
        db.execute(
            "INSERT INTO free_pages VALUES (zeroblob(?))", (min(PIECE, free * size - start),)
        )
    db.execute("DROP TABLE free_pages")
    db.execute("COMMIT")
