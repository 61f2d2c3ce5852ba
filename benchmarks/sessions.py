"""How quick the session store is, beside others, in one run: `python -m benchmarks.sessions`."""

import argparse
import asyncio
import csv
import gc
import random
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from benchmarks.session_peers import Peer, in_a_directory, peers, write_csv
from sessions.csv_store import CsvStore
from sessions.models import Session

TOUCHED = 10_000


@dataclass(frozen=True)
class Aim:
    """A figure, what it should be, and whether it is."""

    what: str
    figure: float
    limit: float
    at_least: bool

    @property
    def text(self) -> str:
        met = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if met else "MISSED"
        return f"{verdict:7}{self.what:52}{self.figure:10,.2f}  ({sign} {self.limit:,g})"


def made(count: int) -> list[Session]:
    """Make sessions of the last two hours; one in ten is in a group."""
    now = datetime.now(UTC)
    return [
        Session(
            session_id=str(uuid.uuid4()),
            user_id=f"telegram_{100_000 + number}",
            platform="telegram",
            thread_id=str(uuid.uuid4()),
            created_at=now - timedelta(hours=3),
            last_activity=now - timedelta(seconds=7200 * number / count),
            metadata={} if number % 10 else {"chat_id": f"-100{number}", "topic_id": "7"},
        )
        for number in range(count)
    ]


async def touches(peer: Peer, sessions: list[Session], callers: int, seconds: float) -> float:
    """Count how many sessions a second so many callers move, each waiting for the disk."""
    ids = [one.session_id for one in sessions]
    random.Random(1).shuffle(ids)
    async with in_a_directory() as directory, peer(directory, sessions) as touch:
        begun = time.perf_counter()
        end = begun + seconds
        done = 0

        async def call(number: int) -> None:
            nonlocal done
            while (clock := time.perf_counter()) < end:
                await touch(ids[number % len(ids)], datetime.now(UTC))
                number += 7
                done += 1
                del clock

        await asyncio.gather(*(call(caller * 131) for caller in range(callers)))
        return done / (time.perf_counter() - begun)


async def side_by_side(seconds: float, rounds: int) -> list[Aim]:
    sessions = made(TOUCHED)
    rates = {name: [0.0, 0.0] for name in peers()}
    for _ in range(rounds):  # in turn, so that what else the machine does meets all of them
        for name, peer in peers().items():
            for column, callers in enumerate((64, 1)):
                rate = await touches(peer, sessions, callers, seconds)
                rates[name][column] = max(rates[name][column], rate)
    ours = rates["threadline"]
    print(f"\nTouches a second, {TOUCHED:,} sessions, each returned when it is durable\n")
    print(f"{'':34}{'64 callers':>12}{'ours is':>10}{'1 caller':>12}{'ours is':>10}")
    for name, (many, one) in rates.items():
        print(f"{name:34}{many:12,.0f}{ours[0] / many:9.1f}x{one:12,.0f}{ours[1] / one:9.1f}x")
    times = {name: (ours[0] / many, ours[1] / one) for name, (many, one) in rates.items()}
    aims = [
        Aim("64 callers, times aiosqlite", times["aiosqlite WAL FULL"][0], 10, True),
        Aim("64 callers, times rewriting the CSV", times["rewriting the CSV"][0], 1000, True),
        Aim("1 caller, times aiosqlite", times["aiosqlite WAL FULL"][1], 0.8, True),
    ]
    if "Redis appendfsync always" in times:
        aims.append(Aim("64 callers, times Redis", times["Redis appendfsync always"][0], 3, True))
    else:
        print("redis-server is not installed here, so it is not measured")
    return aims


def bare_pass(path: Path) -> float:
    """Time what reading the file costs at least."""
    begun = time.perf_counter()
    with path.open(newline="") as file:
        for _ in csv.reader(file):
            pass
    return time.perf_counter() - begun


async def opening(path: Path) -> float:
    begun = time.perf_counter()
    async with CsvStore.open(path):
        return time.perf_counter() - begun


