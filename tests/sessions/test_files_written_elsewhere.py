# ruff: noqa: ASYNC240 - these tests are about files, and may wait
"""Files that a spreadsheet, an old version or a hand wrote, and rows that are none."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sessions.csv_store import CsvStore
from sessions.models import Session
from sessions.rows import COLUMNS, HEADER, line_of
from sessions.store import StoreUnreadable
from tests.sessions.files import kept, read, rejected
from tests.sessions.people import approval, session, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.csv"


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


async def test_lines_that_end_in_returns_alone_are_refused_and_stay(path: Path) -> None:
    write(path, session(1), session(2))
    old_mac = path.read_bytes().replace(b"\n", b"\r")
    path.write_bytes(old_mac)
    with pytest.raises(StoreUnreadable, match="is not a file of sessions"):
        await read(path)
    assert path.read_bytes() == old_mac
