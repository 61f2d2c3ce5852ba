"""What happens to sessions.csv under a running bot: edits, removals, a disk that fails."""
# ruff: noqa: ASYNC240 - these tests are about files, and may wait for them

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.csv_store import CsvStore
from sessions.disk import OpenFile, RealDisk
from sessions.folding import Pace
from sessions.models import Session
from sessions.rows import HEADER, line_of
from sessions.store import KeyTaken, StoreFailed
from tests.sessions.people import session, write
from tests.sessions.simulated_disk import SimulatedDisk

SOON = Pace(after=0.01, look=0.02)
NEVER = Pace(after=3600, look=3600)
SIMULATED = Path("/home/sessions.csv")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - files have no events
            await asyncio.sleep(0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.csv"


def edited(path: Path) -> list[Path]:
    return sorted(path.parent.glob("sessions.csv.edited-*"))


# ---------------------------------------------------------------- people


async def test_the_file_follows_a_change_by_itself(path: Path) -> None:
    async with CsvStore.open(path, pace=SOON) as store:
        await store.save(session(1))
        await until(lambda: "telegram_1" in path.read_text())
        await store.remove("session-1")
        await until(lambda: path.read_text() == HEADER + "\n")


async def test_a_file_that_somebody_edits_is_kept_and_memory_wins(path: Path) -> None:
    write(path, session(1))
    async with CsvStore.open(path, pace=NEVER) as store:
        path.write_text(path.read_text().replace("thread-1", "mine"))
        await store.save(session(2))
        await store.fold()
        (mine,) = edited(path)
        assert store.report().edited_files == (mine,)
        assert "mine" in mine.read_text()
        assert path.read_text() == "\n".join([HEADER, *map(line_of, await store.all())]) + "\n"
        await store.fold()
        assert len(edited(path)) == 1


@pytest.mark.parametrize("how", ["in place", "by an editor that renames", "removed"])
async def test_an_edit_is_found_though_nobody_writes(path: Path, how: str) -> None:
    write(path, session(1))
    before = path.read_text()
    async with CsvStore.open(path, pace=SOON) as store:
        await until(lambda: store.report().trouble == "")
        if how == "removed":
            path.unlink()
        elif how == "in place":
            with path.open("a") as file:
                file.write("more")
        else:
            other = path.with_name("other")
            other.write_text(before + "more")
            other.replace(path)
        await until(lambda: path.exists() and path.read_text() == before)
        assert len(edited(path)) == (how != "removed")


async def test_an_edit_just_before_the_stop_is_kept(path: Path) -> None:
    write(path, session(1))
    async with CsvStore.open(path, pace=NEVER):
        path.write_text("everything deleted")
    (mine,) = edited(path)
    assert mine.read_text() == "everything deleted"
    assert "telegram_1" in path.read_text()
    async with CsvStore.open(path) as store:
        assert store.report().edited_files == (mine,)


async def test_a_file_saved_without_a_change_is_no_edit(path: Path) -> None:
    write(path, session(1))
    async with CsvStore.open(path, pace=NEVER) as store:
        path.write_text(path.read_text())
        await store.save(session(2))
        await store.fold()
        assert edited(path) == []


async def test_who_writes_into_the_old_file_while_it_is_replaced_loses_nothing(path: Path) -> None:
    class BusyEditor(RealDisk):
        """Somebody has the file open, and writes just before it gets its new content."""

        def rename(self, old: Path, new: Path) -> None:
            if new == path and path.exists():
                with path.open("a") as file:
                    file.write("typed at the last moment")
            super().rename(old, new)

    write(path, session(1))
    async with CsvStore.open(path, pace=NEVER, disk=BusyEditor()) as store:
        await store.save(session(2))
        await store.fold()
        (mine,) = edited(path)
        assert mine.read_text().endswith("typed at the last moment")
        assert await store.get("session-2") == session(2)


async def test_a_removed_journal_comes_back(path: Path) -> None:
    journal = path.with_name("sessions.csv.journal")
    async with CsvStore.open(path, pace=SOON) as store:
        await store.save(session(1))
        journal.unlink()
        await until(journal.exists)
        await store.save(session(2))
        assert "telegram_2" in journal.read_text() + path.read_text()


# ---------------------------------------------------------------- a disk that fails


async def test_a_full_disk_refuses_changes_until_there_is_room(path: Path) -> None:
    disk = SimulatedDisk()
    async with CsvStore.open(SIMULATED, pace=NEVER, disk=disk) as store:
        await store.save(session(1))
        disk.full = True
        with pytest.raises(StoreFailed, match="No space left"):
            await store.save(session(2))
        assert list(await store.all()) == [session(1)]
        assert "No space left" in store.report().refusing
        with pytest.raises(StoreFailed):
            await store.remove("session-1")
        with pytest.raises(OSError, match="No space left"):
            await store.fold()
        disk.full = False
        with pytest.raises(StoreFailed):  # room alone is not enough: the file must stand again
            await store.save(session(2))
        await store.fold()
        assert store.report().refusing == ""
        await store.save(session(2))
    assert disk.text(SIMULATED).count("\n") == 3
    assert disk.names(SIMULATED.parent) == ["sessions.csv"]


async def test_a_full_disk_mends_itself_when_there_is_room() -> None:
    disk = SimulatedDisk()
    async with CsvStore.open(SIMULATED, pace=SOON, disk=disk) as store:
        disk.full = True
        with pytest.raises(StoreFailed):
            await store.save(session(1))
        await until(lambda: "No space left" in store.report().trouble)
        disk.full = False
        await until(lambda: not store.report().refusing)
        await store.save(session(1))
        assert store.report().trouble == ""


async def test_a_disk_that_stays_full_keeps_the_journal_at_the_stop() -> None:
    disk = SimulatedDisk()
    async with CsvStore.open(SIMULATED, pace=NEVER, disk=disk) as store:
        await store.save(session(1))
        disk.full = True
    disk.full = False
    async with CsvStore.open(SIMULATED, disk=disk) as store:
        assert list(await store.all()) == [session(1)]


async def test_changes_that_began_from_a_failed_one_fail_with_it() -> None:
    disk = SimulatedDisk()
    async with CsvStore.open(SIMULATED, pace=NEVER, disk=disk) as store:
        await store.save(session(1, metadata={"n": 0}))
        disk.full = True

        def count(one: Session) -> Session:
            return replace(one, metadata={"n": one.metadata["n"] + 1})

        results = await asyncio.gather(
            *(store.change("session-1", count) for _ in range(5)),
            store.save(session(2)),
            store.save(session(3, user_id="telegram_2")),
            store.remove("session-1"),
            store.remove("session-1"),
            store.change("session-1", count),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [StoreFailed] * 10
        assert list(await store.all()) == [session(1, metadata={"n": 0})]
        disk.full = False
        await store.fold()
        assert await store.remove("session-1") == session(1, metadata={"n": 0})


async def test_nobody_sees_a_change_before_it_is_durable(path: Path) -> None:
    class WatchedDisk(RealDisk):
        """Says when the journal is being synced."""

        def create(self, path: Path) -> OpenFile:
            file = super().create(path)
            real = file.sync

            def sync() -> None:
                shown.append(store_now[0]._live.get("session-1") if store_now else None)
                real()

            file.sync = sync  # type: ignore[method-assign]  # this one file is watched
            return file

    shown: list[Session | None] = []
    store_now: list[CsvStore] = []
    async with CsvStore.open(path, pace=NEVER, disk=WatchedDisk()) as store:
        await store.save(session(1))
        store_now.append(store)
        await store.change("session-1", lambda one: replace(one, thread_id="next"))
        assert shown[-1] == session(1)
        assert await store.get("session-1") == session(1, thread_id="next")


async def test_a_change_whose_caller_left_happens_all_the_same(path: Path) -> None:
    async with CsvStore.open(path, pace=NEVER) as store:
        leaving = asyncio.create_task(store.save(session(1)))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(KeyTaken):
            await store.save(session(2, user_id="telegram_1"))
        assert await store.get("session-1") == session(1)


async def test_a_directory_that_takes_no_files_stops_the_start_with_a_sentence() -> None:
    class ReadOnlyDirectory(SimulatedDisk):
        def create(self, path: Path) -> OpenFile:
            raise PermissionError(13, "Permission denied", str(path))

    with pytest.raises(StoreFailed, match=r"cannot be kept in /home: .*Permission denied"):
        async with CsvStore.open(SIMULATED, disk=ReadOnlyDirectory()):
            pass


async def test_changes_go_on_while_a_fold_runs(path: Path) -> None:
    async with CsvStore.open(path, pace=NEVER) as store:
        await asyncio.gather(*(store.save(session(n)) for n in range(300)))
        folds = asyncio.gather(*(store.fold() for _ in range(5)))
        number = 300
        while not folds.done():
            await store.save(session(number))
            number += 1
        await folds
    async with CsvStore.open(path, pace=NEVER) as store:
        assert len(await store.all()) == number
