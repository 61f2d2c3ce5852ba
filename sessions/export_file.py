"""Reading an export that somebody brings: nothing in it is believed before it is checked."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from sessions.checked_rows import Unfit, trial, try_out
from sessions.portable import (
    CONTENT,
    FORMAT,
    KINDS,
    MANIFEST,
    VERSION,
    ArchiveRefused,
    Kind,
    Scope,
)

LONGEST_LINE = 16 * 1024**2
LARGEST_CONTENT = 256 * 1024**2
LARGEST_MANIFEST = 64 * 1024**2
MOST_BYTES = 16 * 1024**3
"""Unpacked, of all entries. Nothing is unpacked to the disk."""

BESIDE = ("sessions", "notes")
ONE_CONTENT = re.compile(re.escape(CONTENT) + r"[0-9a-f-]{36}")
AT_ONCE = 500
"""Rows that are tried out in one go."""

SCOPES = ("everything", "person", "session")


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export whose every byte was checked: of whom it is, and how many rows it has."""

    path: Path
    scope: Scope
    made_at: str
    rows: Mapping[str, int]
    archive: ZipFile

    def of(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Give the rows of a kind, in order."""
        for number, found in enumerate(self.lines(kind.name), 1):
            yield kind.as_row(found, f"Line {number} of {kind.name}.jsonl")

    def lines(self, name: str) -> Iterator[Any]:
        """Give the objects of an entry, in order; none if it is not there."""
        if name in self.rows:
            yield from (found for found, _ in _lines(self.archive, f"{name}.jsonl"))

    def content(self, file_id: str) -> bytes:
        """Give the bytes of a file."""
        return self.archive.read(f"{CONTENT}{file_id}")


@contextmanager
def opened(path: Path, *, most_bytes: int = MOST_BYTES) -> Iterator[ExportFile]:
    """Open an export and check all of it; it blocks.

    Raises:
        ArchiveRefused: with a sentence that says what is wrong, and with which entry.
    """
    try:
        with ZipFile(path) as archive:
            yield _checked(path, archive, most_bytes)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArchiveRefused(f"{path} is no ZIP, or is damaged: {error}.") from error
    except OSError as error:
        raise ArchiveRefused(f"{path} cannot be read: {error.strerror or error}.") from error


def _checked(path: Path, archive: ZipFile, most_bytes: int) -> ExportFile:
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()):
        raise ArchiveRefused(f"{path} has two entries of one name.")
    if MANIFEST not in infos:
        raise ArchiveRefused(f"{path} is a ZIP, but no export of Threadline.")
    if sum(info.file_size for info in infos.values()) > most_bytes:
        raise ArchiveRefused(f"{path} would unpack to more than {most_bytes:,} bytes.")
    manifest = _manifest(path, archive, infos[MANIFEST])
    entries: Mapping[str, Any] = manifest["entries"]
    known = {f"{kind.name}.jsonl" for kind in KINDS} | {f"{name}.jsonl" for name in BESIDE}
    for name in entries:
        if name not in known and not ONE_CONTENT.fullmatch(name):
            raise ArchiveRefused(f"{path} has an entry that no export has: {name!r}.")
    if set(infos) - {MANIFEST} != set(entries):
        odd = sorted(set(infos) ^ set(entries) ^ {MANIFEST})
        raise ArchiveRefused(f"{path} does not hold what its manifest says: {odd[0]!r}.")
    rows = {
        name.removesuffix(".jsonl"): _check_rows(archive, name, about)
        for name, about in entries.items()
        if name in known
    }
    for name in set(entries) - known:
        _check_content(archive, infos[name], entries[name])
    scope = Scope(manifest["scope"]["kind"], manifest["scope"]["of"])
    found = ExportFile(path, scope, manifest["made_at"], rows, archive)
    _check_kinds(found, entries)
    return found


def _manifest(path: Path, archive: ZipFile, info: ZipInfo) -> Mapping[str, Any]:
    if info.file_size > LARGEST_MANIFEST:
        raise ArchiveRefused(f"The manifest of {path} is too large.")
    try:
        manifest = json.loads(archive.read(info))
        if manifest["format"] != FORMAT:
            raise ArchiveRefused(f"{path} is a ZIP, but no export of Threadline.")
        if manifest["version"] != VERSION:
            raise ArchiveRefused(
                f"{path} is an export of version {manifest['version']!r}, and this is {VERSION}."
            )
        scope = manifest["scope"]
        texts = (manifest["made_at"], scope["of"])
        right = scope["kind"] in SCOPES and all(isinstance(each, str) for each in texts)
        right = right and isinstance(manifest["entries"], dict)
    except (ValueError, KeyError, TypeError, RecursionError):
        right = False
    if not right:
        raise ArchiveRefused(f"The manifest of {path} is not as it should be.")
    found: Mapping[str, Any] = manifest
    return found


def _lines(archive: ZipFile, name: str) -> Iterator[tuple[Any, bytes]]:
    with archive.open(name) as entry:
        number = 0
        while line := entry.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise ArchiveRefused(f"Line {number} of {name} is too long.")
            try:
                yield json.loads(line.decode("utf-8", "surrogatepass")), line
            except (ValueError, RecursionError):
                raise ArchiveRefused(f"Line {number} of {name} is not JSON.") from None


def _check_rows(archive: ZipFile, name: str, about: Any) -> int:
    digest, many = hashlib.sha256(), 0
    for _, line in _lines(archive, name):
        digest.update(line)
        many += 1
    _check(name, about, digest.hexdigest())
    if about.get("rows") != many:
        raise ArchiveRefused(f"{name} has {many} rows, and the manifest says otherwise.")
    return many


def _check_content(archive: ZipFile, info: ZipInfo, about: Any) -> None:
    if info.file_size > LARGEST_CONTENT:
        raise ArchiveRefused(f"{info.filename} is too large.")
    _check(info.filename, about, hashlib.sha256(archive.read(info)).hexdigest())


def _check(name: str, about: Any, digest: str) -> None:
    if not isinstance(about, dict) or about.get("sha256") != digest:
        raise ArchiveRefused(f"{name} is not as it was written: its checksum differs.")


def _check_kinds(found: ExportFile, entries: Mapping[str, Any]) -> None:
    """Check every row, and that it belongs to whom the export is of."""
    with trial() as db:
        for kind in KINDS:
            rows = (_checked_row(found, kind, row, entries) for row in found.of(kind))
            while some := list(islice(rows, AT_ONCE)):
                try:
                    try_out(db, kind.table, some)
                except Unfit as unfit:
                    raise ArchiveRefused(
                        f"A row of {kind.name}.jsonl breaks a rule of the records: {unfit}."
                    ) from None


def _checked_row(
    found: ExportFile, kind: Kind, row: dict[str, Any], entries: Mapping[str, Any]
) -> dict[str, Any]:
    if kind.name == "files":
        if f"{CONTENT}{row['id']}" not in entries:
            raise ArchiveRefused(f"The file {row['id']} has no content.")
        row["content"] = b""
    if found.scope.kind == "person" and not _belongs(kind, row, found.scope.of):
        raise ArchiveRefused(
            f"It is an export of {found.scope.of}, and has {kind.name} of somebody else."
        )
    return row


def _belongs(kind: Kind, row: Mapping[str, Any], person: str) -> bool:
    if "platform" in row and kind.name != "approvals":
        return f"{row['platform']}:{row['user_id']}" == person
    whose = row.get("owner", row.get("requester", row.get("person", person)))
    return bool(whose == person)
