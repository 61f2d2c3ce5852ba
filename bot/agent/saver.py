"""The checkpoints of the agent's threads: data/threads.db, the newest of each thread.

LangGraph's own saver for SQLite keeps every checkpoint and goes to its thread for each statement;
this one has the same tables, keeps the newest, and many turns share a transaction, so that a turn
costs what it says and not what was ever said (docs/decisions/0002).
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    copy_checkpoint,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from bot.agent.thread_file import BOTH, Batches, Work, connect
from sessions.group_commit import GroupCommit

Answer = TypeVar("Answer")
COLUMNS = "checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata"
PLACE = "thread_id = ? AND checkpoint_ns = ?"
ONE = f"SELECT {COLUMNS} FROM checkpoints WHERE {PLACE} AND checkpoint_id = ?"  # noqa: S608 - ours
NEWEST = f"SELECT {COLUMNS} FROM checkpoints WHERE {PLACE} ORDER BY checkpoint_id DESC"  # noqa: S608 - ours
WRITES = (
    f"SELECT task_id, channel, type, value FROM writes WHERE {PLACE} AND checkpoint_id = ? "  # noqa: S608 - ours
    "ORDER BY task_path, task_id, idx"
)
PUT = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)"
PUT_WRITE = "INSERT OR {} INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
FORGET_OLDER = f"DELETE FROM {{}} WHERE {PLACE} AND checkpoint_id < ?"  # noqa: S608 - ours
FORGET_NESTED = "DELETE FROM {} WHERE thread_id = ? AND checkpoint_ns LIKE '%:%'"
FORGET = "DELETE FROM {} WHERE thread_id = ?"
EDITED = "hitl_edited_tool_calls"
"""Where LangChain's middleware keeps what people wrote in the place of arguments."""


@asynccontextmanager
async def open_saver(path: Path) -> AsyncIterator["ThreadSaver"]:
    """Open the checkpoints. They load as data: nothing in them is run or imported.

    `synchronous=NORMAL` may lose the last commits when the power fails, whole ones; recovery
    takes a thread that is behind for what it is.
    """
    connection = await asyncio.to_thread(connect, path)
    try:
        async with GroupCommit(Batches(connection).commit, name="threads") as commits:
            yield ThreadSaver(path, commits)
    finally:
        await asyncio.to_thread(connection.close)


