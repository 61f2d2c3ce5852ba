"""What people, disks and other programs do to the files of a bot."""

import sqlite3
from contextlib import closing
from pathlib import Path


def by_hand(database: Path, *statements: str) -> None:
    """Change a database as somebody with SQLite's shell does."""
    with closing(sqlite3.connect(database, timeout=10)) as db, db:
        for statement in statements:
            db.execute(statement)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 2 * 4096] = bytes(4096)
    path.write_bytes(content)


def put_a_foreign_file(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 this is something else" * 100)


def remove(path: Path) -> None:
    path.unlink()
