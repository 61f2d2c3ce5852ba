"""data/notes.db read and filled as a whole, beside the agent that uses it."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sessions.portable import ArchiveRefused

COLUMNS = ("prefix", "key", "value", "created_at", "updated_at")
READ = f"SELECT {', '.join(COLUMNS)} FROM store"  # noqa: S608 - our own names
ADD = f"INSERT OR IGNORE INTO store ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - as above


def notes_of(person: str) -> str:
    """Name where the notes of a person are; LangGraph joins a name space with full stops."""
    return "notes." + person.replace("%", "%25").replace(".", "%2E")


def whose_notes(place: str) -> str:
    """Give the person whose notes are there."""
    return place.removeprefix("notes.").replace("%2E", ".").replace("%25", "%")


def read_notes(path: Path, person: str = "") -> Sequence[Mapping[str, Any]]:
    """Read all notes, or those of one person; it blocks."""
    which, values = (" WHERE prefix = ?", (notes_of(person),)) if person else ("", ())
    with closing(sqlite3.connect(path, timeout=30)) as database:
        rows = database.execute(f"{READ}{which} ORDER BY prefix, key", values)
        return [
            {**dict(zip(COLUMNS, row, strict=True)), "value": json.loads(row[2])} for row in rows
        ]


def add_notes(
    path: Path,
    notes: Iterable[Any],
    person: str = "",
    *,
    but: Callable[[str, str], bool] = lambda _person, _created_at: False,
) -> int:
    """Add the notes that are not there, and count them; it blocks.

    Those of which `but` is true, by their person and when they were made, are left out.

    Raises:
        ArchiveRefused: one is no note, or is not this person's; none is added.
    """
    rows = []
    for note in notes:
        if not isinstance(note, dict) or set(note) != set(COLUMNS):
            raise ArchiveRefused("A line of notes.jsonl is no note.")
        texts = [note[name] for name in COLUMNS if name != "value"]
        if not all(isinstance(each, str) for each in texts):
            raise ArchiveRefused("A line of notes.jsonl is no note.")
        if person and note["prefix"] != notes_of(person):
            raise ArchiveRefused(f"It is an export of {person}, and has notes of somebody else.")
        if but(whose_notes(note["prefix"]), note["created_at"]):
            continue
        rows.append([json.dumps(note[name]) if name == "value" else note[name] for name in COLUMNS])
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        return sum(database.execute(ADD, row).rowcount for row in rows)
