"""Handing things over to the bot, and showing what it says to them in tasks of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from adapters.contract import Decision, Handler, IncomingMessage, Replies

log = structlog.get_logger(__name__)

Show = Callable[[Replies], Awaitable[None]]


class Handing:
    """Knows the tasks in which replies are shown to what arrived."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()

    async def over(self, inbound: IncomingMessage | Decision, show: Show) -> None:
        """Hand something over; it is durable when this returns, or raises what went wrong."""
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.begin(self._converse(inbound, show, taken))
        await taken

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside: what has arrived does not wait for it."""
        task = asyncio.create_task(_logged(work), name="telegram")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, seconds: float) -> None:
        """Let what is being shown come to its end for so long; what is not shown is kept."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(
        self, inbound: IncomingMessage | Decision, show: Show, taken: "asyncio.Future[None]"
    ) -> None:
        try:
            async with self._handle(inbound) as replies:
                taken.set_result(None)
                await show(replies)
        except BaseException as error:
            if taken.done():
                raise
            if isinstance(error, Exception):
                taken.set_exception(error)
            else:
                taken.cancel()
                raise


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("something was not shown on Telegram")
