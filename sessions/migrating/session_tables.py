"""A CSV of sessions of other bots, or of what was said, whatever its columns are called."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sessions.migrating.columns import (
    BEGAN,
    LAST,
    PERSON,
    PLATFORM,
    SESSION,
    THREAD,
    TITLE,
    Columns,
    names_of,
    plain,
    said_in,
    time_of,
    value,
)
from sessions.migrating.found import Live, Remarks, Said, Talk
from sessions.migrating.places import Place, text_of
from sessions.models import Session
from sessions.rows import unescaped

SEPARATORS = ",;\t|"
LONGEST_HEADER = 2000
WHEN = (*BEGAN, *LAST, "timestamp", "date", "time")
KEPT = ("metadata", "meta")
PENDING = "pending_approval"
USED = frozenset({*SESSION, *THREAD, *PERSON, *PLATFORM, *WHEN, *KEPT, "id", PENDING})

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SessionTable:
    """A CSV; `separator` stands between its cells, in the order of `columns`."""

    place: Place
    kind: str
    separator: str
    columns: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """Its name below what was asked for."""
        return self.place.name

    def talks(self, remarks: Remarks) -> Iterator[Talk]:
        """Give the conversations, if it holds what was said."""
        columns = Columns(self.columns)
        if not columns.hold_words:
            return
        said: dict[str, list[Said]] = {}
        first: dict[str, Row] = {}
        for number, row in self._rows(remarks):
            key = _key(columns, row)
            said.setdefault(key, []).extend(said_in(row, f"{self.name}, row {number}", remarks))
            first.setdefault(key, row)
        for key, spoken in said.items():
            title = plain(value(first[key], columns.first(TITLE)))
            if spoken:
                yield Talk(key, names_of(first[key]), spoken, title)

    def sessions(self, remarks: Remarks) -> Iterator[Live]:
        """Give the sessions, if that is what it holds."""
        columns = Columns(self.columns)
        if columns.hold_words:
            return
        for column in self.columns:
            if column.strip().lower() not in USED and column.strip():
                remarks.leave_out(f"column {column} of {self.name}", "A session has no such thing.")
        for number, row in self._rows(remarks):
            where = f"{self.name}, row {number}"
            began = time_of(value(row, columns.first((*BEGAN, *WHEN))))
            last = time_of(value(row, columns.first((*LAST, *WHEN))))
            key = _key(columns, row)
            if last is None or not key:
                remarks.leave_out(where, "Its time cannot be read." if key else "It has no id.")
                continue
            if unescaped(value(row, columns.first((PENDING,))) or "").strip() not in ("", "[]"):
                why = "What is to be decided in the other bot can only be decided there."
                remarks.leave_out(f"open approvals in {self.name}", why)
            person = unescaped(plain(value(row, columns.first(PERSON))))
            platform = unescaped(plain(value(row, columns.first(PLATFORM)))).lower()
            thread = unescaped(plain(value(row, columns.first(THREAD)))) or key
            kept = _kept(value(row, columns.first(KEPT)), where, remarks)
            session = Session(key, person, platform, thread, began or last, last, (), kept)
            named = names_of({name: unescaped(cell) for name, cell in row.items()})
            yield Live(session, named)

    def _rows(self, remarks: Remarks) -> Iterator[tuple[int, Row]]:
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.separator)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                remarks.leave_out(f"{self.name}, row {number}", f"It is no row: {error}.")
                continue
            if cells is None:
                return
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(self.columns) or any(map(str.strip, cells[len(self.columns) :])):
                many = f"It has {len(cells)} cells instead of {len(self.columns)}."
                remarks.leave_out(f"{self.name}, row {number}", many)
                continue
            yield number, dict(zip(self.columns, cells, strict=False))


def session_table(place: Place) -> SessionTable | None:
    """Read a CSV; None if it holds neither sessions nor what was said.

    Raises:
        SourceRefused: it is not UTF-8, or too large.
    """
    text = text_of(place).lstrip("\r\n")
    header = text.split("\n", 1)[0].rstrip("\r")[:LONGEST_HEADER]
    for separator in SEPARATORS:
        try:
            names = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:
            continue
        columns = Columns(tuple(name.strip() for name in names))
        has_key = bool(columns.first((*SESSION, *THREAD, "id")))
        if columns.hold_words and columns.first((*SESSION, *THREAD, *PERSON)):
            return SessionTable(place, "what was said, as a table", separator, columns.names, text)
        if has_key and columns.first(PERSON) and columns.first(WHEN):
            return SessionTable(place, "sessions", separator, columns.names, text)
    return None


def _key(columns: Columns, row: Row) -> str:
    wanted = (*SESSION, *THREAD, *(PERSON if columns.hold_words else ("id",)))
    return unescaped(plain(value(row, columns.first(wanted))))


def _kept(cell: Any, where: str, remarks: Remarks) -> Mapping[str, Any]:
    try:
        found = json.loads(cell or "{}")
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    remarks.leave_out(f"{where}, metadata", "It is no JSON object.")
    return {}


def people_of(rows: Sequence[Live]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Say who is in which session, by its own id and that of its thread."""
    for each in rows:
        for key in (each.session.session_id, each.session.thread_id):
            yield key, each.who
