"""When to fold: soon after a change, never more than a tenth of the time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import structlog

from sessions.fold import Fold
from sessions.store import StoreFailed

log: structlog.stdlib.BoundLogger = structlog.get_logger()
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a fold follows a change, how often strangers are looked for; in seconds.

    After a fold, `rest` times its length passes before the next one.
    """

    after: float = 0.7
    look: float = 1.0
    rest: float = 9.0
    longest: float = 30.0


class Folding:
    """Folds whenever something is wanted, on a thread of its own; entered with ``async with``.

    `fold` is the store's: it takes what memory shows and calls `on_thread` with the work.
    """

    def __init__(self, work: Fold, fold: Callable[[], Awaitable[None]], pace: Pace) -> None:
        self.trouble = ""
        self.last_seconds = 0.0
        self.edited_files: tuple[Path, ...] = ()
        #: After the end: the CSV holds everything.
        self.is_complete = False
        self._work = work
        self._fold = fold
        self._pace = pace
        self._wanted = asyncio.Event()
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sessions fold")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to fold."""
        await self.on_thread(self._look)
        self._task = asyncio.create_task(self._keep_folding(), name="sessions fold")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; a fold that has begun comes to its end, and a last one is made if it is needed."""
        if self._task is not None:
            async with self._lock:
                self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        try:
            if self._wanted.is_set() or await self.on_thread(self._look):
                await self.now()
            self.is_complete = True
        except (OSError, StoreFailed) as failure:
            self._complain(failure)
        await asyncio.to_thread(self._thread.shutdown)

    def want(self) -> None:
        """Ask for a fold soon."""
        self._wanted.set()

    async def now(self) -> None:
        """Fold at once.

        Raises:
            OSError, StoreFailed: it did not come to its end, and is tried again later.
        """
        async with self._lock:
            begun = time.monotonic()
            self._wanted.clear()
            try:
                await self._fold()
                await self.on_thread(self._look)
            except BaseException:
                self._wanted.set()
                raise
            self.last_seconds = time.monotonic() - begun
            self.trouble = ""

    async def on_thread(self, work: Callable[[], Result]) -> Result:
        """Run work on the thread of the folds."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _keep_folding(self) -> None:
        pause = self._pace.after
        while True:
            try:
                try:
                    async with asyncio.timeout(self._pace.look):
                        await self._wanted.wait()
                except TimeoutError:
                    if not await self.on_thread(self._look):
                        continue
                await asyncio.sleep(pause)
                await self.now()
                pause = max(self._pace.after, self._pace.rest * self.last_seconds)
            except (OSError, StoreFailed) as failure:
                self._complain(failure)
                pause = min(max(2 * pause, 0.1), self._pace.longest)

    def _complain(self, failure: Exception) -> None:
        if not self.trouble:
            log.error("the sessions cannot be written to their file", reason=str(failure))
        self.trouble = str(failure)

    def _look(self) -> bool:
        self.edited_files = self._work.edited_files()
        return self._work.is_disturbed()
