"""`python -m sessions.archivist make|open`: packs and unpacks backups, as a child of low priority.

It reads its task as one line of JSON, then a word whenever it may go on, and writes lines: a word,
and what belongs to it. When nobody holds the other end any more, it ends.
"""

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sessions.archive import (
    ArchiveDamaged,
    ArchiveError,
    find_room,
    read_archive,
    write_archive,
)
from sessions.database_file import problem_with
from sessions.manifest import FORMAT, FileRecord, Manifest, manifest_bytes
from sessions.private_files import sync_directory
from sessions.stored_files import damage_in, digest_of, rows_in, schema_of
from sessions.wiping import copying

PAGES = 4096
"""So many pages of a database are copied between two words about how far it is."""
LOWEST_PRIORITY = 19
LOCK_SECONDS = 30.0
UNHELD_SECONDS = 2.0
"""For so long at most nobody can write, because another program has locked what is unheld."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a backup is made of: databases, and a folder for copies that has the other files.

    `unheld` are those databases that are kept from changing by locking them, while whoever writes
    the others keeps still.
    """

    databases: Sequence[str]
    unheld: Sequence[str]
    folder: str
    archive: str
    why: str
    version: str
    passphrase: str


@dataclass(frozen=True, slots=True)
class Opening:
    """An archive that is unpacked into a folder."""

    archive: str
    folder: str
    passphrase: str


def say(word: str, more: object = "") -> None:
    """Write one line."""
    sys.stdout.write(f"{word} {more}\n")
    sys.stdout.flush()


class _Meter:
    """Says how many bytes are done, of how many."""

    def __init__(self, of: int) -> None:
        self._done = 0
        self._of = of

    def add(self, many: int) -> None:
        self._done += many
        say("progress", f"{self._done} {self._of}")


def make(task: Making) -> None:
    """Take a snapshot of every database at the word, then copy and pack them."""
    folder = Path(task.folder)
    paths = [Path(each) for each in task.databases]
    with ExitStack() as stack, ExitStack() as only_one_moment:
        live = [stack.enter_context(closing(_connect(path))) for path in paths]
        others = [
            only_one_moment.enter_context(closing(_connect(Path(p), UNHELD_SECONDS)))
            for p in task.unheld
        ]
        for directory in {path.parent for path in paths}:
            stack.enter_context(copying(directory))
        say("ready")
        _wait_for("take")
        for db in others:
            db.execute("BEGIN IMMEDIATE")
        for db in live:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it stands
        only_one_moment.close()
        say("taken")
        made_at, barrier_ms = _wait_for("pack").split()
        _watch()
        os.nice(LOWEST_PRIORITY)
        sizes = [_size(db) for db in live]
        find_room(folder, sum(sizes))
        meter = _Meter(2 * (sum(sizes) + sum(path.stat().st_size for path in folder.iterdir())))
        for db, path in zip(live, task.databases, strict=True):
            _copy(db, folder / Path(path).name, meter)
    files = [_record(path) for path in sorted(folder.iterdir(), key=_databases_first)]
    manifest = Manifest(
        FORMAT,
        datetime.fromisoformat(made_at),
        task.why,
        task.version,
        float(barrier_ms),
        tuple(files),
    )
    partial = Path(task.archive + ".partial")
    write_archive(partial, folder, manifest, task.passphrase, meter.add)
    _stand(partial, Path(task.archive))
    say("result", _in_a_line(manifest))


def unpack(task: Opening) -> None:
    """Unpack an archive and look into every file, as a start would."""
    # Only here: it takes a second to import.
    from sessions.migrations.running import known_revisions  # noqa: PLC0415 - see above

    os.nice(LOWEST_PRIORITY)
    archive, folder = Path(task.archive), Path(task.folder)
    meter = _Meter(4 * archive.stat().st_size)  # what it becomes is known only at the end
    _watch()
    manifest = read_archive(archive, folder, task.passphrase, meter.add)
    for each in manifest.files:
        damage = damage_in(folder, each.name)
        if each.name == "conversations.db":
            damage = problem_with(folder / each.name, known_revisions())
        if damage:
            raise ArchiveDamaged(f"{archive.name} cannot be used: {damage}")
        if rows_in(folder / each.name) != each.rows:
            raise ArchiveDamaged(f"{archive.name} cannot be used: {each.name} has other rows.")
    say("result", _in_a_line(manifest))


def _connect(path: Path, seconds: float = LOCK_SECONDS) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=seconds, isolation_level=None)
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # it takes a moment the first time
    return db


def _size(db: sqlite3.Connection) -> int:
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    return int(pages * size)


def _copy(db: sqlite3.Connection, path: Path, meter: _Meter) -> None:
    """Copy a database as it was when its snapshot was taken."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    size = _size(db)
    told = 0

    def progress(_status: int, left: int, pages: int) -> None:
        nonlocal told
        done = size * (pages - left) // max(1, pages)
        meter.add(done - told)
        told = done

    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA synchronous=OFF")  # it is packed, and thrown away
        db.backup(copy, pages=PAGES, progress=progress)
    db.execute("ROLLBACK")


def _record(path: Path) -> FileRecord:
    rows, schema = rows_in(path), schema_of(path)
    return FileRecord(path.name, path.stat().st_size, digest_of(path), rows, schema)


def _databases_first(path: Path) -> tuple[bool, str]:
    return path.suffix != ".db", path.name


def _stand(partial: Path, archive: Path) -> None:
    partial.rename(archive)
    sync_directory(archive.parent)


def _in_a_line(manifest: Manifest) -> str:
    return " ".join(manifest_bytes(manifest).decode().split())


def _wait_for(word: str) -> str:
    """Wait until this word comes, and give what belongs to it."""
    said, _, more = sys.stdin.readline().strip().partition(" ")
    if said != word:
        sys.exit(1)  # nobody wants it any more
    return more


def _watch() -> None:
    """End this process when whoever started it is gone."""

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do the one task; what goes wrong is said in a sentence."""
    try:
        task = json.loads(sys.stdin.readline())
        if sys.argv[1] == "make":
            make(Making(**task))
        else:
            unpack(Opening(**task))
    except BrokenPipeError:
        os._exit(1)
    except ArchiveError as error:
        say("refused", error)
        sys.exit(1)
    except (OSError, sqlite3.Error) as error:
        say("failed", f"The disk or a database said: {error}.")
        sys.exit(1)


if __name__ == "__main__":
    main()