async def sweeping(path: Path, count: int) -> float:
    """Time the removal of the tenth that was active longest ago."""
    async with CsvStore.open(path) as store:
        cutoff = (await store.all())[count // 10].last_activity
        gc.collect()
        begun = time.perf_counter()
        removed = await store.remove_idle_since(cutoff)
        took = time.perf_counter() - begun
        assert len(removed) == count // 10
        return took


async def longest_block(path: Path, folds: int) -> tuple[float, float]:
    """Return the longest time that the loop did not turn while folding, and a fold's length."""
    longest = 0.0
    async with CsvStore.open(path) as store:
        ids = [one.session_id for one in await store.all()]
        gc.collect()
        folding = True

        async def watch() -> None:
            nonlocal longest
            while folding:
                begun = time.perf_counter()
                await asyncio.sleep(0.001)
                longest = max(longest, time.perf_counter() - begun - 0.001)

        async def change() -> None:
            while folding:
                await store.change(random.choice(ids), touched)

        others = asyncio.gather(watch(), *(change() for _ in range(8)))
        for _ in range(folds):
            await store.fold()
        folding = False
        await others
        return longest, store.report().last_fold_seconds


def memory_of(path: Path, mode: str) -> float:
    """Return what a process needs for the store, in bytes, measured in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.sessions",
        "--memory-of",
        str(path),
        "--mode",
        mode,
    ]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


async def print_memory(path: Path, mode: str) -> None:
    before = resident()
    async with CsvStore.open(path) as store:
        if mode == "touched":
            with path.open(newline="") as file:
                rows = csv.reader(file)
                next(rows)
                while ids := [row[0] for row in islice(rows, 500)]:
                    await asyncio.gather(*(store.change(one, touched) for one in ids))
            await store.fold()
        gc.collect()
        print(resident() - before)


def touched(session: Session) -> Session:
    return session.active_at(datetime.now(UTC))


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def at_size(count: int, rounds: int) -> list[Aim]:
    print(f"\n{count:,} sessions\n")
    async with in_a_directory() as directory:
        path = directory / "sessions.csv"
        bare, load, sweep = [], [], []
        for _ in range(rounds + 2):
            write_csv(path, made(count))
            bare.append(bare_pass(path))
            gc.collect()
            load.append(await opening(path))
            sweep.append(await sweeping(path, count))
        bare_seconds, load_seconds, swept = min(bare), min(load), min(sweep)
        write_csv(path, made(count))
        loaded = memory_of(path, "loaded") / count
        touched = memory_of(path, "touched") / count
        block, fold = await longest_block(path, 5)
    for what, figure in (
        ("a bare csv.reader pass", f"{bare_seconds * 1000:,.0f} ms"),
        ("loading", f"{load_seconds * 1000:,.0f} ms"),
        ("memory a session, loaded", f"{loaded:,.0f} bytes"),
        ("memory a session, after each was touched", f"{touched:,.0f} bytes"),
        ("a fold while 8 callers change sessions", f"{fold * 1000:,.0f} ms"),
        ("the loop's longest pause meanwhile", f"{block * 1000:,.1f} ms"),
        ("a sweep that removes a tenth", f"{swept * 1000:,.0f} ms"),
    ):
        print(f"{what:58}{figure:>16}")
    return [
        Aim(
            f"{count:,}: loading, times a bare csv.reader pass",
            load_seconds / bare_seconds,
            2.5,
            False,
        ),
        Aim(f"{count:,}: bytes a session", max(loaded, touched), 1200, False),
        Aim(f"{count:,}: sweep of a tenth, part of loading", swept / load_seconds, 0.2, False),
        Aim(f"{count:,}: ms the loop stood still while folding", block * 1000, 50, False),
    ]


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1, help="for each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--sessions", type=int, nargs="*", default=[100_000], help="sizes to load")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mode", default="loaded", help=argparse.SUPPRESS)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if options.memory_of:
        await print_memory(options.memory_of, options.mode)
        return 0
    aims = await side_by_side(options.seconds, options.rounds)
    for count in options.sessions:
        aims += await at_size(count, options.rounds)
    print("\nAims\n")
    for aim in aims:
        print(aim.text)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
