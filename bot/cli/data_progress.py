"""How far something is that takes a while: one line on a terminal, nothing in a pipe."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bot.cli.operator import Operator

LOOK_SECONDS = 0.2
CLEAR = "\r\x1b[K"

Result = TypeVar("Result")
Look = Callable[[], Awaitable[tuple[str, int, int] | None]]
"""Says what is being done, and how many bytes of how many; None: nothing, for now."""


async def shown(work: Coroutine[Any, Any, Result], look: Look) -> Result:
    """Do something, and show meanwhile how far it is if a terminal reads it."""
    doing = asyncio.create_task(work)
    if not sys.stderr.isatty():
        return await doing
    while not doing.done():
        await asyncio.wait({doing}, timeout=LOOK_SECONDS)
        if not doing.done() and (now := await look()):
            what, done, of = now
            far = f"{100 * done // of} %" if of else "…"
            print(f"{CLEAR}{what} {far}", end="", file=sys.stderr, flush=True)
    print(CLEAR, end="", file=sys.stderr, flush=True)
    return await doing


async def ask_long(operator: Operator, what: str, body: Any) -> Any:
    """Ask the bot for something that takes a while."""

    async def look() -> tuple[str, int, int] | None:
        now = (await operator.ask("GET", "/api/data/under-way"))["under_way"]
        return (now["what"], now["done"], now["of"]) if now else None

    return await shown(operator.ask("POST", f"/api/data/{what}", json=body), look)
