"""A database in a real file, and the records in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sessions.approval_records import ApprovalRecords
from sessions.conversations import Conversations
from sessions.database import Database
from sessions.ledger import Ledger
from sessions.reminders import Reminders
from tests.records.made_up import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "conversations.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with Database.open(path) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database, clock=lambda: NOON)


@pytest.fixture
def records(database: Database) -> ApprovalRecords:
    return ApprovalRecords(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def reminders(database: Database) -> Reminders:
    return Reminders(database)
