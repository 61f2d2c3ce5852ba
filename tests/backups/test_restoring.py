"""Putting a backup in the place of everything, and what is there before and after."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from sessions.archive import ArchiveError
from sessions.backup_folder import BackupFolder
from sessions.restore_files import RestoreFailed
from tests.backups.keeping import everything, everything_in, flip
from tests.sessions.people import NOON
from tests.stories.house import House, open_house


async def said_and_backed_up(home: Path) -> tuple[Path, Mapping[str, object]]:
    """Chat, back up, chat on; give the archive, and everything as it was then."""
    async with open_house(home) as house:
        await house.people.say("ann", "note: milk")
        await house.people.say("bob", "send hello to me")
        made = await house.bot.vault.backups.make("asked")
        then = home / "then"
        await asyncio.to_thread(then.mkdir)
        await house.bot.vault.backups.unpack(made.path, then)
        await house.people.say("ann", "what came later")
        await house.people.say("cleo", "hello")
    return made.path, await asyncio.to_thread(everything_in, then, then / "sessions.csv")


async def restored(home: Path, archive: Path) -> None:
    """Agree to a restore, and start once so that it is made."""
    async with open_house(home) as house:
        await house.bot.vault.restoring.agree(archive)
    async with open_house(home):
        pass


async def last(house: House) -> tuple[bool, str, str]:
    outcome = await house.bot.vault.restoring.last()
    assert outcome is not None
    return outcome.done, outcome.reason, outcome.kept


async def test_a_restore_gives_exactly_what_was_there_when_it_was_backed_up(
    tmp_path: Path,
) -> None:
    archive, then = await said_and_backed_up(tmp_path)
    assert await asyncio.to_thread(everything, tmp_path) != then
    await restored(tmp_path, archive)
    assert await asyncio.to_thread(everything, tmp_path) == then
    assert not (tmp_path / "data" / "restore").exists()
    async with open_house(tmp_path, recovering=True) as house:
        (waiting,) = await house.bot.approvals.records.open()
        await house.people.tap("bob", waiting.id)
        await house.until_said("bob", "hello")


async def test_what_was_there_before_is_kept_and_can_be_put_back(tmp_path: Path) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    before = await asyncio.to_thread(everything, tmp_path)
    await restored(tmp_path, archive)
    async with open_house(tmp_path) as house:
        done, _, kept = await last(house)
        assert done
    await restored(tmp_path, tmp_path / "data" / "backups" / kept)
    assert await asyncio.to_thread(everything, tmp_path) == before


async def test_looking_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    before = await asyncio.to_thread(everything, tmp_path)
    async with open_house(tmp_path) as house:
        changes = await house.bot.vault.restoring.look(archive)
        assert {(each.table, each.now, each.then) for each in changes} >= {("messages", 7, 3)}
    async with open_house(tmp_path) as house:
        assert await house.bot.vault.restoring.last() is None
    assert await asyncio.to_thread(everything, tmp_path) == before


async def test_a_damaged_archive_changes_nothing(tmp_path: Path) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    before = await asyncio.to_thread(everything, tmp_path)
    await asyncio.to_thread(flip, archive, archive.stat().st_size // 2)
    async with open_house(tmp_path) as house:
        with pytest.raises(ArchiveError, match=archive.name):
            await house.bot.vault.restoring.agree(archive)
        with pytest.raises(ArchiveError, match=archive.name):
            await house.bot.vault.backups.verify(archive)
    async with open_house(tmp_path) as house:
        assert await house.bot.vault.restoring.last() is None
    assert await asyncio.to_thread(everything, tmp_path) == before


async def test_what_is_damaged_after_it_was_unpacked_is_not_put_in_place(tmp_path: Path) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    before = await asyncio.to_thread(everything, tmp_path)
    async with open_house(tmp_path) as house:
        await house.bot.vault.restoring.agree(archive)
        with pytest.raises(RestoreFailed, match="waits for the next start already"):
            await house.bot.vault.restoring.agree(archive)
    await asyncio.to_thread(flip, tmp_path / "data" / "restore" / "new" / "threads.db", 5000)
    async with open_house(tmp_path) as house:
        assert await last(house) == (False, "threads.db has changed since it was unpacked.", "")
    assert await asyncio.to_thread(everything, tmp_path) == before


async def test_without_room_to_keep_what_is_there_nothing_is_put_in_place(tmp_path: Path) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    elsewhere = tmp_path / "elsewhere.tar.gz"
    await asyncio.to_thread(shutil.copy, archive, elsewhere)
    before = await asyncio.to_thread(everything, tmp_path)
    async with open_house(tmp_path) as house:
        await house.bot.vault.restoring.agree(elsewhere)
    no_folder = tmp_path / "no-folder"
    await asyncio.to_thread(no_folder.write_text, "a file, where a folder should be")
    async with open_house(tmp_path, BACKUP_DIR=str(no_folder)) as house:
        done, reason, _ = await last(house)
        assert (done, "could not be kept" in reason) == (False, True)
    assert await asyncio.to_thread(everything, tmp_path) == before


async def test_after_a_crash_a_restore_keeps_also_what_stands_in_the_journal(
    tmp_path: Path,
) -> None:
    archive, _ = await said_and_backed_up(tmp_path)
    async with open_house(tmp_path) as house:
        await house.bot.vault.restoring.agree(archive)
        await house.people.say("dora", "just before the crash")
        crashed = tmp_path / "crashed"
        await asyncio.to_thread(_as_a_crash_leaves_it, tmp_path, crashed)
    async with open_house(crashed) as house:
        done, _, kept = await last(house)
        assert done
        await house.bot.vault.restoring.agree(crashed / "data" / "backups" / kept)
    async with open_house(crashed) as house:
        assert "memory_dora" in {each.user_id for each in await house.bot.sessions.all()}


def _as_a_crash_leaves_it(home: Path, crashed: Path) -> None:
    shutil.copytree(
        home / "data", crashed / "data", ignore=shutil.ignore_patterns("logs", "*.sock")
    )
    for each in home.glob("sessions.csv*"):
        if not each.name.endswith(".lock"):
            shutil.copy(each, crashed / each.name)


async def test_old_backups_go_and_the_newest_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path, BACKUP_KEEP="1") as house:
        backups = house.bot.vault.backups
        folder = backups.folder
        await backups.make("asked")
        old = [
            folder.path / f"threadline-20200101T0{hour}0000Z-nightly.tar.gz" for hour in range(3)
        ]
        for each in old:
            await asyncio.to_thread(each.touch)
        await backups.every_night()
        left = await asyncio.to_thread(folder.all)
        assert [each.why for each in left] == ["nightly", "asked"]
        assert left[0].verified_at is not None
        assert left[1].verified_at is None
    only = BackupFolder(tmp_path / "only")
    await asyncio.to_thread(only.prepare)
    await asyncio.to_thread((only.path / old[0].name).touch)
    gone = await asyncio.to_thread(only.drop_older, house.bot.clock(), house.bot.sessions.ttl)
    assert gone == []


def test_files_of_other_people_in_the_folder_stay_and_are_no_backups(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "shared")
    folder.prepare()
    name = "threadline-20261121T033000Z-nightly.tar.gz"
    others = ("film.mkv.partial", "notes.plain", ".making-of.txt", f"{name}.txt")
    for each in others:
        (folder.path / each).touch()
    (folder.path / f".making-{name}").mkdir()
    for each in (f"{name}.partial", f"{name}.age.partial.plain", "verified.json.partial"):
        (folder.path / each).touch()
    folder.prepare()
    assert {each.name for each in folder.path.iterdir()} == {*others}
    (folder.path / "threadline-20261399T993000Z-asked.tar.gz").touch()
    (folder.path / "threadline-20260101T033000Z-asked.tar.gz").symlink_to("nowhere")
    (folder.path / "threadline-20260102T033000Z-asked.tar.gz").mkdir()
    assert folder.all() == []


def test_of_backups_of_one_second_the_last_is_the_newest(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "backups")
    folder.prepare()
    made = [folder.new(NOON, why, encrypted=False) for why in ("nightly", "before-restore")]
    for number, each in enumerate(made):
        each.touch()
        os.utime(each, ns=(number, number))
    assert [each.path for each in folder.all()] == made[::-1]


async def test_where_sessions_csv_is_a_link_it_stays_one_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    home, disk = tmp_path / "home", tmp_path / "disk"
    for each in (home, disk):
        await asyncio.to_thread(each.mkdir)
    await asyncio.to_thread((home / "sessions.csv").symlink_to, disk / "live.csv")
    archive, _ = await said_and_backed_up(home)
    crashed = disk / "live.csv.journal"
    async with open_house(home) as house:
        await house.bot.vault.restoring.agree(archive)
        await house.people.say("dora", "just before the crash")
        journal = await asyncio.to_thread(crashed.read_bytes)
        csv = await asyncio.to_thread((disk / "live.csv").read_bytes)
    await asyncio.to_thread(crashed.write_bytes, journal)
    await asyncio.to_thread((disk / "live.csv").write_bytes, csv)
    async with open_house(home) as house:
        assert {each.user_id for each in await house.bot.sessions.all()} == {
            "memory_ann",
            "memory_bob",
        }
        _, _, kept = await last(house)
        await house.bot.vault.restoring.agree(home / "data" / "backups" / kept)
    assert await asyncio.to_thread((home / "sessions.csv").is_symlink)
    async with open_house(home) as house:
        assert "memory_dora" in {each.user_id for each in await house.bot.sessions.all()}
