"""Order: what is begun for one person in one place runs one after another; a thread has one owner.

A lane is a queue of work of one session key. A thread's lock is held around everything that
touches that LangGraph thread, for two operations on one thread at once lose messages.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import structlog

log = structlog.get_logger(__name__)

Dropped = Callable[[], None]
Work = Callable[[], Coroutine[Any, Any, None]]


class LaneFull(Exception):
    """As much work waits in this lane as may wait."""


class Lanes:
    """Runs work in order per lane, side by side between lanes. Begun work always finishes.

    `failed` is told what work has raised.
    """

    def __init__(
        self, *, most_waiting: int, failed: Callable[[BaseException], None] = lambda _: None
    ) -> None:
        self.most_waiting = most_waiting
        self._failed = failed
        self._waiting: dict[Hashable, deque[tuple[Work, Dropped]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def add(self, lane: Hashable, work: Work, dropped: Dropped, *, unbounded: bool = False) -> None:
        """Put work at the end of a lane; it begins at once if the lane is empty.

        `dropped` is called in its stead if the bot stops before. `unbounded` is for what was
        accepted before a restart.

        Raises:
            LaneFull: as much waits in it as may wait.
        """
        waiting = self._waiting.get(lane)
        if waiting is None:
            self._waiting[lane] = deque([(work, dropped)])
            self.at_once(lambda: self._run(lane))
        elif unbounded or len(waiting) < self.most_waiting:
            waiting.append((work, dropped))
        else:
            raise LaneFull

    def at_once(self, work: Work) -> None:
        """Run work beside all lanes."""
        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def waiting(self, lane: Hashable) -> int:
        """Count what waits in a lane, not what runs."""
        return len(self._waiting.get(lane, ()))

    @property
    def all_waiting(self) -> int:
        """Count what waits in all lanes."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def exclusive(self, thread_id: str) -> AsyncIterator[None]:
        """Own a LangGraph thread for the time of the ``with``."""
        lock = self._locks.setdefault(thread_id, asyncio.Lock())
        async with lock:
            yield

    async def drain(self, grace_seconds: float) -> int:
        """Let begun work finish for at most that long, then cancel it; count what was cut off.

        What waits and was not begun is dropped: its rows are on disk, and the next start runs it.
        """
        for waiting in self._waiting.values():
            while waiting:
                _, dropped = waiting.popleft()
                dropped()
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _run(self, lane: Hashable) -> None:
        waiting = self._waiting[lane]
        try:
            while waiting:
                work, _ = waiting.popleft()
                try:
                    await work()
                except Exception as error:
                    log.exception("work in a lane failed")
                    self._failed(error)
        finally:
            del self._waiting[lane]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("work beside the lanes failed", exc_info=error)
            self._failed(error)
