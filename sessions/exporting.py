"""Writing an export: a ZIP of JSON, all from one moment."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Connection, bindparam, select

from sessions.database import connected
from sessions.platform_tables import files
from sessions.portable import CONTENT, FORMAT, KINDS, MANIFEST, VERSION, Scope
from sessions.private_files import make_private_directory

BYTES_OF = select(files.c.content).where(files.c.id == bindparam("file"))


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that is written: its file, and how many rows of each kind it has."""

    file: Path
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Beside:
    """Rows of an export that stand in no table: those of one kind, ready as JSON."""

    name: str
    rows: Sequence[Mapping[str, Any]]


def export(
    database: Path,
    scope: Scope,
    into: Path,
    at: datetime,
    beside: Iterable[Beside],
    *,
    done: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Write an export into a directory; it blocks. A file with its name is complete.

    `done` is told of each kind of `KINDS` that is written.

    Raises:
        OSError: the disk did not take it.
        sqlalchemy.exc.DBAPIError: the database could not be read.
    """
    make_private_directory(into)
    path, part = _begun(into, scope, at)
    try:
        with part.open("wb") as file:
            with (
                ZipFile(file, "w", ZIP_DEFLATED) as archive,
                connected(database, "query_only=ON") as db,
                db.begin(),
            ):
                rows = _fill(archive, db, scope, at, beside, done=done)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    directory = os.open(into, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return Exported(path, rows)


def _fill(
    archive: ZipFile,
    db: Connection,
    scope: Scope,
    at: datetime,
    beside: Iterable[Beside],
    *,
    done: Callable[[int], None],
) -> Mapping[str, int]:
    entries: dict[str, Mapping[str, Any]] = {}
    rows: dict[str, int] = {}
    kept: list[str] = []
    for kind in KINDS:
        done(1)
        query = kind.rows(scope)
        if query is None:
            continue
        found = (kind.as_json(dict(row)) for row in db.execute(query).mappings())
        name = f"{kind.name}.jsonl"
        entries[name] = write_rows(
            archive, name, _noting(found, kept if kind.table is files else None)
        )
        rows[kind.name] = entries[name]["rows"]
    for each in beside:
        name = f"{each.name}.jsonl"
        entries[name] = write_rows(archive, name, each.rows)
        rows[each.name] = len(each.rows)
    for file_id in kept:
        content = db.execute(BYTES_OF, {"file": file_id}).scalar_one()
        archive.writestr(f"{CONTENT}{file_id}", content)
        entries[f"{CONTENT}{file_id}"] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": at.astimezone(UTC).isoformat(),
        "scope": {"kind": scope.kind, "of": scope.of},
        "entries": entries,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return rows


def _noting(
    rows: Iterable[Mapping[str, Any]], ids: list[str] | None
) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        if ids is not None:
            ids.append(row["id"])
        yield row


def write_rows(archive: ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Write rows, one a line, and say how many these are and what is written."""
    digest = hashlib.sha256()
    many = size = 0
    with archive.open(name, "w", force_zip64=True) as entry:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
            data = line.encode("utf-8", "surrogatepass")
            digest.update(data)
            entry.write(data)
            many += 1
            size += len(data)
    return {"rows": many, "bytes": size, "sha256": digest.hexdigest()}


def _begun(into: Path, scope: Scope, at: datetime) -> tuple[Path, Path]:
    """Give the name of the file, by scope and time, and the file in which it is written until then.

    Whose it is stands in it, and not in its name. Of those who begin in the same second each gets
    names of its own: whoever made the unfinished file has the other name too.
    """
    stem = f"export-{scope.kind}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for number in count(1):
        path = into / (f"{stem}-{number}.zip" if number > 1 else f"{stem}.zip")
        part = path.with_name(f"{path.name}.part")
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        if not path.exists():
            return path, part
        part.unlink()
    raise AssertionError("numbers do not end")
