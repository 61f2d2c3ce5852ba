"""A backup is everything at one moment, while people write."""

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.bot import Bot
from sessions.group_commit import GroupCommit
from sessions.manifest import Manifest
from sessions.models import SessionKey
from tests.faults.lives import agree
from tests.stories.house import House, open_house

PEOPLE = 64


async def test_what_is_held_is_committed_afterwards_and_in_order() -> None:
    done: list[int] = []

    def commit(batch: Sequence[int]) -> Sequence[int]:
        done.extend(batch)
        return batch

    async with GroupCommit[int, int](commit, name="held") as commits:
        await commits.submit(1)
        async with commits.held():
            later = [commits.submit(each) for each in (2, 3)]
            await asyncio.sleep(0.05)
            assert done == [1]
        assert await asyncio.gather(*later) == [2, 3]
    assert done == [1, 2, 3]


async def test_who_stops_waiting_to_hold_keeps_nobody_from_writing() -> None:
    async with GroupCommit[int, int](list, name="held") as commits:
        async with commits.held():
            second = asyncio.create_task(_hold(commits))
            await asyncio.sleep(0)
            second.cancel()
        async with asyncio.timeout(10):
            assert await commits.submit(1) == 1


async def _hold(commits: GroupCommit[int, int]) -> None:
    async with commits.held():
        await asyncio.sleep(60)


async def _back_up(bot: Bot, into: Path) -> Manifest:
    """Make a backup and unpack it where a bot could live."""
    made = await bot.vault.backups.make("asked")
    data = into / "data"
    await asyncio.to_thread(data.mkdir, parents=True)
    manifest = await bot.vault.backups.unpack(made.path, data)
    await asyncio.to_thread((data / "sessions.csv").rename, into / "sessions.csv")
    return manifest


async def _chat(house: House, person: str, over: asyncio.Event) -> int:
    said = 0
    while not over.is_set():
        await house.people.say(person, f"note: {person} {said}", message_id=f"{person}-{said}")
        said += 1
    return said


async def _busy_and_backed_up(home: Path, times: int) -> tuple[int, list[float]]:
    """Let many chat, back up so often, and open each backup as a bot.

    Gives how much was said, and for how many milliseconds nobody could write, each time.
    """
    over = asyncio.Event()
    async with open_house(home, MESSAGES_PER_MINUTE="0", BACKUP_AT="off") as house:
        busy = [asyncio.create_task(_chat(house, f"p{n}", over)) for n in range(PEOPLE)]
        await asyncio.sleep(0.3)
        manifests = [await _back_up(house.bot, home / str(n)) for n in range(times)]
        over.set()
        said = sum(await asyncio.gather(*busy))
    for number in range(times):
        async with open_house(home / str(number), recovering=True) as restored:
            for _ in range(1000):
                if not await restored.bot.conversations.unfinished():
                    break
                await asyncio.sleep(0.02)
            await agree(restored.bot)
    return said, sorted(manifest.barrier_ms for manifest in manifests)


@pytest.mark.timeout(240)
async def test_a_backup_while_64_people_chat_is_a_state_that_a_bot_can_go_on_from(
    tmp_path: Path,
) -> None:
    said, barriers = await _busy_and_backed_up(tmp_path, 3)
    assert said > PEOPLE
    assert barriers[0] > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_each_of_100_backups_of_a_busy_bot_is_such_a_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, barriers = await _busy_and_backed_up(tmp_path, 100)
    assert said > PEOPLE
    with capsys.disabled():
        sys.stderr.write(
            f"{said} messages and 100 backups; nobody could write for {barriers[50]:.1f} ms "
            f"(median), {barriers[-1]:.1f} ms at most\n"
        )


async def test_a_backup_never_has_the_second_of_two_things_without_the_first(
    tmp_path: Path,
) -> None:
    """Each writes a zone, then a session, then a note, and again: in three files, in this order."""
    over = asyncio.Event()
    async with open_house(tmp_path) as house:
        writers = [asyncio.create_task(_write(house.bot, who, over)) for who in "abcdefgh"]
        await asyncio.sleep(0.2)
        homes = [tmp_path / str(number) for number in range(5)]
        for home in homes:
            await _back_up(house.bot, home)
        over.set()
        await asyncio.gather(*writers)
    for home in homes:
        zones = await asyncio.to_thread(_read, home / "data/conversations.db", "person", "people")
        notes = await asyncio.to_thread(_read, home / "data/notes.db", "key", "store")
        text = await asyncio.to_thread((home / "sessions.csv").read_text)
        sessions = [line.split(",")[1] for line in text.splitlines()[1:]]
        for who in "abcdefgh":
            first, second, third = (
                sum(each.startswith(f"test_{who}") for each in found)
                for found in (zones, sessions, notes)
            )
            assert first - 1 <= third <= second <= first


async def _write(bot: Bot, who: str, over: asyncio.Event) -> None:
    notes = bot.vault.backups.places.of("notes.db")
    number = 0
    while not over.is_set():
        name = f"test_{who}{number}"
        await bot.turns.people.set_zone(name, "Europe/Paris")
        await bot.sessions.arrive(SessionKey("test", name), bot.clock())
        await asyncio.to_thread(_note, notes, name)
        number += 1


def _note(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("INSERT INTO store (prefix, key, value) VALUES ('test', ?, '{}')", (name,))


def _read(path: Path, column: str, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [value for (value,) in db.execute(f"SELECT {column} FROM {table}")]
