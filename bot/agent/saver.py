"""The checkpoints of the agent's threads: data/threads.db, the newest of each thread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from sessions.private_files import make_private


@asynccontextmanager
async def open_saver(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Open the checkpoints. They load as data: nothing in them is run or imported.

    `synchronous=NORMAL` may lose the last commits when the power fails, whole ones; recovery
    takes a thread that is behind for what it is.
    """
    await asyncio.to_thread(make_private, path)
    async with aiosqlite.connect(path, timeout=30) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        await saver.setup()
        yield saver


async def keep_newest(saver: AsyncSqliteSaver, thread_id: str, *, at_rest: bool) -> None:
    """Delete all checkpoints of a thread but the newest of each of its name spaces.

    A graph in a graph has a name space for each time that it runs, such as ``desk:<task>``; in a
    thread at rest, where nothing is left to resume, these go too.
    """
    older = (
        "thread_id = ? AND checkpoint_id < (SELECT max(newest.checkpoint_id) FROM checkpoints"
        " AS newest WHERE newest.thread_id = {table}.thread_id"
        " AND newest.checkpoint_ns = {table}.checkpoint_ns)"
    )
    async with saver.lock:
        for table in ("writes", "checkpoints"):
            condition = older.format(table=table)
            await saver.conn.execute(f"DELETE FROM {table} WHERE {condition}", (thread_id,))  # noqa: S608 - both parts are ours
            if at_rest:
                await saver.conn.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_ns LIKE '%:%'",  # noqa: S608 - the table is ours
                    (thread_id,),
                )
        await saver.conn.commit()
