"""The file of the database: whether it is ours, found out without touching it; and a new one."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sessions.private_files import make_private, sync_directory

#: Every database of Threadline has had these, from the first revision on.
FIRST_TABLES = frozenset({"alembic_version", "approvals", "ledger", "messages", "votes"})
SIDE_FILES = ("-wal", "-shm", "-journal")


def beside(path: Path, ending: str) -> Path:
    """Name a file that SQLite, or we, keep beside a database."""
    return path.with_name(path.name + ending)


def problem_with(path: Path, revisions: Sequence[str]) -> str:
    """Say in a sentence why this file must not be opened; empty if nothing is wrong.

    `revisions` are those that are known, the newest first.
    """
    return _problem(path, lambda database: _problem_inside(path, database, revisions))


def problem_with_tables(path: Path, tables: frozenset[str]) -> str:
    """Say in a sentence why this is not our database with these tables; empty if it is."""
    return _problem(path, lambda database: _damage(path, database, tables))


@contextmanager
def looking_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading alone, so that nothing of it changes.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    # Without a log nobody has it open, and SQLite need not make one to read.
    how = "mode=ro" if beside(path, "-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)) as database:
        yield database


def _problem(path: Path, inside: Callable[[sqlite3.Connection], str]) -> str:
    """Look into a file. One that is not there is no problem, unless its log is."""
    log = beside(path, "-wal")
    if not path.exists():
        if log.exists() and log.stat().st_size:
            return f"{path} is gone, but {log.name}, which belongs to it, is there."
        return ""
    if path.is_file() and path.stat().st_size == 0:
        return f"{path} is empty, which a database of Threadline never is."
    try:
        with looking_into(path) as database:
            return inside(database)
    except (sqlite3.Error, OSError) as error:
        return f"{path} cannot be read as a database: {error}."


def _problem_inside(path: Path, database: sqlite3.Connection, revisions: Sequence[str]) -> str:
    damage = _damage(path, database, FIRST_TABLES)
    if damage:
        return damage
    at = [revision for (revision,) in database.execute("SELECT version_num FROM alembic_version")]
    if not at:
        return f"{path} does not say which version of Threadline wrote it."
    if not set(at) <= set(revisions):
        return (
            f"{path} was written by a newer Threadline: its tables are at revision "
            f"{', '.join(at)}, and this version knows them up to {revisions[0]}."
        )
    return ""


def _damage(path: Path, database: sqlite3.Connection, wanted: frozenset[str]) -> str:
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if not tables >= wanted:
        return f"{path} is a database, but not one of Threadline's."
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()  # about a second per GB
    return "" if found == "ok" else f"{path} is damaged: {' '.join(found.split())}."


def create(path: Path, fill: Callable[[Path], None]) -> None:
    """Make a new database under another name, and give it its own when it is complete.

    So a file that has the name has the tables, whenever the process dies.
    """
    new = beside(path, ".new")
    for leftover in (new, *(beside(new, ending) for ending in SIDE_FILES)):
        leftover.unlink(missing_ok=True)
    make_private(new)
    fill(new)
    new.rename(path)
    sync_directory(path.parent)


WHAT_TO_DO = (
    "It was left as it is: put a backup in its place with `data restore NAME`, or move it away, "
    "then start again."
)
