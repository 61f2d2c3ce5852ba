"""The revisions lead from every older database to the tables that the code uses."""

import asyncio
import shutil
import sqlite3
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError

import sessions
from sessions.conversations import Conversations
from sessions.database import Database, connected
from sessions.migrations.running import BrokenReferences, known_revisions, migrate
from sessions.platform_tables import files
from tests.records.made_up import NOON, message

Shape = dict[str, list[str]]


def shape(path: Path) -> Shape:
    """Give the SQL of each table and index, its columns sorted, for their order is free."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {
            name: sorted(columns(sql))
            for name, sql in rows
            if name not in ("alembic_version", "sqlite_sequence")
        }


def columns(sql: str) -> list[str]:
    """Cut a statement at the commas that stand in no further parentheses."""
    depth, words = 0, ""
    for letter in " ".join(sql.split()):
        depth += (letter == "(") - (letter == ")")
        ends = (letter in ",(" and depth == 1) or (letter == ")" and depth == 0)
        words += "\n" if ends else letter
    return [line.strip() for line in words.splitlines() if line.strip()]


def made_by_hand(path: Path, revision: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        migrate(connection, revision)
    engine.dispose()


def made_by_code(path: Path) -> Shape:
    engine = create_engine(f"sqlite:///{path}")
    files.metadata.create_all(engine)
    engine.dispose()
    return shape(path)


@pytest.mark.parametrize("revision", known_revisions())
async def test_a_database_of_every_revision_is_brought_up_to_date(
    tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "conversations.db"
    await asyncio.to_thread(made_by_hand, path, revision)
    async with Database.open(path) as database:
        assert await Conversations(database, clock=lambda: NOON).receive(message())
    wanted = await asyncio.to_thread(made_by_code, tmp_path / "wanted.db")
    assert await asyncio.to_thread(shape, path) == wanted


async def test_a_new_database_has_the_tables_that_the_code_says(tmp_path: Path, path: Path) -> None:
    async with Database.open(path) as database:

        def difference(db: Connection) -> list[object]:
            return list(compare_metadata(MigrationContext.configure(db), files.metadata))

        assert await database.read(difference) == []
    wanted = await asyncio.to_thread(made_by_code, tmp_path / "wanted.db")
    assert await asyncio.to_thread(shape, path) == wanted


def test_a_revision_that_fails_leaves_the_database_at_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with connected(path) as connection:
        connection.connection.cursor().execute("CREATE TABLE messages (in_the_way)")
        with pytest.raises(OperationalError, match="already exists"):
            migrate(connection)
    assert list(shape(path)) == ["messages"]  # the tables before it are gone again


def test_rows_that_refer_to_nothing_stop_a_revision(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with connected(path, "foreign_keys=OFF") as connection:
        migrate(connection)
        connection.connection.cursor().execute(
            "INSERT INTO votes (approval_id, voter, verdicts, at) VALUES ('gone', 'ann', '[]', 1)"
        )
        with pytest.raises(BrokenReferences, match="row 1 of votes refers to what is not there"):
            migrate(connection, known_revisions()[0])


@pytest.mark.parametrize("where", ["site-packages", "it's 100% #1? ü"])
async def test_the_revisions_are_found_wherever_the_package_lies(
    tmp_path: Path, where: str
) -> None:
    package = Path(sessions.__file__).parent
    site = tmp_path / where
    await asyncio.to_thread(shutil.copytree, package, site / "sessions")
    program = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {str(site)!r})
import sessions.database
assert sessions.database.__file__.startswith({str(site)!r})
async def main():
    async with sessions.database.Database.open(pathlib.Path("c.db")) as database:
        print("opened")
asyncio.run(main())
"""
    command = (sys.executable, "-I", "-c", program)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    assert output.decode() == "opened\n"
