"""SQLite databases of conversations, by what their tables hold, and whatever they are called."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions.database_file import FIRST_TABLES
from sessions.migrating.columns import (
    BEGAN,
    PERSON,
    SESSION,
    THREAD,
    TITLE,
    Columns,
    names_of,
    plain,
    said_in,
    time_of,
    value,
    words,
)
from sessions.migrating.database_copy import Table, in_sql, opened_copy, tables_of
from sessions.migrating.found import Live, Remarks, Said, SourceRefused, Talk
from sessions.migrating.places import Place

MAGIC = b"SQLite format 3\0"
RESEARCH = frozenset({"metrics", "agent_activity", "agent_performance", "meetings"})
MEETING = ("transcript", "outcome", "summary", "notes", "minutes")
FIGURES = "They are figures and steps of the other program; nobody said them to anybody."
OLDEST = datetime.min.replace(tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatDatabase:
    """A database that holds what was said. `work` is a directory for a copy of it."""

    place: Place
    kind: str
    work: Path

    @property
    def name(self) -> str:
        """Its name below what was asked for."""
        return self.place.name

    def talks(self, remarks: Remarks) -> Iterator[Talk]:
        """Give the conversations in it, one for each session."""
        with opened_copy(self.place, self.work) as database:
            database.row_factory = sqlite3.Row
            tables = tables_of(database)
            spoken = [each for each in tables if _holds_words(each)]
            met = [each for each in tables if each not in spoken and _is_of_meetings(each)]
            about = [each for each in tables if _is_of_sessions(each, spoken)]
            for each in tables:
                if each not in (*spoken, *met, *about) and each.rows:
                    remarks.leave_out(f"{each.name} in {self.name}", FIGURES, each.rows)
            for each in (*spoken, *met):
                column = in_sql(_session_of(each))
                database.execute(f"CREATE INDEX {in_sql('of ' + each.name)} ON "
                                 f"{in_sql(each.name)} ({column})")  # fmt: skip
            known = self._sessions(database, about, remarks)
            silent = 0
            for key in self._keys(database, (*spoken, *met), known):
                said = self._said(database, key, spoken, met, remarks)
                row = known.get(plain(key), {})
                if said:
                    yield _talk(plain(key), row, said, self._who(database, key, row, spoken))
                else:
                    silent += 1
            if silent:
                remarks.leave_out(f"sessions in {self.name}", "Nothing was said in them.", silent)

    def sessions(self, remarks: Remarks) -> Iterator[Live]:
        """Give none: these sessions ended with the bot that had them."""
        del remarks
        return iter(())

    def _sessions(
        self, database: sqlite3.Connection, about: Sequence[Table], remarks: Remarks
    ) -> dict[str, Row]:
        known: dict[str, Row] = {}
        for table in about:
            columns = Columns(table.columns)
            for number, row in enumerate(_rows(database, f"SELECT * FROM {in_sql(table.name)}"), 1):  # noqa: S608 - quoted
                key = plain(value(row, columns.first((*SESSION, "id"))))
                if not key:
                    remarks.leave_out(f"{self.name}, {table.name}, row {number}", "It has no id.")
                known.setdefault(key, row)
        return known

    def _keys(
        self, database: sqlite3.Connection, tables: Sequence[Table], known: Mapping[str, Row]
    ) -> Iterator[Any]:
        """Give the ids of all sessions: those with a row, and those that only messages have."""
        seen: set[str] = set()
        for table in tables:
            column = in_sql(_session_of(table))
            found = database.execute(f"SELECT DISTINCT {column} FROM {in_sql(table.name)}")  # noqa: S608 - quoted
            for (key,) in found.fetchall():
                if plain(key) not in seen:
                    seen.add(plain(key))
                    yield key
        yield from (key for key in known if key not in seen)

    def _said(
        self,
        database: sqlite3.Connection,
        key: Any,
        spoken: Sequence[Table],
        met: Sequence[Table],
        remarks: Remarks,
    ) -> Sequence[Said]:
        found: list[Said] = []
        for table in (*spoken, *met):
            for row in _of_session(database, table, key):
                where = f"{self.name}, {table.name}, row {row['threadline_row']}"
                seen = {name: row[name] for name in table.columns}
                if table in spoken:
                    found += said_in(seen, where, remarks)
                else:
                    found += _meeting(seen, where, remarks)
        if len([each for each in (*spoken, *met) if each.rows]) > 1:
            found.sort(key=lambda each: each.at or OLDEST)
        return found

    def _who(
        self, database: sqlite3.Connection, key: Any, row: Row, spoken: Sequence[Table]
    ) -> tuple[str, ...]:
        """Name the person of a session: as its row does, or else as its messages do."""
        who = names_of(row)
        if who:
            return who
        for table in spoken:
            if names_of(dict.fromkeys(table.columns, "x")):
                for each in _of_session(database, table, key):
                    if who := names_of({name: each[name] for name in table.columns}):
                        return who
        return ()


def chat_database(place: Place, work: Path) -> ChatDatabase | None:
    """Look into a database; None if nothing was said in it.

    Raises:
        SourceRefused: it is damaged or in use, or one of Threadline's.
    """
    with opened_copy(place, work) as database:
        tables = tables_of(database)
    names = {each.name.lower() for each in tables}
    if names >= FIRST_TABLES:
        raise SourceRefused(
            f"{place.name} is a database of Threadline itself: `data restore` and `data import` "
            "bring such things in."
        )
    if not any(map(_holds_words, tables)):
        return None
    is_research = len(names & RESEARCH) > 1
    return ChatDatabase(place, "research sessions" if is_research else "conversations", work)


def _talk(key: str, row: Row, said: Sequence[Said], who: tuple[str, ...]) -> Talk:
    columns = Columns(tuple(row))
    began = time_of(value(row, columns.first(BEGAN)))
    return Talk(key, who, said, plain(value(row, columns.first(TITLE))), began)


def _holds_words(table: Table) -> bool:
    return Columns(table.columns).hold_words and bool(_session_of(table))


def _is_of_meetings(table: Table) -> bool:
    columns = Columns(table.columns)
    return bool(_session_of(table) and columns.first(TITLE) and columns.first(MEETING))


def _is_of_sessions(table: Table, spoken: Sequence[Table]) -> bool:
    named = table.name.lower() in {"sessions", "conversations", "chats", "threads"}
    columns = Columns(table.columns)
    return table not in spoken and named and bool(columns.first((*SESSION, "id")))


def _session_of(table: Table) -> str:
    return Columns(table.columns).first((*SESSION, *THREAD, "chat_id", *PERSON))


def _of_session(database: sqlite3.Connection, table: Table, key: Any) -> Iterator[Row]:
    column = in_sql(_session_of(table))
    query = (
        f"SELECT rowid AS threadline_row, * FROM {in_sql(table.name)} WHERE {column} IS ? "  # noqa: S608 - quoted
        "ORDER BY rowid"
    )
    return _rows(database, query, key)


def _rows(database: sqlite3.Connection, query: str, *values: Any) -> Iterator[Row]:
    return (dict(row) for row in database.execute(query, values))


def _meeting(row: Row, where: str, remarks: Remarks) -> Iterator[Said]:
    """Give a meeting as one message of the bot: its topic, and what came of it."""
    columns = Columns(tuple(row))
    topic = plain(value(row, columns.first(TITLE)))
    told = [str(row[each]) for each in columns.all(MEETING) if row[each] not in (None, "")]
    text = words("\n\n".join([f"Meeting: {topic}" if topic else "Meeting", *told]), where, remarks)
    if text:
        yield Said("assistant", text, time_of(value(row, columns.first(("timestamp", *BEGAN)))))
