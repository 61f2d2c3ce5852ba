"""Waiting for what takes long: a terminal is shown how far it is, a pipe is not."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.cli.operator import Operator

LOOK_SECONDS = 0.5
"""Between two looks at how far it is."""


@dataclass(frozen=True, slots=True)
class HowFar:
    """What is being done, and how much of how much; 0 of 0 if nobody knows."""

    what: str
    done: int
    of: int


class _Line:
    """A line on a terminal that says how far it is, and is gone in the end."""

    def __init__(self) -> None:
        self._shown = 0

    def show(self, now: HowFar) -> None:
        line = f"{now.what} {100 * now.done // now.of} %" if now.of else now.what
        print(f"\r{line:<{self._shown}}", end="", file=sys.stderr, flush=True)
        self._shown = len(line)

    def clear(self) -> None:
        if self._shown:
            print(f"\r{'':<{self._shown}}\r", end="", file=sys.stderr, flush=True)


async def ask_and_wait(operator: Operator, method: str, path: str, **more: Any) -> Any:
    """Call a route that answers when it is done.

    Raises:
        Refusal: with the sentence of the problem.
    """
    asking = asyncio.create_task(operator.ask(method, path, **more))
    line = _Line()
    while sys.stderr.isatty() and not asking.done():
        await asyncio.wait({asking}, timeout=LOOK_SECONDS)
        if not asking.done():
            now = (await operator.ask("GET", "/api/data/under-way"))["under_way"]
            if now:
                line.show(HowFar(**now))
    line.clear()
    return await asking


@asynccontextmanager
async def show_until_done(now: Callable[[], HowFar | None]) -> AsyncIterator[None]:
    """Show how far it is while the ``with`` lasts."""
    line = _Line()

    async def watch() -> None:
        while sys.stderr.isatty():
            await asyncio.sleep(LOOK_SECONDS)
            if under_way := now():
                line.show(under_way)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        line.clear()
