# ruff: noqa: ASYNC221, ASYNC240 - these tests are about files, and may wait
"""What people do to sessions.csv while the bot is stopped, and what a start makes of it."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import structlog

from sessions.csv_store import CsvStore
from sessions.models import Session
from sessions.rows import COLUMNS, HEADER, line_of
from sessions.store import StoreOwned, StoreUnreadable
from tests.sessions.people import NOON, approval, session, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.csv"


async def read(path: Path) -> dict[str, Session]:
    """Open the store, and close it again."""
    async with CsvStore.open(path) as store:
        return {one.session_id: one for one in await store.all()}


def rejected(path: Path) -> list[tuple[str, str]]:
    """Return reason and row of everything that was set aside."""
    usual = csv.field_size_limit(1 << 20)
    try:
        with path.with_name("sessions.csv.rejected").open(newline="") as file:
            return [(row["reason"], row["row"]) for row in csv.DictReader(file)]
    finally:
        csv.field_size_limit(usual)


async def crash(path: Path, *sessions: Session) -> None:
    """Leave the files as a killed bot leaves them: these sessions in the journal alone."""
    async with CsvStore.open(path) as store:
        before = path.read_bytes()
        for one in sessions:
            await store.save(one)
        journal = path.with_name("sessions.csv.journal").read_bytes()
    path.write_bytes(before)
    path.with_name("sessions.csv.journal").write_bytes(journal)


def kept(path: Path, beginning: str) -> list[Path]:
    return sorted(path.parent.glob(f"sessions.csv.{beginning}*"))


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


# ---------------------------------------------------------------- spreadsheets and old files


async def test_the_old_file_of_the_first_version_loads(path: Path) -> None:
    path.write_text(
        HEADER
        + "\nabc-123,telegram_456,telegram,xyz-789,2025-09-30T10:30:00,2025-09-30T11:45:00"
        + ',"",{}\n'
    )
    found = await read(path)
    assert found["abc-123"] == Session(
        "abc-123",
        "telegram_456",
        "telegram",
        "xyz-789",
        datetime(2025, 9, 30, 10, 30, tzinfo=UTC),
        datetime(2025, 9, 30, 11, 45, tzinfo=UTC),
    )


def rewritten(text: str, **how: Any) -> str:
    """Save as a spreadsheet does: the same cells in another notation."""
    out = io.StringIO()
    csv.writer(out, **how).writerows(csv.reader(text.splitlines()))
    return out.getvalue()


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + rewritten(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL),
        lambda text: rewritten(text, delimiter=";"),
        lambda text: rewritten(text, delimiter="\t"),
        lambda text: text.replace("+00:00", "Z").replace("T12", " 12"),
        lambda text: text.rstrip("\n"),
        lambda text: "\n" + text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text.replace("2026-11-21T12:00:00+00:00", "2026-11-21T14:00:00+02:00"),
    ],
    ids=[
        "BOM",
        "CRLF",
        "Excel",
        "semicolons",
        "tabs",
        "Z",
        "no last break",
        "blank",
        "empty",
        "+2",
    ],
)
async def test_a_file_saved_by_a_spreadsheet_loads(path: Path, saved: Callable[[str], str]) -> None:
    whole = session(
        1, pending_approval=(approval(),), metadata={"chat_id": "-1", "name": 'Zoë, "the" one'}
    )
    write(path, whole, session(2))
    path.write_bytes(saved(path.read_text()).encode())
    assert await read(path) == {"session-1": whole, "session-2": session(2)}
    assert path.read_text() == "\n".join([HEADER, line_of(whole), line_of(session(2))]) + "\n"
    assert not kept(path, "rejected")


async def test_columns_in_another_order_load(path: Path) -> None:
    write(path, session(1, metadata={"a": 1}))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, sorted(COLUMNS))
        writer.writeheader()
        writer.writerows(rows)
    assert await read(path) == {"session-1": session(1, metadata={"a": 1})}
    assert path.read_text().startswith(HEADER)


@pytest.mark.parametrize(
    "header",
    [
        "name,price",
        HEADER.replace("user_id", "user"),
        HEADER + ",notes",
        HEADER.replace(",metadata", ""),
        "session-1,telegram_1,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{}",
    ],
)
async def test_a_file_that_is_not_ours_stops_the_start_and_stays_as_it_is(
    path: Path, header: str
) -> None:
    path.write_text(header + "\nmine,1\n")
    with pytest.raises(StoreUnreadable, match="is not a file of sessions"):
        await read(path)
    assert path.read_text() == header + "\nmine,1\n"
    assert [file.name for file in path.parent.iterdir()] == ["sessions.csv"]


# ---------------------------------------------------------------- rows that are none


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{oops", "not JSON"),
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],[]", "JSON object"),
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,{},{}", "JSON list"),
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[{}],{}", "without"),
        ("s,telegram_5,telegram,t,2026-13-21T12:00:00,2026-11-21T12:00:00,[],{}", "created_at"),
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,yesterday,[],{}", "last_activity"),
        ("s,telegram_5,telegram", "3 cells instead of 8"),
        ("s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{},x", "9 cells"),
        (",telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{}", "is empty"),
        ('s,"telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{}', "not closed"),
        ("s,te\x00legram,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{}", "control"),
        ("=cmd()", "1 cells instead of 8"),
        (f"s,{'x' * 140_000},telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],{{}}", "131072"),
        (
            "s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],"
             '"{""a"":""' + "x" * 5_000 + '""}"',
            "metadata has",
        ),
        (
            "s,telegram_5,telegram,t,2026-11-21T12:00:00,2026-11-21T12:00:00,[],"
             '"' + '{""a"":' * 30_000 + '"',
            "131072",
        ),
    ],
)  # fmt: skip
async def test_a_bad_row_is_set_aside_with_its_reason_and_the_rest_is_served(
    path: Path, row: str, reason: str
) -> None:
    write(path, session(1), session(2))
    good, other = path.read_text().splitlines()[1:]
    path.write_text(f"{HEADER}\n{good}\n{row}\n{other}\n")
    async with CsvStore.open(path) as store:
        assert len(await store.all()) == 2
        assert store.report().rejected_rows == 1
    ((why, what),) = rejected(path)
    assert reason in why
    assert what.removeprefix("'") == row
    assert what[0] != "="
    assert await read(path) == {"session-1": session(1), "session-2": session(2)}
    assert len(rejected(path)) == 1


async def test_bytes_that_are_no_text_are_set_aside_as_they_are(path: Path) -> None:
    write(path, session(1))
    path.write_bytes(path.read_bytes() + line_of(session(2)).encode().replace(b"_2", b"_\xe9"))
    assert await read(path) == {"session-1": session(1)}
    assert b"telegram_\xe9" in path.with_name("sessions.csv.rejected").read_bytes()


async def test_a_row_is_rejected_once_however_often_the_bot_starts(path: Path) -> None:
    for _ in range(3):
        path.write_text(f"{HEADER}\nnot,a,row\n")
        assert await read(path) == {}
    path.write_text(f"{HEADER}\nanother,one\n")
    await read(path)
    assert [row for _, row in rejected(path)] == ["not,a,row", "another,one"]


async def test_of_rows_with_the_same_id_the_latest_is_served_and_none_is_lost(path: Path) -> None:
    late = session(1, minutes=5, thread_id="late")
    write(path, session(1), late, session(1, minutes=2, thread_id="middle"))
    assert await read(path) == {"session-1": late}
    assert ["same session_id" in why for why, _ in rejected(path)] == [True, True]
    assert "thread-1" in rejected(path)[0][1]
    assert "middle" in rejected(path)[1][1]


async def test_of_rows_of_the_same_person_the_latest_is_served(path: Path) -> None:
    write(path, session(1, minutes=5), session(2, user_id="telegram_1"))
    assert set(await read(path)) == {"session-1"}
    assert "same person and place" in rejected(path)[0][0]


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
