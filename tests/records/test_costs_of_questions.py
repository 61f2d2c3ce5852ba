"""What is asked in every turn is found by an index, however much was said before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from sessions.approval_records import ApprovalRecords
from sessions.conversations import Conversations
from sessions.ledger import Ledger
from sessions.reminders import Reminders
from tests.records.made_up import ANN, NOON

Asked = list[tuple[str, Any]]


@pytest.fixture
def asked(database: object) -> Iterator[Asked]:
    statements: Asked = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def plans(path: Path, asked: Asked) -> list[str]:
    """Explain how SQLite finds the rows of each question."""
    found = []
    with closing(sqlite3.connect(path)) as database:
        for statement, values in asked:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = database.execute(f"EXPLAIN QUERY PLAN {statement}", values)
                found.append("; ".join(row[3] for row in rows))
    return found


async def test_no_question_about_messages_looks_at_all_of_them(
    conversations: Conversations, path: Path, asked: Asked
) -> None:
    await conversations.get("m")
    await conversations.find_copy(ANN, "7")
    await conversations.answers_to("m")
    await conversations.mailbox(ANN, after=0, limit=9)
    await conversations.held("t")
    await conversations.undelivered("memory")
    await conversations.unfinished()
    with pytest.raises(KeyError):
        await conversations.mark("m", "answered")
    found = plans(path, asked)
    assert len(found) == 9  # what fails is tried once more
    assert [plan for plan in found if "SCAN" in plan or "TEMP" in plan] == [
        "SCAN messages USING INDEX ix_messages_unfinished"  # which has only those
    ]
    assert "SEARCH messages USING INDEX ix_messages_held (thread_id=? AND state=?)" in found


async def test_no_question_about_the_past_looks_at_all_that_was_ever_said(
    conversations: Conversations, path: Path, asked: Asked
) -> None:
    past = conversations.past
    await past.earlier("memory:ann", but="t", limit=10)
    await past.earlier("memory:ann", but="t", place=ANN, limit=1)
    await past.find("memory:ann", "t")
    await past.exchanges("t", bool, limit=5)
    await past.sessions_of("t")
    await past.commands_begun("s", "t")
    await past.move("t", "s")
    found = plans(path, asked)
    assert len(found) == 8
    assert [plan for plan in found if "SCAN" in plan] == []


async def test_no_question_about_approvals_looks_at_all_that_was_ever_decided(
    records: ApprovalRecords, ledger: Ledger, path: Path, asked: Asked
) -> None:
    await records.get("a")
    await records.open()
    await records.open(thread_id="t")
    await records.unfinished()
    await records.due(NOON)
    await records.granted("s")
    await records.page(open_only=True)
    await ledger.of_thread("t")
    found = plans(path, asked)
    assert len(found) == 8
    scans = {plan for plan in found if "SCAN" in plan}
    assert scans == {"SCAN approvals USING INDEX ix_approvals_not_ended"}  # only those
    assert sum("ix_approvals_not_ended_in (thread_id=? AND ended_at=?)" in p for p in found) == 1


async def test_no_question_about_reminders_looks_at_those_of_all_people_or_at_past_ones(
    reminders: Reminders, path: Path, asked: Asked
) -> None:
    await reminders.next_due()
    await reminders.due(NOON, most=9)
    await reminders.of(ANN, everywhere=True)
    found = plans(path, asked)
    assert len(found) == 3
    assert "INDEX ix_reminders_due" in found[0]
    assert "INDEX ix_reminders_due" in found[1]
    assert "ix_reminders_platform_user_id (platform=? AND user_id=?)" in found[2]
