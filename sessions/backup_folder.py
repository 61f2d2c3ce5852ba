"""The folder of backups: their names, which are there, which were verified, which may go."""

import json
import os
import re
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from sessions.private_files import make_private_directory, sync_directory, write_private_copy

NAME = re.compile(r"threadline-(\d{8}T\d{6}Z)(?:-\d+)?-([a-z-]+)\.tar\.gz(\.age)?")
LEFT_FOLDER = re.compile(rf"\.making-{NAME.pattern}")
LEFT_FILE = re.compile(rf"({NAME.pattern}|verified\.json)(\.partial|\.plain)+")
"""What a process that died left; whatever else is in the folder is somebody's own."""

STAMP = "%Y%m%dT%H%M%SZ"
VERIFIED = "verified.json"
AS_IT_WAS = re.compile(r"threadline-(\d{8}T\d{6}Z)(?:-\d+)?-([a-z-]+)\.files")
"""A directory of plain copies: of what was too damaged to be read for a backup."""
_READ = TypeAdapter(dict[str, datetime])


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive in the folder: when and why it was made, its size in bytes.

    `verified_at` is when it was last unpacked and found to be whole; None: not since it was made.
    """

    path: Path
    made_at: datetime
    why: str
    encrypted: bool
    size: int
    verified_at: datetime | None


class BackupFolder:
    """A folder with archives. Every method blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the folder, and take away what a process that died has left in it."""
        make_private_directory(self.path)
        self.sweep()

    def sweep(self) -> None:
        """Take away what a process that died has left in the folder, if it is there."""
        if not self.path.is_dir():
            return
        for each in self.path.iterdir():
            if LEFT_FOLDER.fullmatch(each.name):
                shutil.rmtree(each)
            elif LEFT_FILE.fullmatch(each.name):
                each.unlink()

    def new(self, made_at: datetime, why: str, *, encrypted: bool) -> Path:
        """Give a path that is not used; `why` is words with hyphens."""
        return self._unused(made_at, f"{why}.tar.gz{'.age' if encrypted else ''}")

    def keep_files(self, made_at: datetime, why: str, files: Sequence[Path]) -> Path:
        """Copy those of these files that are there into a directory; durable on return."""
        kept = self._unused(made_at, f"{why}.files")
        folder = self.working_in(kept)
        for each in filter(Path.exists, files):
            write_private_copy(each, folder / each.name)
        sync_directory(folder)
        folder.rename(kept)
        sync_directory(self.path)
        return kept

    def _unused(self, made_at: datetime, ending: str) -> Path:
        stamp, number = made_at.astimezone(UTC).strftime(STAMP), 1
        while True:
            again = f"-{number}" if number > 1 else ""
            path = self.path / f"threadline-{stamp}{again}-{ending}"
            if not path.exists():
                return path
            number += 1

    def working_in(self, archive: Path) -> Path:
        """Make an empty folder in which an archive is put together, or taken apart."""
        folder = self.path / f".making-{archive.name}"
        if folder.exists():
            shutil.rmtree(folder)
        make_private_directory(folder)
        return folder

    def all(self) -> Sequence[Backup]:
        """List the backups, the newest first."""
        if not self.path.is_dir():
            return []
        verified = self._verified()
        found = []
        for path in self.path.iterdir():
            match = NAME.fullmatch(path.name)
            if match is None:
                continue
            try:
                made_at = datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
                about = path.stat()
            except (ValueError, FileNotFoundError):  # no time that there is, or it has just gone
                continue
            if stat.S_ISREG(about.st_mode):
                checked = verified.get(path.name)
                backup = Backup(path, made_at, match[2], bool(match[3]), about.st_size, checked)
                found.append((made_at, about.st_mtime_ns, path.name, backup))
        return [backup for *_, backup in sorted(found, key=lambda each: each[:3], reverse=True)]

    def find(self, name: str) -> Path | None:
        """Find an archive by its name; None if there is none."""
        path = self.path / name
        return path if NAME.fullmatch(name) and path.is_file() else None

    def note_verified(self, name: str, at: datetime) -> None:
        """Remember that an archive was found to be whole."""
        there = {each.path.name for each in self.all()}
        kept = {one: when for one, when in {**self._verified(), name: at}.items() if one in there}
        new = self.path / f"{VERIFIED}.partial"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({one: when.isoformat() for one, when in kept.items()}, file)
        new.replace(self.path / VERIFIED)

    def drop_older(self, now: datetime, keep: timedelta) -> Sequence[str]:
        """Remove what is older than that, but never the newest; return the names."""
        old = [each.path for each in self.all()[1:] if each.made_at < now - keep]
        for path in old:
            path.unlink()
        copies = [path for path in self.path.iterdir() if _copied_at(path.name, now) < now - keep]
        for path in copies:
            shutil.rmtree(path)
        return [path.name for path in (*old, *copies)]

    def _verified(self) -> dict[str, datetime]:
        try:
            return _READ.validate_json((self.path / VERIFIED).read_bytes())
        except (FileNotFoundError, ValueError):  # then nothing is known to be verified
            return {}


def _copied_at(name: str, now: datetime) -> datetime:
    """Say when a directory of copies was made; what has another name was made now."""
    match = AS_IT_WAS.fullmatch(name)
    return datetime.strptime(match[1], STAMP).replace(tzinfo=UTC) if match else now
