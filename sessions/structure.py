"""Whether the files are whole, each for itself: SQLite's own checks, and sessions.csv.

Nothing is opened for writing, so it does no harm to files that are damaged or belong to a bot.
"""

import os
import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sessions.agreement import REPAIR, RESTORE, Finding
from sessions.csv_file import read_sessions
from sessions.database_file import (
    FIRST_TABLES,
    SIDE_FILES,
    beside,
    looking_into,
    problem_with_tables,
)
from sessions.disk import Disk, RealDisk
from sessions.journal import Contents, read
from sessions.session_files import SessionFiles
from sessions.store import StoreUnreadable

MOST_TOLD = 20
"""So much of what SQLite finds in one file is told; after that nobody reads on."""

OTHERS = 0o077
INDEX_TABLES = frozenset({"said", "position", "waiting"})


LEFT_CLOSED = frozenset({"whole file", "whole journal", "readable rows", "edited"})
"""Rules of what a start would refuse, or take as it is: looking further would change it."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A database of the bot and some tables that it must have."""

    path: Path
    tables: frozenset[str]


def databases_in(data: Path) -> Sequence[DatabaseFile]:
    """Name the databases of a data directory."""
    return (
        DatabaseFile(data / "conversations.db", FIRST_TABLES),
        DatabaseFile(data / "threads.db", frozenset({"checkpoints", "writes"})),
        DatabaseFile(data / "notes.db", frozenset({"store"})),
    )


def in_databases(files: Sequence[DatabaseFile]) -> Iterator[Finding]:
    """Find what is wrong inside each database; where there is one, the others must be too."""
    if not any(each.path.exists() or _has_log(each.path) for each in files):
        return
    for each in files:
        problem = problem_with_tables(each.path, each.tables)
        if not problem and not each.path.exists():
            problem = f"{each.path} is gone."
        if problem:
            yield Finding("whole file", "error", each.path.name, problem, RESTORE)
            continue
        yield from _inside(each.path)
        yield from _privacy(each.path)


def in_closed_index(data: Path) -> Iterator[Finding]:
    """Find whether the search index cannot be opened; it belongs to no bot now."""
    path = data / "search.db"
    problem = problem_with_tables(path, INDEX_TABLES)
    if problem:
        text = f"{problem} The next start builds the search index anew."
        yield Finding("search index", "warning", path.name, text, REPAIR)


def in_closed_session_files(csv: Path, data: Path) -> Iterator[Finding]:
    """Find what is wrong with sessions.csv and its journal; they belong to no bot now."""
    yield from in_session_files(csv, in_use=False)
    if not csv.exists() and any(each.path.exists() for each in databases_in(data)):
        text = f"{csv} is gone: the next start ends all sessions and withdraws what is open."
        yield Finding("whole file", "warning", csv.name, text, "put the file back, or nothing")


def in_session_files(csv: Path, *, in_use: bool) -> Iterator[Finding]:
    """Find what is wrong with sessions.csv and its journal, and what waits for a person there.

    With `in_use` a bot has them, whose memory is the truth: the CSV follows it a second later.
    """
    disk, files = RealDisk(), SessionFiles(csv.resolve())
    contents: Contents | None = None
    try:
        contents = read(disk, files.journal)
    except StoreUnreadable as error:
        yield Finding("whole journal", "error", files.journal.name, str(error), RESTORE)
    if not in_use:
        yield from _in_csv(disk, files, contents)
    if disk.fingerprint(files.csv) is not None:
        yield from _privacy(files.csv)
    if disk.fingerprint(files.rejected) is not None:
        text = "It has rows that could not be served, each with its reason."
        yield Finding("rows set aside", "warning", files.rejected.name, text)


def _in_csv(disk: Disk, files: SessionFiles, contents: Contents | None) -> Iterator[Finding]:
    name = files.csv.name
    try:
        found = read_sessions(disk, files.csv)
    except StoreUnreadable as error:
        yield Finding("whole file", "error", name, str(error), RESTORE)
        return
    for row in found.rejected:
        text = f"A row will not be served: {row.reason}."
        yield Finding("readable rows", "warning", name, text, "mend the row in a text editor")
    if contents is not None and found.checksum and contents.after(found.checksum) is None:
        text = "Somebody edited it since the bot wrote it; the next start takes it as it is."
        yield Finding("edited", "warning", name, text)


def _inside(path: Path) -> Iterator[Finding]:
    try:
        with looking_into(path) as database:
            for (said,) in database.execute(f"PRAGMA integrity_check({MOST_TOLD})"):
                if said != "ok":
                    text = f"{path} is damaged: {' '.join(said.split())}."
                    yield Finding("whole file", "error", path.name, text, RESTORE)
            broken = database.execute("PRAGMA foreign_key_check").fetchmany(MOST_TOLD)
            for table, row, parent, _ in broken:
                text = f"Row {row} of {table} refers to a row of {parent} that is not there."
                yield Finding("whole references", "error", path.name, text, RESTORE)
    except sqlite3.Error as error:
        text = f"{path} cannot be read as a database: {error}."
        yield Finding("whole file", "error", path.name, text, RESTORE)


def _has_log(path: Path) -> bool:
    return any(beside(path, ending).exists() for ending in SIDE_FILES)


def _privacy(path: Path) -> Iterator[Finding]:
    if os.name == "posix" and path.stat().st_mode & OTHERS:
        text = f"{path} can be read by other accounts of this machine."
        yield Finding(
            "private file", "warning", path.name, text, f"chmod 600 {shlex.quote(str(path))}"
        )
