"""data/migrations: a file for each migration, with what came from where and how it ended.

It has no words and no names of people in it; those stand in the records alone.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sessions.migrating.found import Remark
from sessions.migrating.staging import FromFile
from sessions.private_files import make_private_directory, write_private

WORK = "work"
ONE_ID = re.compile(r"\d{8}T\d{6}Z(-\d+)?")

State = Literal["begun", "done", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class Migration:
    """What one migration did. `asked` is a hash of what was asked for, to find it again.

    `conversations` and `messages` are those it added; `sessions` the ids of the live ones.
    """

    id: str
    at: datetime
    state: State
    source: str
    asked: str
    files: Sequence[FromFile] = ()
    conversations: int = 0
    messages: int = 0
    sessions: Sequence[str] = ()
    verified: bool = False
    backup: str = ""
    remarks: Sequence[Remark] = ()


class Diary:
    """The files of all migrations. Everything here blocks."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path_of(self, migration: str) -> Path:
        """Name the file of a migration."""
        return self.directory / f"{migration}.json"

    def write(self, migration: Migration) -> None:
        """Write what is known of a migration; it is on disk afterwards."""
        text = json.dumps(asdict(migration), indent=1, ensure_ascii=False, default=_as_text)
        write_private(self.path_of(migration.id), f"{text}\n".encode())

    def all(self) -> Sequence[Migration]:
        """Give all migrations, the newest first; what cannot be read is none."""
        if not self.directory.is_dir():
            return ()
        names = sorted((each.stem for each in self.directory.glob("*.json")), reverse=True)
        found = (self.find(name) for name in names)
        return [each for each in found if each is not None]

    def find(self, migration: str) -> Migration | None:
        """Give a migration by its id."""
        if not ONE_ID.fullmatch(migration):
            return None
        try:
            return _read(json.loads(self.path_of(migration).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def begin(self, source: str, asked: str, at: datetime) -> Migration:
        """Give the migration that was begun with the same and cut off, or a new one."""
        for each in self.all():
            if each.asked == asked and each.state == "begun":
                return each
        stem = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        name, number = stem, 1
        while self.path_of(name).exists():
            number += 1
            name = f"{stem}-{number}"
        return Migration(name, at, "begun", source, asked)

    def work_place(self) -> Path:
        """Make an empty directory for copies of what is read."""
        self.clear()
        work = self.directory / WORK
        make_private_directory(work)
        return work

    def clear(self) -> None:
        """Remove copies, also those of a process that was killed."""
        shutil.rmtree(self.directory / WORK, ignore_errors=True)


def _read(found: Mapping[str, Any]) -> Migration:
    known = {each.name: found[each.name] for each in fields(Migration)}
    return replace(
        Migration(**known),
        at=datetime.fromisoformat(found["at"]),
        files=[FromFile(**each) for each in found["files"]],
        remarks=[Remark(**each) for each in found["remarks"]],
    )


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in it")
