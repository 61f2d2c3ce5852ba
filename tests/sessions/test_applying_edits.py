"""`sessions apply FILE`: what a person changed in the file becomes so."""
# ruff: noqa: ASYNC240 - these tests are about files, and may wait for them

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sessions.csv_store import CsvStore
from sessions.edits import apply, difference
from sessions.store import KeyTaken, StoreUnreadable
from tests.sessions.people import NOON, approval, session, write


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CsvStore]:
    async with CsvStore.open(tmp_path / "sessions.csv") as opened:
        for number in (1, 2, 3):
            await opened.save(session(number))
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sessions.csv.edited-20261121T120500Z"


def edit(file: Path, *sessions: object) -> None:
    """Write the file as a person saved it five minutes after noon."""
    write(file, *sessions)  # type: ignore[arg-type]  # sessions, as the tests make them
    at = (NOON + timedelta(minutes=5)).timestamp()
    os.utime(file, (at, at))


async def test_the_difference_says_what_would_happen_and_apply_does_it(
    store: CsvStore, file: Path
) -> None:
    edit(file, session(1), session(2, thread_id="other"), session(9))
    found = await difference(store, file)
    assert found.lines == (
        "add session-9 (telegram_9)",
        "change session-2 (telegram_2): thread_id: 'thread-2' → 'other'",
        "remove session-3 (telegram_3)",
    )
    await apply(store, found)
    assert {one.session_id for one in await store.all()} == {"session-1", "session-2", "session-9"}
    assert await store.get("session-2") == session(2, thread_id="other")
    assert not await difference(store, file.with_name(file.name + ".applied"))


async def test_an_applied_file_is_not_reported_any_more(store: CsvStore, file: Path) -> None:
    edit(file, session(1))
    await store.fold()
    assert store.report().edited_files == (file,)
    await apply(store, await difference(store, file))
    await store.fold()
    assert store.report().edited_files == ()


async def test_what_happened_since_is_not_taken_for_an_edit(store: CsvStore, file: Path) -> None:
    edit(file, session(1), session(2), session(3))
    await store.change("session-1", lambda one: one.active_at(NOON + timedelta(minutes=9)))
    await store.save(session(4, created_at=NOON + timedelta(minutes=8)))
    late = replace(approval(), asked_at=NOON + timedelta(minutes=7))
    await store.change("session-2", lambda one: replace(one, pending_approval=(late,)))
    found = await difference(store, file)
    assert not found
    assert found.lines == ()


async def test_rows_that_are_no_sessions_are_named_and_ignored(store: CsvStore, file: Path) -> None:
    edit(file, session(1), session(2), session(3))
    file.write_text(file.read_text() + "oops\n")
    found = await difference(store, file)
    assert not found
    assert found.lines == ("ignore 'oops': it has 1 cells instead of 8",)


async def test_a_row_that_takes_anothers_place_is_refused(store: CsvStore, file: Path) -> None:
    edit(file, session(1), session(2), session(3), session(8, user_id="telegram_8"))
    found = await difference(store, file)
    await store.save(session(7, user_id="telegram_8"))
    with pytest.raises(KeyTaken):
        await apply(store, found)


async def test_a_file_that_is_not_there_is_told(store: CsvStore, file: Path) -> None:
    with pytest.raises(StoreUnreadable, match="There is no file"):
        await difference(store, file)
