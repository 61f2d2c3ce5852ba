"""The files in which everything stands: what a backup holds, and what a restore puts back."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sessions.database_file import FIRST_TABLES, SIDE_FILES, beside, problem_with_tables

CSV, JOURNAL = "sessions.csv", "sessions.csv.journal"

#: The keys of those who were forgotten: what a restore puts in place has the present ones too.
KEYS = "forgotten.key"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class DatabaseName:
    """A database in the data directory, and tables by which it is known."""

    name: str
    tables: frozenset[str]


#: In the order in which a restore puts them in place.
DATABASES = (
    DatabaseName("conversations.db", FIRST_TABLES),
    DatabaseName("threads.db", frozenset({"checkpoints", "writes"})),
    DatabaseName("notes.db", frozenset({"store"})),
)

#: Made from the others whenever it is not there, so no backup holds it and a restore takes it away.
REBUILT = ("search.db",)

#: What has rows that people can count.
COUNTED = (*(each.name for each in DATABASES), CSV)
ALL_NAMES = (*(each.name for each in DATABASES), KEYS, CSV, JOURNAL)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files stand: the data directory, and sessions.csv, which has a path of its own.

    That may be a link: what belongs to the sessions stands beside what it leads to. So it blocks.
    """

    data: Path
    csv: Path

    def of(self, name: str) -> Path:
        """Give the path of a file by the name that it has in a backup."""
        if name == CSV:
            return self.csv.resolve()
        if name == JOURNAL:
            csv = self.csv.resolve()
            return csv.with_name(f"{csv.name}.journal")
        return self.data / name

    def all(self) -> Sequence[Path]:
        """Give every path at which a file of these, or one that belongs to it, may be."""
        named = [path for name in ALL_NAMES for path in (self.of(name), *self.beside(name))]
        return list(dict.fromkeys(named))

    def beside(self, name: str) -> Sequence[Path]:
        """Give the files that belong to this one and mean nothing without it."""
        if name == CSV:
            return [self.of(JOURNAL)]
        if name in (JOURNAL, KEYS):
            return []
        return [beside(self.of(name), ending) for ending in SIDE_FILES]


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def rows_in(path: Path) -> Mapping[str, int]:
    """Count the rows of each table of a database, or the lines of another file, by name.

    Raises:
        sqlite3.Error, OSError: it cannot be read.
    """
    if path.suffix != ".db":
        if path.name == KEYS:
            return {}
        with path.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
        return {"sessions": max(0, lines - 1)} if path.suffix == ".csv" else {"records": lines}
    with closing(sqlite3.connect(path, timeout=30)) as db:
        db.execute("PRAGMA query_only=ON")
        return {
            name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a name of its own
            for name in _tables(db)
        }


def schema_of(path: Path) -> str:
    """Say which tables a database has: its revision, or else a short hash of how they were made.

    A file that is no database has none: an empty text.
    """
    if path.suffix != ".db":
        return ""
    with closing(sqlite3.connect(path, timeout=30)) as db:
        db.execute("PRAGMA query_only=ON")
        if "alembic_version" in _tables(db):
            return ",".join(row for (row,) in db.execute("SELECT * FROM alembic_version"))
        made = db.execute("SELECT sql FROM sqlite_schema WHERE sql > '' ORDER BY name").fetchall()
    return hashlib.sha256(repr(made).encode()).hexdigest()[:12]


def damage_in(folder: Path, name: str) -> str:
    """Say in a sentence what is wrong with a file out of a backup; empty if nothing is."""
    for each in DATABASES:
        if each.name == name:
            return problem_with_tables(folder / name, each.tables)
    return ""


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    )
    return [name for (name,) in found]
