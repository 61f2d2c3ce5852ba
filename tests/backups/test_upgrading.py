"""The tables of an older version are brought up to date after a backup, or not at all."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import StartError
from sessions.database import connected
from sessions.migrations.running import known_revisions, migrate
from sessions.stored_files import schema_of
from tests.backups.keeping import setup_in
from tests.stories.house import open_house


def older(home: Path) -> Path:
    """Leave the database of the first version in a home."""
    path = home / "data" / "conversations.db"
    path.parent.mkdir()
    with connected(path, "foreign_keys=OFF") as connection:
        migrate(connection, "0001")
    return path


async def test_what_is_there_is_backed_up_before_its_tables_are_changed(tmp_path: Path) -> None:
    path = await asyncio.to_thread(older, tmp_path)
    async with open_house(tmp_path) as house:
        (kept,) = (await house.bot.vault.holdings()).backups
        assert kept.why == "before-upgrade"
        manifest = await house.bot.vault.backups.verify(kept.path)
        (database,) = [one for one in manifest.files if one.name == path.name]
        assert database.schema == "0001"
    newest, *_ = await asyncio.to_thread(known_revisions)
    assert await asyncio.to_thread(schema_of, path) == newest
    async with open_house(tmp_path) as house:
        assert len((await house.bot.vault.holdings()).backups) == 1


async def test_without_a_backup_nothing_is_changed_and_the_start_says_why(tmp_path: Path) -> None:
    path = await asyncio.to_thread(older, tmp_path)
    await asyncio.to_thread((setup_in(tmp_path).folder.path).write_text, "no folder")
    with pytest.raises(StartError, match="only after a backup"):
        async with open_house(tmp_path):
            pass
    assert await asyncio.to_thread(schema_of, path) == "0001"
