"""What our store is measured against: each moves the last activity of one session, durably."""

import asyncio
import csv
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import aiosqlite
from redis.asyncio import Redis
from telegram.ext import PicklePersistence

from sessions.csv_store import CsvStore
from sessions.models import Session
from sessions.rows import COLUMNS, HEADER, line_of

Touch = Callable[[str, datetime], Awaitable[object]]
Peer = Callable[[Path, Sequence[Session]], AbstractAsyncContextManager[Touch]]


def write_csv(path: Path, sessions: Sequence[Session]) -> None:
    with path.open("w") as file:
        file.write("\n".join([HEADER, *map(line_of, sessions)]) + "\n")


@asynccontextmanager
async def threadline(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    write_csv(directory / "sessions.csv", sessions)
    async with CsvStore.open(directory / "sessions.csv") as store:

        async def touch(session_id: str, at: datetime) -> None:
            await store.change(session_id, lambda session: session.active_at(at))

        yield touch


@asynccontextmanager
async def rewriting(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Write the whole CSV for each change: a new file, fsync, rename."""
    path = directory / "sessions.csv"
    rows = {
        one.session_id: dict(zip(COLUMNS, line_of(one).split(","), strict=False))
        for one in sessions
    }
    lock = asyncio.Lock()

    def rewrite() -> None:
        fresh = path.with_suffix(".new")
        with fresh.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows.values())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    async def touch(session_id: str, at: datetime) -> None:
        async with lock:
            rows[session_id]["last_activity"] = at.isoformat()
            await asyncio.to_thread(rewrite)

    yield touch


@asynccontextmanager
async def _database(
    directory: Path, sessions: Sequence[Session], isolation: Literal["IMMEDIATE"] | None
) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(directory / "sessions.db", isolation_level=isolation) as database:
        await database.execute("PRAGMA journal_mode=WAL")
        await database.execute("PRAGMA synchronous=FULL")
        columns = ", ".join(f"{name} TEXT" for name in COLUMNS[1:])
        await database.execute(f"CREATE TABLE sessions (session_id TEXT PRIMARY KEY, {columns})")
        rows = (next(csv.reader([line_of(one)])) for one in sessions)
        if isolation is None:
            await database.execute("BEGIN")
        await database.executemany("INSERT INTO sessions VALUES (?,?,?,?,?,?,?,?)", rows)
        await database.commit()
        yield database


_UPDATE = "UPDATE sessions SET last_activity = ? WHERE session_id = ?"


@asynccontextmanager
async def sqlite(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Make each change a transaction of its own."""
    async with _database(directory, sessions, None) as database:
        yield lambda session_id, at: database.execute(_UPDATE, (at.isoformat(), session_id))


@asynccontextmanager
async def sqlite_shared(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Let callers fall into each other's transactions: a rollback would undo others' changes."""
    async with _database(directory, sessions, "IMMEDIATE") as database:

        async def touch(session_id: str, at: datetime) -> None:
            await database.execute(_UPDATE, (at.isoformat(), session_id))
            await database.commit()

        yield touch


@asynccontextmanager
async def pickled(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Write the whole pickle for each change, as it comes: without fsync, so not durable."""
    store: PicklePersistence[dict[int, object], dict[int, object], dict[int, object]] = (
        PicklePersistence(directory / "sessions.pickle", update_interval=3600)
    )
    numbers = {one.session_id: number for number, one in enumerate(sessions)}
    rows = [dict(zip(COLUMNS, line_of(one).split(","), strict=False)) for one in sessions]
    await store.get_user_data()
    for number, row in enumerate(rows):
        store.user_data[number] = row  # type: ignore[index,assignment]  # as if each had been told

    async def touch(session_id: str, at: datetime) -> None:
        number = numbers[session_id]
        rows[number] = {**rows[number], "last_activity": at.isoformat()}
        await store.update_user_data(number, rows[number])  # type: ignore[arg-type]

    yield touch


@asynccontextmanager
async def redis_py(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Use redis-py, as a bot in Python would, with a connection for each caller at work."""
    async with _redis_server(directory) as port, Redis(host="127.0.0.1", port=port) as client:
        for one in sessions:
            cells = next(csv.reader([line_of(one)]))
            await client.hset(one.session_id, mapping=dict(zip(COLUMNS, cells, strict=True)))
        yield lambda session_id, at: client.hset(session_id, "last_activity", at.isoformat())


@asynccontextmanager
async def redis_bare(directory: Path, sessions: Sequence[Session]) -> AsyncIterator[Touch]:
    """Write the protocol by hand, without a client library: what the server alone can do."""
    async with _redis_server(directory) as port:
        idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        async def send(*words: str) -> None:
            reader, writer = (
                idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
            )
            parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
            writer.write(f"*{len(words)}\r\n{parts}".encode())
            answer = await reader.readline()
            if not answer.startswith(b":"):
                raise OSError(answer.decode())
            idle.append((reader, writer))

        for one in sessions:
            cells = next(csv.reader([line_of(one)]))
            pairs = [word for pair in zip(COLUMNS, cells, strict=True) for word in pair]
            await send("HSET", one.session_id, *pairs)
        yield lambda session_id, at: send("HSET", session_id, "last_activity", at.isoformat())
        for _, writer in idle:
            writer.close()


@asynccontextmanager
async def _redis_server(directory: Path) -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory),
        "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield port
    finally:
        server.terminate()
        await server.wait()


def peers() -> dict[str, Peer]:
    """Name everything that can be measured here."""
    found: dict[str, Peer] = {
        "threadline": threadline,
        "rewriting the CSV": rewriting,
        "aiosqlite WAL FULL": sqlite,
        "aiosqlite, transactions shared": sqlite_shared,
        "PicklePersistence (no fsync)": pickled,
    }
    if shutil.which("redis-server"):
        found["Redis appendfsync always"] = redis_py
        found["Redis, protocol by hand"] = redis_bare
    return found


@asynccontextmanager
async def in_a_directory() -> AsyncIterator[Path]:
    """Give a directory on the disk that the temporary files are on."""
    directory = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="threadline-benchmark-"))
    try:
        yield directory
    finally:
        await asyncio.to_thread(shutil.rmtree, directory)
