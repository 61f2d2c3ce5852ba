"""A copy of somebody's SQLite database: the one that is there is only read, byte by byte."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sessions.migrating.found import SourceRefused
from sessions.migrating.places import Place, open_to_read
from sessions.private_files import make_private

BESIDE = ("-wal", "-journal")
"""What SQLite needs to read what a program that was killed had written last."""

BUSY_SECONDS = 1.0
IN_WAL_MODE = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and how many rows it has."""

    name: str
    columns: tuple[str, ...]
    rows: int


@contextmanager
def opened_copy(place: Place, work: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy of a database; it is gone afterwards.

    Raises:
        SourceRefused: another program uses it, or it is damaged.
    """
    copy = work / "source.db"
    _remove(copy)
    try:
        _copy(place, copy)
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.text_factory = lambda found: found.decode("utf-8", "surrogateescape")
            database.execute("PRAGMA temp_store=MEMORY")
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise SourceRefused(f"{place.name} is damaged: {' '.join(state.split())}.")
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:  # also what is wrong is told in bytes
        raise SourceRefused(f"{place.name} cannot be read as a database: {error}.") from error
    finally:
        _remove(copy)


def tables_of(database: sqlite3.Connection) -> list[Table]:
    """Give the tables that hold rows of their own."""
    names = [
        name
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
            "ESCAPE '!' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        )
    ]
    found = []
    for name in names:
        columns = tuple(row[1] for row in database.execute(f"PRAGMA table_info({in_sql(name)})"))
        (rows,) = database.execute(f"SELECT count(*) FROM {in_sql(name)}").fetchone()  # noqa: S608 - quoted
        found.append(Table(name, columns, rows))
    return found


def in_sql(name: str) -> str:
    """Give a name of a table or column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _copy(place: Place, copy: Path) -> None:
    """Copy the file with what belongs to it; nobody may write to it meanwhile."""
    sides = [place, *(_beside(place, each) for each in BESIDE)]
    targets = [copy, *(copy.with_name(copy.name + each) for each in BESIDE)]
    before = [_look(each) for each in sides]
    _ask_whether_it_is_used(place)
    for side, target, look in zip(sides, targets, before, strict=True):
        if look is None:
            continue
        make_private(target)
        try:
            with os.fdopen(open_to_read(side), "rb") as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
        except OSError as error:
            why = error.strerror or error
            raise SourceRefused(f"{place.name} cannot be copied: {why}.") from error
    if [_look(each) for each in sides] != before:
        raise SourceRefused(f"{place.name} is being written. Stop the program that uses it first.")


def _beside(place: Place, ending: str) -> Place:
    return Place(place.path.with_name(place.path.name + ending), place.name + ending)


def _look(place: Place) -> tuple[int, int, int] | None:
    try:
        found = os.lstat(place.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceRefused(f"{place.name} cannot be read: {error.strerror}.") from error
    return found.st_ino, found.st_size, found.st_mtime_ns


def _ask_whether_it_is_used(place: Place) -> None:
    """Ask SQLite where that changes nothing: in WAL mode even a reader makes files beside it."""
    with os.fdopen(open_to_read(place), "rb") as file:
        head = file.read(20)
    hot = _look(_beside(place, "-journal"))
    if len(head) < 20 or head[18] == IN_WAL_MODE or (hot is not None and hot[1]):  # noqa: PLR2004 - its header
        return
    address = f"file:{quote(os.fsencode(place.path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as database:
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise SourceRefused(
                    f"{place.name} is in use. Stop the program that uses it first."
                ) from error
            raise


def _remove(copy: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)
