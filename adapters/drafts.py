"""What is shown while an answer is written: the text so far, and that somebody is typing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

import structlog

log = structlog.get_logger(__name__)


class Draft:
    """The text of an answer so far, shown at the pace of its platform; the newest text wins.

    `show` is given all of the text and gives the seconds until it may be called again. It is
    cosmetic: if it raises, nothing more is shown until the answer itself. `close` waits for a
    call that has begun, so that nothing of the draft comes after the answer.
    """

    def __init__(self, show: Callable[[str], Awaitable[float]]) -> None:
        self._show = show
        self._text = ""
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def add(self, text: str) -> None:
        """Take in a piece of text."""
        self._text += text
        self._news.set()
        if self._showing is None:
            self._showing = asyncio.create_task(self._show_on(), name="draft")

    async def close(self) -> None:
        """Show nothing more; the next piece begins a new draft."""
        showing, self._showing = self._showing, None
        self._closing.set()
        self._news.set()
        try:
            if showing is not None:
                await showing
        finally:
            self._text = ""
            self._news.clear()
            self._closing.clear()

    async def _show_on(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            try:
                pause = await self._show(self._text)
            except Exception as error:  # noqa: BLE001 - a preview is never worth an answer
                log.debug("a preview was not shown", error=type(error).__name__)
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)
            await self._news.wait()


@asynccontextmanager
async def typing(show: Callable[[], Awaitable[None]], every: float) -> AsyncIterator[None]:
    """Show that somebody is typing, again every so many seconds, for as long as the ``with`` lasts.

    It is cosmetic: if it fails, it ends.
    """

    async def keep_on() -> None:
        with suppress(Exception):
            while True:
                await show()
                await asyncio.sleep(every)

    lease = asyncio.create_task(keep_on(), name="typing")
    try:
        yield
    finally:
        lease.cancel()
        await asyncio.gather(lease, return_exceptions=True)
