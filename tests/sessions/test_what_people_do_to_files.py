# ruff: noqa: ASYNC221, ASYNC240 - these tests are about files, and may wait
"""What people do to sessions.csv while the bot is stopped, and what a start makes of it."""

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import structlog

from sessions.csv_store import CsvStore
from sessions.rows import HEADER
from sessions.store import StoreOwned, StoreUnreadable
from tests.sessions.files import crash, kept, read
from tests.sessions.people import NOON, approval, session, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.csv"


# ---------------------------------------------------------------- what is there after a clean stop


async def test_the_first_start_makes_a_file_that_only_its_owner_reads(path: Path) -> None:
    async with CsvStore.open(path) as store:
        assert path.read_text() == HEADER + "\n"
        await store.save(session(1))
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert [file.name for file in path.parent.iterdir()] == ["sessions.csv"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_one_row_a_session_under_exactly_this_header(path: Path) -> None:
    async with CsvStore.open(path) as store:
        await store.save(
            session(1, pending_approval=(approval(),), metadata={"chat_id": "-1", "n": "a\nb"})
        )
        await store.save(session(2))
    lines = path.read_text().splitlines()
    assert lines[0] == (
        "session_id,user_id,platform,thread_id,created_at,last_activity,pending_approval,metadata"
    )
    assert len(lines) == 3
    assert lines[2] == (
        "session-2,telegram_2,telegram,thread-2,"
        "2026-11-21T12:00:00+00:00,2026-11-21T12:00:00+00:00,[],{}"
    )
    with path.open(newline="") as file:
        row = next(csv.DictReader(file))
    assert json.loads(row["metadata"]) == {"chat_id": "-1", "n": "a\nb"}
    assert json.loads(row["pending_approval"])[0]["decider"] == "requester"
    assert " " not in row["metadata"]


async def test_cat_grep_wc_and_column_tell_the_truth(path: Path) -> None:
    async with CsvStore.open(path) as store:
        for number in (1, 12345, 3):
            await store.save(session(number, metadata={"chat_id": "a,b"}))
        await store.fold()

        def sh(command: str) -> str:
            return subprocess.check_output(command, shell=True, cwd=path.parent, text=True)

        assert sh("cat sessions.csv").startswith(HEADER)
        assert sh("grep telegram_12345 sessions.csv").startswith("session-12345,telegram_12345,")
        assert sh("wc -l < sessions.csv").strip() == "4"
        table = sh("column -t -s, sessions.csv").splitlines()
        assert [line.split()[:6] for line in table][2] == [
            "session-12345",
            "telegram_12345",
            "telegram",
            "thread-12345",
            "2026-11-21T12:00:00+00:00",
            "2026-11-21T12:00:00+00:00",
        ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@a", "\tx", "'", "''", "'=", "'a", "''=x"])
async def test_a_name_that_looks_like_a_formula_is_none_in_the_file(path: Path, name: str) -> None:
    async with CsvStore.open(path) as store:
        await store.save(session(1, user_id=name, thread_id=name))
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            assert all(cell[0] not in "=+-@\t\r" for cell in row.values())
    assert (await read(path))["session-1"].user_id == name


async def test_the_start_says_how_many_were_loaded(path: Path) -> None:
    write(path, *(session(number) for number in range(5)))
    with structlog.testing.capture_logs() as logs:
        await read(path)
    assert "Loaded 5 sessions from sessions.csv" in [entry["event"] for entry in logs]


# ---------------------------------------------------------------- removed, replaced, edited


async def test_a_removed_file_means_no_sessions(path: Path) -> None:
    write(path, session(1))
    await read(path)
    path.unlink()
    assert await read(path) == {}


async def test_a_file_removed_after_a_crash_means_no_sessions_and_the_journal_is_kept(
    path: Path,
) -> None:
    await crash(path, session(1))
    path.unlink()
    assert await read(path) == {}
    (journal,) = kept(path, "journal.set-aside-")
    assert "telegram_1" in journal.read_text()


async def test_after_a_crash_the_journal_counts(path: Path) -> None:
    write(path, session(1))
    await crash(path, session(2))
    assert set(await read(path)) == {"session-1", "session-2"}
    assert [file.name for file in path.parent.iterdir()] == ["sessions.csv"]


@pytest.mark.parametrize("crashed", [False, True])
async def test_a_backup_copied_over_it_counts(path: Path, *, crashed: bool) -> None:
    await crash(path, session(1)) if crashed else write(path, session(1))
    write(path, session(7), session(8))
    assert set(await read(path)) == {"session-7", "session-8"}
    assert len(kept(path, "journal.set-aside-")) == crashed


async def test_a_row_edited_by_hand_after_a_crash_counts(path: Path) -> None:
    write(path, session(1), session(2))
    await crash(path, session(3))
    path.write_text(path.read_text().replace("thread-2", "thread-9"))
    found = await read(path)
    assert set(found) == {"session-1", "session-2"}
    assert found["session-2"].thread_id == "thread-9"


async def test_an_empty_file_holds_nobody(path: Path) -> None:
    path.touch()
    assert await read(path) == {}
    assert path.read_text() == HEADER + "\n"


# ---------------------------------------------------------------- damage, rights, a second process


async def test_a_torn_last_record_is_cut_off(path: Path) -> None:
    await crash(path, session(1), session(2))
    journal = path.with_name("sessions.csv.journal")
    journal.write_bytes(journal.read_bytes()[:-10])
    assert set(await read(path)) == {"session-1"}


async def test_a_damaged_record_before_good_ones_stops_the_start(path: Path) -> None:
    await crash(path, session(1), session(2))
    journal = path.with_name("sessions.csv.journal")
    journal.write_text(journal.read_text().replace("telegram_1", "telegram_7"))
    before = journal.read_bytes()
    with pytest.raises(StoreUnreadable, match=r"Line 2 of .* is damaged"):
        await read(path)
    assert journal.read_bytes() == before


async def test_a_file_made_read_only_stops_the_start(path: Path) -> None:
    write(path, session(1)).chmod(0o400)
    with pytest.raises(StoreUnreadable, match="read-only"):
        await read(path)
    assert [file.name for file in path.parent.iterdir()] == ["sessions.csv"]


async def test_a_second_process_is_told_who_has_the_file(path: Path) -> None:
    async with CsvStore.open(path):
        with pytest.raises(StoreOwned, match=f"in use by process {os.getpid()}"):
            await read(path)
        script = dedent(f"""
            import asyncio, pathlib
            from sessions.csv_store import CsvStore
            from sessions.store import StoreOwned
            async def main():
                try:
                    async with CsvStore.open(pathlib.Path({str(path)!r})):
                        print("opened")
                except StoreOwned as error:
                    print(error)
            asyncio.run(main())
        """)
        said = subprocess.check_output([sys.executable, "-c", script], text=True)
        assert f"process {os.getpid()}" in said
    assert await read(path) == {}


async def test_a_link_to_the_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = write(tmp_path / "elsewhere.csv", session(1))
    path.symlink_to(real)
    async with CsvStore.open(path) as store:
        await store.save(session(2))
    assert path.is_symlink()
    assert set(await read(real)) == {"session-1", "session-2"}


async def test_nothing_is_dropped_at_load_for_being_old(path: Path) -> None:
    write(path, session(1, minutes=-100_000))
    async with CsvStore.open(path, clock=lambda: NOON) as store:
        assert await store.get("session-1") is not None


async def test_what_is_no_file_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(StoreUnreadable, match="is no file"):
        await read(path)
