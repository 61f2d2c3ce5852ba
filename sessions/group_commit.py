"""Group commit: writes of callers that wait at the same moment share one trip to the disk."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")

#: More than this many writes are taken in several commits, so that none waits long.
LARGEST_BATCH = 1024

#: So long a write that nobody is in a hurry for waits for another.
PATIENCE_SECONDS = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class _Hold:
    """A time in which nothing is committed: `stands` when it begins, until it is `over`."""

    stands: asyncio.Future[None]
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Tell on the loop that it has begun, unless nobody waits for it any more."""
        if not self.stands.done():
            self.stands.set_result(None)


class GroupCommit(Generic[Work, Result]):
    """One thread that takes everything waiting and commits it together.

    `commit` runs on that thread with the work of one batch, in order of arrival, and returns one
    result, or one exception, for each. If it raises, the error is every caller's of that batch.

    `after` runs on the event loop with the work and the results of each batch, in order, before
    any of its callers goes on, and also if they have stopped waiting. `batches` is told how many
    writes each batch had.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Work]], Sequence[Result | Exception]],
        *,
        name: str,
        after: Callable[[Sequence[Work], Sequence[Result | Exception]], None] = lambda *_: None,
        batches: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._commit = commit
        self._after = after
        self._batches = batches
        self._queue: deque[tuple[Work, asyncio.Future[Result]]] = deque()
        self._holds: deque[_Hold] = deque()
        self._filled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit what was handed over and end the thread."""
        self._closed = True
        self._filled.set()
        await asyncio.to_thread(self._thread.join)

    def submit(self, work: Work, *, patient: bool = False) -> asyncio.Future[Result]:
        """Hand over one write; the future ends when it is durable, or was refused.

        The write happens also when nobody waits for the future any more. One that is `patient`
        goes with the next that is not, or alone after `PATIENCE_SECONDS`.
        """
        if self._closed or self._loop is None:
            raise RuntimeError(f"{self._thread.name} is not open")
        future: asyncio.Future[Result] = self._loop.create_future()
        self._queue.append((work, future))
        if patient:
            self._loop.call_later(PATIENCE_SECONDS, self._wake)
        else:
            self._wake()
        return future

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Commit nothing while the ``with`` lasts; what is handed over meanwhile waits.

        When it begins, everything that was committed before has been told to its callers.
        """
        if self._closed or self._loop is None:
            raise RuntimeError(f"{self._thread.name} is not open")
        hold = _Hold(self._loop.create_future())
        self._holds.append(hold)
        self._filled.set()
        try:
            await hold.stands
            yield
        finally:
            hold.over.set()

    def _wake(self) -> None:
        if self._queue and not self._filled.is_set():  # waking costs more than the rest of this
            self._filled.set()

    def _run(self) -> None:
        queue = self._queue
        while True:
            self._filled.wait()
            self._filled.clear()  # before looking: what comes now sets it again
            closing = self._closed
            while queue or self._holds:
                if self._holds:
                    self._stand_still(self._holds.popleft())
                    continue
                self._settle([queue.popleft() for _ in range(min(len(queue), LARGEST_BATCH))])
            if closing:
                return

    def _stand_still(self, hold: _Hold) -> None:
        assert self._loop is not None  # noqa: S101 - held() has seen it
        self._loop.call_soon_threadsafe(hold.begin)
        hold.over.wait()

    def _settle(self, batch: list[tuple[Work, asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = self._commit([work for work, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is raised again, where each caller waits
            results = [error] * len(batch)
        assert self._loop is not None  # noqa: S101 - submit() has seen it
        self._loop.call_soon_threadsafe(self._tell, batch, results)

    def _tell(
        self,
        batch: Sequence[tuple[Work, asyncio.Future[Result]]],
        results: Sequence[Result | Exception],
    ) -> None:
        self._batches(len(batch))
        self._after([work for work, _ in batch], results)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():  # its caller was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
