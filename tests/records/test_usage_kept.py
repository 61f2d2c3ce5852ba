"""The tokens of people are added up by day and survive a restart."""

import asyncio
from datetime import date
from pathlib import Path

from sessions.database import Database
from sessions.usage import Usage

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)


async def test_tokens_add_up_for_each_person_and_day(database: Database) -> None:
    usage = Usage(database)
    await usage.add("memory:ann", FRIDAY, 5)
    await asyncio.gather(*(usage.add("memory:ann", SATURDAY, 2) for _ in range(50)))
    await usage.add("memory:ann", SUNDAY, 7)
    await usage.add("memory:bob", SATURDAY, 1)
    assert await usage.since("memory:ann", SATURDAY) == {SATURDAY: 100, SUNDAY: 7}
    assert await usage.since("memory:bob", FRIDAY) == {SATURDAY: 1}
    assert await usage.since("memory:cid", FRIDAY) == {}


async def test_what_was_added_is_there_after_a_restart(path: Path) -> None:
    async with Database.open(path) as database:
        await Usage(database).add("memory:ann", SATURDAY, 10**10)
    async with Database.open(path) as database:
        assert await Usage(database).since("memory:ann", SATURDAY) == {SATURDAY: 10**10}
