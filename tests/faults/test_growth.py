"""What a long conversation costs: disk as what was said, and the last turn as the first."""

import asyncio
import os
import resource
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.house import House, open_house

MEBIBYTE = 1024 * 1024
SAID = "Tell me, please, what you think of the weather in the north of the country. " * 8


async def say(house: House, person: str, text: str) -> tuple[float, int]:
    """Say something; give the seconds that took, and the characters that were said."""
    begin = time.perf_counter()
    await house.people.say(person, text)
    return time.perf_counter() - begin, len(text)


def disk_of(home: Path) -> int:
    """Count the bytes of the databases, with their logs written back."""
    for path in (home / "data").glob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in (home / "data").glob("*.db*"))


async def talk(home: Path, turns: int) -> tuple[list[float], int, int]:
    """Have one conversation; give the seconds of each turn, the disk, and the text."""
    async with open_house(home, MESSAGES_PER_MINUTE="0") as house:
        took = [await say(house, "ann", SAID) for _ in range(turns)]
        answers = sum(len(text) for text in house.said("ann"))
    disk = await asyncio.to_thread(disk_of, home)
    return [each for each, _ in took], disk, answers + sum(size for _, size in took)


@pytest.mark.timeout(180)
async def test_two_hundred_turns_cost_less_than_three_times_their_text(tmp_path: Path) -> None:
    _, disk, text = await talk(tmp_path, 200)
    assert disk < 3 * text + MEBIBYTE, f"{disk} bytes for {text} of text"


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_turn_1000_costs_what_turn_10_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    took, disk, text = await talk(tmp_path, 1000)
    first, last = statistics.median(took[5:25]), statistics.median(took[-20:])
    with capsys.disabled():
        sys.stderr.write(
            f"turn 10: {first * 1000:.1f} ms, turn 1000: {last * 1000:.1f} ms; "
            f"{disk} bytes of disk for {text} of text: {disk / text:.2f} times\n"
        )
    assert disk < 3 * text + MEBIBYTE
    assert last < 2 * first


def resident() -> int:
    """Give the memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_memory_stays_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """THREADLINE_TURNS turns, of ten turns a person; memory is read at a tenth of them."""
    turns = int(os.environ.get("THREADLINE_TURNS", "100000"))
    people, at_once = turns // 10, 50
    async with open_house(tmp_path, MESSAGES_PER_MINUTE="0") as house:

        async def crowd(numbers: range) -> None:
            for number in numbers:
                person = f"p{number % people}"
                await house.people.say(person, "thanks")
                house.people._screens.clear()  # the platform would forget nothing

        async def so_many(begin: int, end: int) -> None:
            await asyncio.gather(
                *(crowd(range(begin + lane, end, at_once)) for lane in range(at_once))
            )

        begun = time.perf_counter()
        await so_many(0, turns // 10)
        early = resident()
        await so_many(turns // 10, turns)
        late = resident()
        seconds = time.perf_counter() - begun
    with capsys.disabled():
        sys.stderr.write(
            f"{turns} turns of {people} people in {seconds:.0f} s: {early / MEBIBYTE:.1f} MiB "
            f"after a tenth, {late / MEBIBYTE:.1f} MiB at the end: {late / early:.2f} times\n"
        )
    assert late < 1.2 * early
