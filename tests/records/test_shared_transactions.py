"""Many callers share a transaction; what goes wrong for one, or for the disk, is no half thing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sessions.conversations import Conversations
from sessions.database import Database, DatabaseFailed
from tests.records.made_up import message, reply


async def words(conversations: Conversations) -> list[str]:
    return [row.text for row in await conversations.unfinished()]


async def pragma(database: Database, setting: str) -> None:
    await database.write(lambda db: db.exec_driver_sql(f"PRAGMA {setting}").all())


async def test_one_failing_write_undoes_only_itself(
    database: Database, conversations: Conversations
) -> None:
    def fails(db: Connection) -> None:
        db.execute(text("DELETE FROM messages"))
        raise ValueError("no")

    results = await asyncio.gather(
        conversations.receive(message("before")),
        database.write(fails),
        conversations.receive(message("not", role="nobody")),
        conversations.receive(message("half a surrogate \ud800")),
        conversations.receive(message("after")),
        return_exceptions=True,
    )
    assert [type(result) for result in results[1:4]] == [
        ValueError,
        IntegrityError,
        UnicodeEncodeError,
    ]
    assert await words(conversations) == ["before", "after"]


async def test_a_commit_that_fails_fails_for_all_and_later_writes_work(
    database: Database, conversations: Conversations
) -> None:
    def refers_to_nothing(db: Connection) -> None:
        # Checked at COMMIT only: the way to a COMMIT that fails and leaves a transaction open.
        db.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        db.execute(text("INSERT INTO votes (approval_id, voter, verdicts, at) VALUES (1, 2, 3, 4)"))

    results = await asyncio.gather(
        conversations.receive(message("before")),
        database.write(refers_to_nothing),
        conversations.receive(message("after")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [DatabaseFailed] * 3
    assert len({id(result) for result in results}) == 3
    assert await words(conversations) == []
    assert await conversations.receive(message("now it works"))
    assert await words(conversations) == ["now it works"]


async def test_a_full_database_fails_the_writes_that_do_not_fit(
    database: Database, conversations: Conversations
) -> None:
    await pragma(database, "max_page_count=1")  # SQLite takes as few as there are
    asked = message("small")
    results = await asyncio.gather(
        conversations.receive(asked),
        conversations.receive(message("x" * 100_000)),
        return_exceptions=True,
    )
    assert isinstance(results[1], DatabaseFailed)
    assert str(results[1]) == "The database could not be written: database or disk is full."
    assert await words(conversations) == ["small"]
    with pytest.raises(DatabaseFailed):
        await conversations.answer(asked.id, reply("x" * 100_000))
    assert [row.state for row in await conversations.unfinished()] == ["received"]
    await pragma(database, "max_page_count=1000000")
    await conversations.answer(asked.id, reply("x" * 100_000))
    assert await words(conversations) == []


async def test_a_database_that_another_process_locks_is_said_to_be_locked(
    database: Database, conversations: Conversations, path: Path
) -> None:
    await pragma(database, "busy_timeout=0")

    def lock() -> sqlite3.Connection:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        return other

    with closing(await asyncio.to_thread(lock)) as other:
        with pytest.raises(DatabaseFailed, match="database is locked"):
            await conversations.receive(message("too early"))
        assert await words(conversations) == []  # reading goes on
        await asyncio.to_thread(other.execute, "ROLLBACK")
        await conversations.receive(message("now it works"))
    assert await words(conversations) == ["now it works"]


async def test_what_a_write_returned_is_seen_by_every_read(conversations: Conversations) -> None:
    async def write_and_read(number: int) -> None:
        row = message(f"{number}")
        await conversations.receive(row)
        assert await conversations.get(row.id) is not None

    await asyncio.gather(*(write_and_read(number) for number in range(200)))


async def test_a_caller_who_stops_waiting_stops_nobody_else(
    conversations: Conversations,
) -> None:
    impatient = asyncio.ensure_future(conversations.receive(message("impatient")))
    patient = asyncio.ensure_future(conversations.receive(message("patient")))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert await words(conversations) == ["impatient", "patient"]  # it was handed over


async def test_a_write_that_nobody_is_in_a_hurry_for_goes_to_the_disk_with_the_next(
    path: Path,
) -> None:
    sizes: list[int] = []
    async with Database.open(path, batches=sizes.append) as database:
        await asyncio.gather(
            database.write(lambda _: None, patient=True), database.write(lambda _: None)
        )
        assert sizes == [2]
        await database.write(lambda _: None, patient=True)  # or alone, if there is none
        assert sizes == [2, 1]


async def test_a_reader_cannot_write(database: Database, conversations: Conversations) -> None:
    await conversations.receive(message())
    with pytest.raises(DatabaseFailed):
        await database.read(lambda db: db.execute(text("DELETE FROM messages")))
    assert await words(conversations) == ["Hello"]


async def test_every_commit_waits_for_the_disk(database: Database) -> None:
    def settings(db: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 10_000]  # 2 is FULL
