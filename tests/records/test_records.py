"""Messages, approvals and the ledger, in a real file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select, text

from sessions.approval_records import ApprovalRecords
from sessions.conversations import Conversations
from sessions.database import Database, DatabaseFailed, DatabaseUnreadable
from sessions.ledger import Ledger
from sessions.models import (
    ActionRecord,
    ApprovalRecord,
    LedgerKey,
    Message,
    Place,
    Vote,
)
from sessions.tables import messages, metadata

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANN = Place("memory", "ann", "ann")


def message(words: str = "Hello", **other: str) -> Message:
    row = Message(str(uuid4()), "user", words, ANN, NOON, "received", sent_at=NOON)
    return replace(row, **other)  # type: ignore[arg-type]


def approval(approval_id: str = "a", interrupt_id: str = "i") -> ApprovalRecord:
    action = ActionRecord("send", {"to": "me"}, "Send it", ("approve", "reject"), "requester")
    return ApprovalRecord(
        id=approval_id,
        session_id="s",
        thread_id="t",
        interrupt_id=interrupt_id,
        message_id="m",
        requester="memory:ann",
        place=ANN,
        actions=(action,),
        hash="h",
        decider="requester",
        asked_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "data" / "conversations.db") as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database, clock=lambda: NOON)


async def test_a_message_comes_back_as_it_was_said(conversations: Conversations) -> None:
    said = message("Grüße ☕", platform_message_id="7", sender_name="Ann")
    stored = await conversations.receive(said)
    assert stored == replace(said, number=1)
    assert await conversations.get(said.id) == stored
    assert await conversations.find_copy(ANN, "7") == stored


async def test_a_second_copy_of_a_message_is_dropped(conversations: Conversations) -> None:
    assert await conversations.receive(message(platform_message_id="7"))
    assert await conversations.receive(message(platform_message_id="7")) is None
    assert await conversations.receive(message(platform_message_id="8"))


async def test_messages_without_a_platform_id_are_never_copies(
    conversations: Conversations,
) -> None:
    assert await conversations.receive(message())
    assert await conversations.receive(message())


async def test_an_answer_and_its_mark_are_one_step_and_saying_it_again_changes_nothing(
    conversations: Conversations,
) -> None:
    asked = message()
    await conversations.receive(asked)
    answer = Message("x", "assistant", "Hi", ANN, NOON, "written", answers=asked.id)
    first = await conversations.answer(asked.id, answer)
    again = await conversations.answer(asked.id, replace(answer, text="Something else"))
    assert first == again
    assert [each.text for each in await conversations.answers_to(asked.id)] == ["Hi"]
    assert (await conversations.get(asked.id) or asked).state == "answered"
    assert await conversations.unfinished() == []
    assert [each.id for each in await conversations.mailbox(ANN, after=0, limit=9)] == ["x"]
    assert await conversations.mailbox(ANN, after=first.number, limit=9) == []


async def test_an_answer_to_a_message_that_is_not_there_stores_nothing(
    conversations: Conversations,
) -> None:
    with pytest.raises(KeyError):
        await conversations.answer("gone", Message("x", "assistant", "Hi", ANN, NOON, "written"))
    assert await conversations.get("x") is None


async def test_held_texts_come_back_in_order_of_arrival(conversations: Conversations) -> None:
    for words in ("one", "two", "three"):
        row = message(words)
        await conversations.receive(row)
        await conversations.bind(row.id, session_id="s", thread_id="t", state="held")
    assert [each.text for each in await conversations.held("t")] == ["one", "two", "three"]
    assert await conversations.attempt((await conversations.held("t"))[0].id) == 1


async def test_twenty_decisions_at_once_and_one_counts(database: Database) -> None:
    records = ApprovalRecords(database)
    await records.ask(approval())
    claims = await asyncio.gather(
        *(
            records.claim("a", outcome="approved", by=f"memory:{n}", where="", verdicts=(), at=NOON)
            for n in range(20)
        )
    )
    winners = [record for won, record in claims if won]
    assert len(winners) == 1
    assert {record.decided_by for _, record in claims} == {winners[0].decided_by}


async def test_asking_twice_about_one_interrupt_gives_the_first_approval(
    database: Database,
) -> None:
    records = ApprovalRecords(database)
    first = await records.ask(approval("a"))
    assert await records.ask(approval("b")) == first == approval("a")
    assert (await records.ask(approval("b", "other"))).id == "b"


async def test_the_life_of_an_approval_can_be_read(database: Database) -> None:
    records = ApprovalRecords(database)
    await records.ask(approval())
    assert [each.id for each in await records.due(NOON + timedelta(hours=2))] == ["a"]
    assert await records.due(NOON) == []
    reject = {"type": "reject", "reason": "no"}
    await records.claim("a", outcome="rejected", by="x", where="y", verdicts=(reject,), at=NOON)
    assert await records.open() == []
    assert [each.id for each in await records.unfinished()] == ["a"]
    await records.began("a", NOON)
    await records.ended("a", NOON, "Nothing was run.")
    await records.ended("a", NOON, "something later")
    record = await records.get("a")
    assert record is not None
    assert (record.ending, record.verdicts, record.began_at) == (
        "Nothing was run.",
        (reject,),
        NOON,
    )
    assert await records.unfinished() == []
    with pytest.raises(KeyError):
        await records.claim("gone", outcome="expired", by="", where="", verdicts=(), at=NOON)


async def test_the_first_vote_of_a_person_stays(database: Database) -> None:
    records = ApprovalRecords(database)
    await records.ask(approval())
    yes, no = ({"type": "approve"},), ({"type": "reject", "reason": ""},)
    await records.vote(Vote("a", "ann", yes, NOON))
    await records.vote(Vote("a", "ann", no, NOON))
    votes = await records.vote(Vote("a", "bob", yes, NOON))
    assert [(vote.voter, vote.verdicts) for vote in votes] == [("ann", yes), ("bob", yes)]


async def test_approvals_are_paged_newest_first_and_by_whose_they_are(database: Database) -> None:
    records = ApprovalRecords(database)
    for name in "abc":
        await records.ask(approval(name, name))
    assert [each.id for each in await records.page(limit=2)] == ["c", "b"]
    assert [each.id for each in await records.page(after="b")] == ["a"]
    assert await records.page(requester_prefix="memory:b") == []
    assert len(await records.page(requester_prefix="memory:ann", open_only=True)) == 3


async def test_grants_last_until_they_are_dropped(database: Database) -> None:
    records = ApprovalRecords(database)
    await records.grant("s", "send:requester", "ann", NOON)
    await records.grant("s", "send:requester", "ann", NOON)
    assert await records.granted("s") == {"send:requester"}
    await records.drop_grants("s")
    assert await records.granted("s") == frozenset()


async def test_twenty_begin_the_same_action_and_one_may_run_it(database: Database) -> None:
    ledger, key = Ledger(database), LedgerKey("t", "ai", "call")
    begun = await asyncio.gather(
        *(ledger.begin(key, tool="send", arguments={"n": n}, at=NOON) for n in range(20))
    )
    assert begun.count(None) == 1
    await ledger.end(key, outcome="done", result={"text": "sent"}, at=NOON)
    known = await ledger.begin(key, tool="send", arguments={}, at=NOON)
    assert known is not None
    assert (known.outcome, known.result) == ("done", {"text": "sent"})
    assert await ledger.of_thread("t") == [known]


async def test_one_failing_write_undoes_only_itself(database: Database) -> None:
    conversations = Conversations(database, clock=lambda: NOON)

    def fails(db: Connection) -> None:
        db.execute(text("DELETE FROM messages"))
        raise ValueError("no")

    results = await asyncio.gather(
        conversations.receive(message("before")),
        database.write(fails),
        conversations.receive(message("after")),
        return_exceptions=True,
    )
    assert isinstance(results[1], ValueError)
    assert [each.text for each in await conversations.unfinished()] == ["before", "after"]


async def test_a_full_disk_fails_the_writes_and_nothing_of_them_happened(
    database: Database,
) -> None:
    conversations = Conversations(database, clock=lambda: NOON)

    def fill(db: Connection, pages: int) -> None:
        db.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await database.write(lambda db: fill(db, 1))
    with pytest.raises(DatabaseFailed, match="full"):
        await conversations.receive(message("x" * 100_000))
    await database.write(lambda db: fill(db, 1_000_000))
    assert await conversations.unfinished() == []
    assert await conversations.receive(message("now it works"))


async def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    def difference(db: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(db), metadata))

    assert await database.read(difference) == []


async def test_a_database_is_opened_again_with_all_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    for number in (1, 2):
        async with Database.open(path) as database:
            await Conversations(database, clock=lambda: NOON).receive(message())
            count = await database.read(
                lambda db: db.execute(select(func.count(messages.c.id))).scalar()
            )
            assert count == number
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"not a database at all" * 100, None])
async def test_a_file_that_is_not_ours_stops_the_start_and_stays(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "conversations.db"
    if content is None:
        async with Database.open(path):
            pass
        with sqlite3.connect(path) as db:
            db.execute("UPDATE alembic_version SET version_num = 'from the future'")
        db.close()
        content = path.read_bytes()
    else:
        path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable, match=r"conversations\.db"):
        async with Database.open(path):
            pytest.fail("it was served")
    assert path.read_bytes() == content