class ThreadSaver(BaseCheckpointSaver[int]):
    """A LangGraph saver that keeps the newest checkpoint of each thread and name space."""

    def __init__(self, path: Path, commits: GroupCommit[Work, Any]) -> None:
        super().__init__(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self.path = path
        self._commits = commits
        self._nested: set[str] = set()
        self._known: dict[str, list[CheckpointTuple] | None] = {}

    def held(self) -> AbstractAsyncContextManager[None]:
        """Write nothing while the ``with`` lasts; turns that want to, wait meanwhile."""
        return self._commits.held()

    @contextmanager
    def remembering(self, thread_id: str) -> Iterator[None]:
        """Read the newest checkpoint of a thread once for as long as the ``with`` lasts.

        For who owns the thread and runs one graph on it: what that stores is remembered too.
        """
        self._known[thread_id] = None
        try:
            yield
        finally:
            self._known.pop(thread_id, None)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint: the newest, unless one is named."""
        wanted = get_checkpoint_id(config)
        thread_id, space = _place(config)
        known = None if space or wanted else self._known.get(thread_id)
        if known is None:
            known = await self._run(lambda db: self._read(db, config, wanted, 1))
            if not space and not wanted:
                self._remember(thread_id, known)
        # A run changes the checkpoint that it was given, but not the values in it.
        return known[0]._replace(checkpoint=copy_checkpoint(known[0].checkpoint)) if known else None

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Give what is kept of a thread, newest first."""
        if config is None:
            return
        end = get_checkpoint_id(before) if before else None
        for each in await self._run(lambda db: self._read(db, config, None, limit or -1)):
            metadata: dict[str, Any] = dict(each.metadata)
            fits = all(metadata.get(name) == value for name, value in (filter or {}).items())
            if fits and (end is None or each.checkpoint["id"] < end):
                yield each

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - everything is stored in one piece
    ) -> RunnableConfig:
        """Store a checkpoint in the place of the one before it."""
        thread_id, space = _place(config)
        if ":" in space:
            self._nested.add(thread_id)
        about = get_checkpoint_metadata(config, metadata)
        parent = config["configurable"].get("checkpoint_id")
        described = json.dumps(about, ensure_ascii=False).encode("utf-8", "ignore")

        def work(db: sqlite3.Connection) -> None:
            stored = self.serde.dumps_typed(checkpoint)
            db.execute(PUT, (thread_id, space, checkpoint["id"], parent, *stored, described))
            for table in BOTH:
                db.execute(FORGET_OLDER.format(table), (thread_id, space, checkpoint["id"]))

        stands = _config(thread_id, space, checkpoint["id"])
        before = _config(thread_id, space, parent) if parent else None
        self._remember(thread_id, None)  # until it is stored, nobody knows
        await self._run(work)
        if not space:
            self._remember(thread_id, [CheckpointTuple(stands, checkpoint, about, before, [])])
        return stands

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task has done before its step is complete."""
        thread_id, space = _place(config)
        at = config["configurable"]["checkpoint_id"]
        special = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        statement = PUT_WRITE.format("REPLACE" if special else "IGNORE")

        def work(db: sqlite3.Connection) -> None:
            rows = [
                (
                    *(thread_id, space, at, task_id, task_path),
                    WRITES_IDX_MAP.get(channel, index),
                    channel,
                    *self.serde.dumps_typed(value),
                )
                for index, (channel, value) in enumerate(writes)
            ]
            db.executemany(statement, rows)

        self._remember(thread_id, None)
        await self._run(work)
        self._remember(thread_id, None)  # also what was read meanwhile

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread."""
        self._remember(thread_id, None)
        await self._run(lambda db: _delete(db, FORGET, thread_id))

    async def at_rest(self, thread_id: str) -> None:
        """Delete what graphs within the graph have kept, and edits: nothing is left to resume.

        Each time that one runs it has a name space of its own, such as ``desk:<task>``.
        """
        if thread_id in self._nested:
            self._nested.discard(thread_id)
            await self._run(lambda db: _delete(db, FORGET_NESTED, thread_id))
        found = await self.aget_tuple(_config(thread_id, "", ""))
        if found is not None and found.checkpoint["channel_values"].get(EDITED):
            values = found.checkpoint["channel_values"]
            checkpoint = found.checkpoint.copy()
            checkpoint["channel_values"] = {
                name: value for name, value in values.items() if name != EDITED
            }
            before = found.parent_config or _config(thread_id, "", "")
            await self.aput(before, checkpoint, found.metadata, {})

    def _remember(self, thread_id: str, newest: list[CheckpointTuple] | None) -> None:
        if thread_id in self._known:
            self._known[thread_id] = newest

    def _read(
        self, db: sqlite3.Connection, config: RunnableConfig, wanted: str | None, most: int
    ) -> list[CheckpointTuple]:
        thread_id, space = _place(config)
        if wanted:
            rows = db.execute(ONE, (thread_id, space, wanted)).fetchall()
        else:
            rows = db.execute(f"{NEWEST} LIMIT ?", (thread_id, space, most)).fetchall()
        return [
            CheckpointTuple(
                _config(thread_id, space, checkpoint_id),
                self.serde.loads_typed((kind, stored)),
                json.loads(about) if about else {},
                _config(thread_id, space, parent) if parent else None,
                [
                    (task_id, channel, self.serde.loads_typed((kind, value)))
                    for task_id, channel, kind, value in db.execute(
                        WRITES, (thread_id, space, checkpoint_id)
                    )
                ],
            )
            for checkpoint_id, parent, kind, stored, about in rows
        ]

    async def _run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        answer: Answer = await self._commits.submit(work)
        return answer


def _delete(db: sqlite3.Connection, statement: str, thread_id: str) -> None:
    for table in BOTH:
        db.execute(statement.format(table), (thread_id,))


def _place(config: RunnableConfig) -> tuple[str, str]:
    return str(config["configurable"]["thread_id"]), config["configurable"].get("checkpoint_ns", "")


def _config(thread_id: str, space: str, checkpoint_id: str) -> RunnableConfig:
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": space,
            "checkpoint_id": checkpoint_id,
        }
    }
