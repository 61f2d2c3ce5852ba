"""A million messages: searching them, and backing them up, while people chat."""

import argparse
import asyncio
import importlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.memory import MemoryAdapter
from benchmarks.data_filling import PEOPLE, fill, person, words
from benchmarks.turn_peers import AtOnce
from bot.app import open_bot
from bot.bot import Bot
from config.loading import load_settings
from sessions.search import Whose
from sessions.search_file import FIND, query_of

QUERIES, IN_EVERYTHING, LIMIT = 400, 40, 10
BUSY = 8


@dataclass(frozen=True)
class Times:
    """How long something took, each time, in seconds."""

    took: Sequence[float]

    def at(self, part: float) -> float:
        """Give a percentile in milliseconds."""
        return sorted(self.took)[int(len(self.took) * part)] * 1000

    def __str__(self) -> str:
        median = statistics.median(self.took) * 1000
        return f"median {median:.2f}, p95 {self.at(0.95):.2f}, p99 {self.at(0.99):.2f} ms"


@dataclass(frozen=True)
class House:
    """A bot in this process, and people."""

    bot: Bot
    people: MemoryAdapter
    home: Path


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[House]:
    """Open the bot with a model that takes no time."""
    vars(importlib.import_module("bot.agent.models"))["OfflineModel"] = AtOnce
    env = "MESSAGES_PER_MINUTE=0\nBACKUP_AT=off\n"
    await asyncio.to_thread((home / ".env").write_text, env)
    settings = (await asyncio.to_thread(load_settings, home)).settings
    async with open_bot(settings) as bot:
        platform = MemoryAdapter()
        bot.turns.outbox.connect(platform)
        async with platform.serve(bot.handle, bot.commands):
            yield House(bot, platform, home)


@asynccontextmanager
async def chatting(house: House, people: int) -> AsyncIterator[list[float]]:
    """Let people write, each as soon as they are answered; gives the seconds of their turns."""
    took: list[float] = []
    over = asyncio.Event()

    async def chat(who: str) -> None:
        number = 0
        while not over.is_set():
            number += 1
            begin = time.perf_counter()
            if number % 20 == 0:
                await house.people.say(who, "/new")
                continue
            await house.people.say(who, f"How is everything, {number}?")
            took.append(time.perf_counter() - begin)

    tasks = [asyncio.create_task(chat(f"busy{number}")) for number in range(people)]
    try:
        yield took
    finally:
        over.set()
        await asyncio.gather(*tasks)


def questions(many: int) -> list[tuple[str, str]]:
    """Say who looks for which words."""
    chance = random.Random(11)
    return [(person(chance.randrange(PEOPLE)), " ".join(words(chance, 2))) for _ in range(many)]


async def search(house: House, *, everybody: bool) -> tuple[Times, Times]:
    """Search with the bot, and with FTS5 alone in the same file, while one person chats."""
    ours: list[float] = []
    bare: list[float] = []
    found = house.bot.library.search
    file = house.home / "data" / "search.db"
    async with chatting(house, 1):
        for who, wanted in questions(IN_EVERYTHING if everybody else QUERIES):
            owner = "" if everybody else f"memory:{who}"
            begin = time.perf_counter()
            await found.find(Whose(owner), wanted, limit=LIMIT)
            ours.append(time.perf_counter() - begin)
            bare.append(await asyncio.to_thread(ask_fts5, file, owner, wanted))
    return Times(ours), Times(bare)


def ask_fts5(file: Path, owner: str, wanted: str) -> float:
    """Ask the same of FTS5 alone, on a connection of its own; give the seconds of the query."""
    query = query_of(wanted, [owner] if owner else [])
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        db.execute("SELECT count(*) FROM position").fetchone()
        begin = time.perf_counter()
        db.execute(FIND, (query, LIMIT)).fetchall()
        return time.perf_counter() - begin


async def back_up(house: House, rounds: int) -> tuple[Times, Times, list[float], list[float]]:
    """Chat with and without a backup beside it; give the turns, and the seconds and barriers."""
    quiet: list[float] = []
    beside: list[float] = []
    seconds: list[float] = []
    barriers: list[float] = []
    for _ in range(rounds):
        async with chatting(house, BUSY) as took:
            await asyncio.sleep(2)
            took.clear()
            begin = time.perf_counter()
            made = await house.bot.vault.backups.make("asked")
            seconds.append(time.perf_counter() - begin)
            barriers.append(made.manifest.barrier_ms)
            beside += took
        made.path.unlink()
        async with chatting(house, BUSY) as took:
            await asyncio.sleep(2)
            took.clear()
            await asyncio.sleep(seconds[-1])
            quiet += took
    return Times(quiet), Times(beside), seconds, barriers


def back_up_plainly(home: Path) -> float:
    """Copy the same file as `sqlite3 FILE ".backup COPY"` does; give the seconds."""
    source, copy = home / "data" / "conversations.db", home / "copy.db"
    begin = time.perf_counter()
    if command := shutil.which("sqlite3"):
        subprocess.run([command, source, f".backup {copy}"], check=True)
    else:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as into:
            live.backup(into)
    took = time.perf_counter() - begin
    copy.unlink()
    return took


async def measure(home: Path, messages: int, rounds: int) -> None:
    begin = time.perf_counter()
    await fill(home, messages)
    size = (home / "data" / "conversations.db").stat().st_size
    print(f"{messages} messages, {size / 1e6:.0f} MB, written in {since(begin)}")
    async with opened(home) as house:
        begin = time.perf_counter()
        await house.bot.library.search.catch_up()
        index = (home / "data" / "search.db").stat().st_size
        print(f"the index has {index / 1e6:.0f} MB, built in {since(begin)}")
        for everybody in (False, True):
            ours, bare = await search(house, everybody=everybody)
            print(f"\nsearch in {'everything' if everybody else 'the words of one person'}")
            print(f"  threadline  {ours}\n  bare FTS5   {bare}")
            ratio("  p95, times bare FTS5", ours.at(0.95) / bare.at(0.95))
        quiet, beside, seconds, barriers = await back_up(house, rounds)
    print(f"\na turn of {BUSY} who chat\n  alone            {quiet}\n  beside a backup  {beside}")
    ratio("  p99, times alone", beside.at(0.99) / quiet.at(0.99))
    plain = min(back_up_plainly(home) for _ in range(rounds))
    print(f"\na backup takes {min(seconds):.1f} s while people chat")
    print(f'sqlite3 ".backup" takes {plain:.1f} s, and packs nothing: {min(seconds) / plain:.1f} x')
    print(f"nobody could write for {max(barriers):.1f} ms at most")


def since(begin: float) -> str:
    return f"{time.perf_counter() - begin:.1f} s"


def ratio(what: str, times: float) -> None:
    print(f"{what}: {times:.2f}; aim: at most 3: {'met' if times <= 3 else 'missed'}")


def main() -> None:
    """Measure all, and print the figures, the ratios and which aims are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2, help="of backups")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measure(Path(home), options.messages, options.rounds))


if __name__ == "__main__":
    main()
