"""People keep their settings, and who is blocked stays blocked."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sessions.database import Database
from sessions.models import Person
from sessions.people import People
from tests.records.made_up import NOON

ANN = "telegram:12345"
BOB = "api:bob"


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def test_who_has_set_nothing_has_what_everybody_has(people: People) -> None:
    assert await people.get(ANN) == Person(ANN, zone="", streams=True)
    assert await people.blocked() == []


async def test_each_setting_is_changed_alone_and_for_one_person(people: People) -> None:
    assert await people.set_zone(ANN, "Europe/Paris") == Person(ANN, "Europe/Paris")
    assert await people.set_streaming(ANN, streams=False) == Person(ANN, "Europe/Paris", False)
    assert await people.get(ANN) == Person(ANN, "Europe/Paris", streams=False)
    assert await people.get(BOB) == Person(BOB)
    await people.set_zone(ANN, "")
    await people.set_streaming(ANN, streams=True)
    assert await people.get(ANN) == Person(ANN)


async def test_who_is_blocked_stays_so_until_they_are_let_in(people: People) -> None:
    await people.set_zone(ANN, "Europe/Paris")
    later = NOON + timedelta(hours=1)
    await people.block(ANN, by="telegram:1", at=later)
    await people.block(BOB, by="api:operator", at=NOON)
    assert await people.blocked() == [
        Person(BOB, blocked_at=NOON, blocked_by="api:operator"),
        Person(ANN, "Europe/Paris", blocked_at=later, blocked_by="telegram:1"),
    ]
    assert await people.unblock(ANN) == Person(ANN, "Europe/Paris")
    assert [each.person for each in await people.blocked()] == [BOB]


async def test_what_was_set_is_there_after_a_restart(path: Path) -> None:
    async with Database.open(path) as database:
        people = People(database)
        await people.set_zone(ANN, "Asia/Tokyo")
        await people.block(BOB, by="telegram:1", at=NOON)
    async with Database.open(path) as database:
        people = People(database)
        assert (await people.get(ANN)).zone == "Asia/Tokyo"
        assert (await people.get(BOB)).blocked_at == NOON


async def test_changes_at_the_same_moment_are_all_kept(path: Path) -> None:
    names = [f"api:p{n}" for n in range(50)]
    async with Database.open(path) as database:
        people = People(database)
        await asyncio.gather(
            *(people.set_zone(name, "Asia/Tokyo") for name in names),
            *(people.set_streaming(name, streams=False) for name in names),
        )
        in_memory = [await people.get(name) for name in names]
        assert in_memory == [Person(name, "Asia/Tokyo", streams=False) for name in names]
        assert [await People(database).get(name) for name in names] == in_memory
