"""A file that is not ours, or is damaged, stops the start and stays as it is."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sessions.conversations import Conversations
from sessions.database import Database, DatabaseUnreadable
from tests.records.made_up import NOON, message


async def filled(path: Path) -> None:
    async with Database.open(path) as database:
        conversations = Conversations(database, clock=lambda: NOON)
        for number in range(60):
            await conversations.receive(message(f"{number}" * 500))


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def scribble(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    place = int(len(content) * at)
    content[place : place + 3000] = b"\xa5" * 3000
    path.write_bytes(content)


def replace_by_foreign(path: Path, *statements: str) -> None:
    path.unlink()
    sql(path, *statements)


def as_after_a_kill(path: Path) -> dict[str, bytes]:
    """Damage a file that has changes in its log, and give what lies there."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE more (name)")
        killed = contents(path.parent)
    for name, content in killed.items():
        path.with_name(name).write_bytes(content)
    scribble(path, 0.5)
    return contents(path.parent)


def contents(directory: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in directory.iterdir()}


def modes(directory: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in directory.iterdir()}


TO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "a text": (lambda path: path.write_text("session_id,user_id\n" * 99), "not a database"),
    "the beginning is gone": (lambda path: scribble(path, 0), "not a database"),
    "a page in the middle is damaged": (lambda path: scribble(path, 0.5), "damaged|malformed"),
    "cut in half": (
        lambda path: os.truncate(path, path.stat().st_size // 2),
        "damaged|malformed",
    ),
    "of another program": (
        lambda path: replace_by_foreign(path, "CREATE TABLE recipes (name)"),
        "not one of Threadline's",
    ),
    "of another program that uses Alembic": (
        lambda path: replace_by_foreign(
            path,
            "CREATE TABLE alembic_version (version_num)",
            "INSERT INTO alembic_version VALUES ('0001')",
        ),
        "not one of Threadline's",
    ),
    "newer": (
        lambda path: sql(path, "UPDATE alembic_version SET version_num = '9999'"),
        "newer Threadline: its tables are at revision 9999, and this version knows them up to 0",
    ),
    "of no version": (
        lambda path: sql(path, "DELETE FROM alembic_version"),
        "does not say which version",
    ),
}


@pytest.mark.parametrize("happened", TO_FILES)
async def test_a_file_that_cannot_be_served_stops_the_start_and_stays(
    path: Path, happened: str
) -> None:
    await filled(path)
    damage, sentence = TO_FILES[happened]
    damage(path)
    before = contents(path.parent)
    with pytest.raises(DatabaseUnreadable, match=sentence) as stopped:
        async with Database.open(path):
            pytest.fail("it was served")
    assert str(path) in str(stopped.value)
    assert "\n" not in str(stopped.value)
    assert contents(path.parent) == before


async def test_a_damaged_file_with_a_log_beside_it_stays_with_its_log(path: Path) -> None:
    await filled(path)
    before = as_after_a_kill(path)
    assert before["conversations.db-wal"]
    with pytest.raises(DatabaseUnreadable, match=r"damaged|malformed"):
        async with Database.open(path):
            pytest.fail("it was served")
    del before["conversations.db-shm"], (after := contents(path.parent))["conversations.db-shm"]
    assert after == before


async def test_a_log_without_its_database_is_not_thrown_away(path: Path) -> None:
    path.parent.mkdir()
    log = path.with_name("conversations.db-wal")
    log.write_bytes(b"what people said")
    with pytest.raises(DatabaseUnreadable, match=r"is gone, but conversations\.db-wal"):
        async with Database.open(path):
            pytest.fail("it was served")
    assert contents(path.parent) == {log.name: b"what people said"}


async def test_a_directory_in_the_place_of_the_file(path: Path) -> None:
    await asyncio.to_thread(path.mkdir, parents=True)
    with pytest.raises(DatabaseUnreadable, match="cannot be read"):
        async with Database.open(path):
            pytest.fail("it was served")


async def test_a_place_where_no_file_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseUnreadable, match="cannot be opened"):
        async with Database.open(tmp_path / "data" / "conversations.db"):
            pytest.fail("it was served")


async def test_a_clean_stop_leaves_one_file_that_only_its_owner_reads(path: Path) -> None:
    async with Database.open(path) as database:
        await Conversations(database, clock=lambda: NOON).receive(message())
        assert modes(path.parent) == {
            "conversations.db": 0o600,
            "conversations.db-shm": 0o600,
            "conversations.db-wal": 0o600,
        }
    assert modes(path.parent.parent)["data"] == 0o700
    assert list(path.parent.iterdir()) == [path]


async def test_a_backup_that_others_may_read_is_made_private(path: Path) -> None:
    await filled(path)
    await asyncio.to_thread(path.chmod, 0o644)
    async with Database.open(path):
        assert modes(path.parent)["conversations.db"] == 0o600


async def test_a_start_that_was_killed_while_it_made_the_file_is_made_again(path: Path) -> None:
    path.parent.mkdir()
    for ending in (".new", ".new-journal", ".new-wal"):
        path.with_name(path.name + ending).write_bytes(b"half of it")
    await filled(path)
    assert list(path.parent.iterdir()) == [path]


async def test_it_is_opened_again_with_all_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "it's 100% #1? ü" / "conversations.db"
    for times in (1, 2, 3):
        await filled(path)
        async with Database.open(path) as database:
            rows = await Conversations(database, clock=lambda: NOON).unfinished()
            assert len(rows) == 60 * times
