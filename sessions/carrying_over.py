"""Those who were forgotten stay so: a restore carries them over into what it puts in place."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from sessions.data_tables import forgotten
from sessions.database import connected
from sessions.forgotten import keys_in, write_keys
from sessions.migrations.running import BrokenReferences, migrate
from sessions.private_files import make_private
from sessions.stored_files import DATABASES, KEYS, Places

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RECORDS = DATABASES[0].name


class CannotCarryOver(Exception):
    """It is not known who was forgotten, or it could not be written; the text is a sentence."""


def carry_over(places: Places, staged: Path) -> Sequence[str]:
    """Write into staged files who was forgotten, to be forgotten again by the next start.

    Nothing else may be open. Doing it again changes nothing. Returns the names of the files that
    are staged now and need not have been before.

    Raises:
        CannotCarryOver: with a sentence that says why.
    """
    try:
        written = []
        rows = _rows_in(places.of(RECORDS))
        if rows:
            _add(staged / RECORDS, rows)
            written.append(RECORDS)
        keys, older = keys_in(places.of(KEYS)), keys_in(staged / KEYS)
        if keys:
            write_keys(staged / KEYS, [*keys, *(each for each in older if each not in keys)])
            written.append(KEYS)
        return written
    except (sqlite3.Error, DBAPIError, OSError, BrokenReferences) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise CannotCarryOver(f"Who was forgotten could not be carried over: {reason}.") from error


def _rows_in(path: Path) -> Sequence[tuple[str, int]]:
    """Give who was forgotten, as hashes, and until when."""
    if not path.exists() or not path.stat().st_size:
        return ()
    try:
        with closing(sqlite3.connect(path, timeout=30)) as db:
            return db.execute("SELECT who, at FROM forgotten ORDER BY number").fetchall()
    except sqlite3.OperationalError:  # of a version that could not forget
        return ()
    except sqlite3.DatabaseError as error:  # damaged, which is why it is restored
        log.warning("nobody knows who was forgotten: that cannot be read", reason=str(error))
        return ()


def _add(path: Path, rows: Sequence[tuple[str, int]]) -> None:
    """Add them, unless the backup knows them: its words were without theirs already then."""
    make_private(path)
    # No log beside it: it is put in place as one file.
    with connected(path, "journal_mode=DELETE", "foreign_keys=OFF") as db:
        migrate(db)
        with db.begin():
            known = {(row.who, row.at) for row in db.execute(forgotten.select())}
            new = [
                {"who": who, "at": at, "done": False} for who, at in rows if (who, at) not in known
            ]
            if new:  # an insertion that does nothing would count up the numbers all the same
                db.execute(forgotten.insert(), new)
