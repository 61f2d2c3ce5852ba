"""A disk that takes no more, and databases that somebody else has locked."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.agent.clerk import Clerk
from tests.faults.client import People
from tests.faults.lives import Home
from tests.faults.process import process

PROGRAM = "tests.faults.program"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    home = Home(tmp_path, safe_tools="time,note,notes,peek,linger")
    monkeypatch.setenv("EFFECTS", str(home.effects))
    return home


async def say(client: httpx.AsyncClient, person: str, text: str) -> httpx.Response:
    return await client.post("/api/chat", json={"user_id": person, "message": text})


async def mail(client: httpx.AsyncClient, person: str, many: int) -> list[str]:
    """Wait until so much is in a mailbox, and give it."""
    for _ in range(1500):
        found = await client.get("/api/messages", params={"user_id": person})
        if len(items := found.json()["items"]) >= many:
            break
        await asyncio.sleep(0.02)
    return [each["text"] for each in items]


async def test_on_a_full_disk_nothing_is_acknowledged_and_afterwards_all_goes_on(
    home: Home,
) -> None:
    async with process(home.path, PROGRAM, **home.settings) as (bot, client):
        people = People(client, home.facts)
        await people.say("ann", "hello")
        await asyncio.sleep(0.3)  # that it was delivered is noted behind the answer
        bot.fill_the_disk()
        names = [f"p{number}" for number in range(8)] + ["ann"]
        refused = await asyncio.gather(*(say(client, name, "peek in") for name in names))
        assert {response.status_code for response in refused} == {503}
        assert (await client.get("/ready")).status_code in {200, 503}
        bot.free_the_disk()
        for name in names:
            await people.say(name, "peek out")
    async with home.next_life() as house:
        counted = await home.check(house)
    assert counted["answered"] == 10


async def test_a_turn_whose_answer_finds_a_full_disk_is_answered_when_it_is_free_again(
    home: Home,
) -> None:
    async with process(home.path, PROGRAM, **home.settings) as (bot, client):
        people = People(client, home.facts)
        saying = asyncio.create_task(people.say("ann", "linger door"))
        while not home.facts.acknowledged:  # noqa: ASYNC110 - the client only notes it
            await asyncio.sleep(0.01)
        bot.fill_the_disk()
        (home.path / "door").touch()
        told = await saying
        assert not any(name == "answer" for name, _ in told.events)
        assert told.events[-1][0] == "failure"
        assert "Your message is kept" in told.events[-1][1]["message"]
        bot.free_the_disk()
        assert await mail(client, "ann", 1) == ["waited for door"]
        await people.say("ann", "peek out")
        assert await mail(client, "ann", 2) == ["waited for door", "saw out"]
    async with home.next_life() as house:
        counted = await home.check(house)
    assert counted["answered"] == 2


async def test_an_approved_action_that_finds_a_full_disk_is_carried_out_once_when_it_is_free(
    home: Home,
) -> None:
    async with process(home.path, PROGRAM, **home.settings) as (bot, client):
        people = People(client, home.facts)
        told = await people.say("ann", "linger door and pay rent")
        (home.path / "door").touch()
        approving = asyncio.create_task(people.approve(told.approval))
        await asyncio.sleep(0)
        bot.fill_the_disk()
        with suppress(httpx.HTTPError):
            await approving
        bot.free_the_disk()
        for _ in range(1000):
            if home.effects.exists():
                break
            if await people.approve(told.approval) == 409:
                break
            await asyncio.sleep(0.02)
        assert len(await mail(client, "ann", 1)) == 1
    async with home.next_life() as house:
        counted = await home.check(house)
    assert (counted["answered"], counted["actions"]) == (1, 1)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a database as somebody does who looks into it with a tool."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("COMMIT")


@pytest.mark.parametrize("name", ["conversations.db", "threads.db", "notes.db"])
async def test_while_a_database_is_locked_people_wait_and_are_answered(
    home: Home, name: str
) -> None:
    async with process(home.path, PROGRAM, **home.settings) as (_, client):
        people = People(client, home.facts)
        await people.say("ann", "hello")
        with locked(home.path / "data" / name):
            waiting = [
                asyncio.create_task(people.say(f"p{number}", "peek in")) for number in range(5)
            ]
            await asyncio.sleep(1.5)
            health: Any = await client.get("/health")
            assert health.status_code == 200, "the loop is not blocked"
        for told in await asyncio.gather(*waiting):
            assert [data["text"] for kind, data in told.events if kind == "answer"] == ["saw in"]
    async with home.next_life() as house:
        counted = await home.check(house)
    assert counted["answered"] == 6
