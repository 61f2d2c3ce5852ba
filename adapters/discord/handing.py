"""Handing over what arrives, and showing what is said to it beside everything else."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapters.contract import Decision, Handler, IncomingMessage, Replies

log = structlog.get_logger(__name__)

Show = Callable[[Replies], Awaitable[None]]


class Handing:
    """The way to the bot. What is said is shown in a task for each arrival."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._conversing: set[asyncio.Task[None]] = set()

    async def over(self, inbound: IncomingMessage | Decision, show: Show) -> None:
        """Hand something over; when this returns it is on disk, and what is said is on its way.

        What the bot raises while it takes it in is raised here.
        """
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        conversing = asyncio.create_task(self._converse(inbound, show, taken), name="conversing")
        self._conversing.add(conversing)
        conversing.add_done_callback(self._conversing.discard)
        await taken

    async def finish(self, within: float) -> None:
        """Let what is being said be said to its end, for so many seconds at most."""
        if self._conversing:
            await asyncio.wait(self._conversing, timeout=within)

    async def close(self) -> None:
        """Show nothing more; the bot shows the rest when it is back."""
        conversing = list(self._conversing)
        for task in conversing:
            task.cancel()
        await asyncio.gather(*conversing, return_exceptions=True)

    async def _converse(
        self, inbound: IncomingMessage | Decision, show: Show, taken: "asyncio.Future[None]"
    ) -> None:
        try:
            async with self._handle(inbound) as replies:
                if not taken.done():
                    taken.set_result(None)
                await show(replies)
        except asyncio.CancelledError:
            taken.cancel()
            raise
        except Exception as error:
            if taken.done():
                log.exception("what was said could not be shown")
            else:
                taken.set_exception(error)
