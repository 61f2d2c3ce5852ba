"""Whatever happens to what is there, a backup gives back exactly what it has."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from sessions.backup import BackupSetup
from sessions.backup_folder import BackupFolder
from sessions.restoring import finish_restore, restoring_closed
from tests.backups.dying import now
from tests.backups.keeping import everything, setup_in
from tests.backups.test_restoring import said_and_backed_up
from tests.data.damage import cut_short, put_a_foreign_file, remove, zero_a_page
from tests.sessions.people import NOON

DAMAGES: tuple[Callable[[Path], None], ...] = (
    cut_short,
    zero_a_page,
    put_a_foreign_file,
    remove,
)
FILES = ("conversations.db", "threads.db", "notes.db", "sessions.csv")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Mapping[str, object]]:
    """A home, a backup of it, and everything as it was then."""
    home = tmp_path_factory.mktemp("home")
    archive, then = asyncio.run(said_and_backed_up(home))
    return home, archive, then


async def put_back(setup: BackupSetup, archive: Path) -> None:
    """Restore as the command line does without a bot."""
    async with restoring_closed(setup, clock=now) as restoring:
        await restoring.agree(archive)
    await finish_restore(setup, clock=now)


async def damaged_and_put_back(
    before: tuple[Path, Path, Mapping[str, object]],
    life: Path,
    name: str,
    damage: Callable[[Path], None],
) -> None:
    home, archive, then = before
    await asyncio.to_thread(shutil.copytree, home, life)
    path = life / name if name == "sessions.csv" else life / "data" / name
    await asyncio.to_thread(damage, path)
    damaged = await asyncio.to_thread(path.read_bytes) if path.exists() else None
    setup = setup_in(life)
    await put_back(setup, archive)
    assert await asyncio.to_thread(everything, life) == then
    (kept,) = [each.name for each in setup.folder.path.iterdir() if "before-restore" in each.name]
    if kept.endswith(".files"):
        copy = setup.folder.path / kept / name
        assert await asyncio.to_thread(copy.read_bytes) == damaged
        assert copy.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("name", "damage"), list(zip(FILES, DAMAGES, strict=True)))
async def test_whatever_happened_to_a_file_a_backup_is_put_in_place(
    before: tuple[Path, Path, Mapping[str, object]],
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], None],
) -> None:
    await damaged_and_put_back(before, tmp_path / "life", name, damage)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
async def test_with_any_damage_to_any_file_a_backup_is_put_in_place(
    before: tuple[Path, Path, Mapping[str, object]],
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], None],
) -> None:
    await damaged_and_put_back(before, tmp_path / "life", name, damage)


def test_copies_of_what_was_damaged_go_like_backups(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "backups")
    folder.prepare()
    file = tmp_path / "conversations.db"
    file.write_bytes(b"not a database")
    kept = folder.keep_files(NOON, "before-restore", [file, tmp_path / "not there"])
    assert [each.name for each in kept.iterdir()] == [file.name]
    assert folder.drop_older(NOON + timedelta(days=2), timedelta(days=3)) == []
    assert folder.drop_older(NOON + timedelta(days=4), timedelta(days=3)) == [kept.name]
    assert not kept.exists()
