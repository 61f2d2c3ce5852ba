"""Waiting for what takes long: a terminal is shown how far it is, a pipe is not."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bot.cli.operator import Operator

LOOK_SECONDS = 0.5
"""Between two looks at how far it is."""

Result = TypeVar("Result")
Look = Callable[[], Awaitable[tuple[str, int, int] | None]]
"""Says what is being done, and how much of how much; None: nothing, for now."""


async def wait_for(work: Coroutine[Any, Any, Result], look: Look) -> Result:
    """Do something, and show meanwhile how far it is."""
    doing = asyncio.create_task(work)
    shown = 0
    while sys.stderr.isatty() and not doing.done():
        await asyncio.wait({doing}, timeout=LOOK_SECONDS)
        if not doing.done() and (now := await look()):
            what, done, of = now
            line = f"{what} {100 * done // of} %" if of else what
            print(f"\r{line:<{shown}}", end="", file=sys.stderr, flush=True)
            shown = len(line)
    if shown:
        print(f"\r{'':<{shown}}\r", end="", file=sys.stderr, flush=True)
    return await doing


async def ask_and_wait(operator: Operator, method: str, path: str, **more: Any) -> Any:
    """Call a route that answers when it is done.

    Raises:
        Refusal: with the sentence of the problem.
    """

    async def look() -> tuple[str, int, int] | None:
        now = (await operator.ask("GET", "/api/data/under-way"))["under_way"]
        return (now["what"], now["done"], now["of"]) if now else None

    return await wait_for(operator.ask(method, path, **more), look)
