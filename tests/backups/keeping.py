"""Backups outside a bot: a setup in a home, everything that stands there, and damage."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sessions.backup import BackupOptions, BackupSetup
from sessions.backup_folder import BackupFolder
from sessions.stored_files import DATABASES, Places


def setup_in(home: Path, *, passphrase: str = "") -> BackupSetup:
    """Give the setup of the bot whose home this is."""
    data = home / "data"
    options = BackupOptions(passphrase=passphrase, version="test")
    return BackupSetup(BackupFolder(data / "backups"), Places(data, home / "sessions.csv"), options)


def everything_in(data: Path, csv: Path) -> Mapping[str, object]:
    """Read every row of every table, and the lines of the sessions."""
    found: dict[str, object] = {"sessions.csv": csv.read_text().splitlines()}
    for each in DATABASES:
        with closing(sqlite3.connect(data / each.name)) as db:
            found[each.name] = list(db.iterdump())
    return found


def everything(home: Path) -> Mapping[str, object]:
    """Read everything in a home of a bot that has stopped."""
    return everything_in(home / "data", home / "sessions.csv")


def flip(path: Path, at: int) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x5A
    path.write_bytes(data)
