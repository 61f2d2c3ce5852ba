"""Waiting for what takes long: a terminal is shown how far it is, a pipe is not."""

import asyncio
import sys
from typing import Any

from bot.cli.operator import Operator

LOOK_SECONDS = 0.5
"""Between two looks at how far it is."""


async def ask_and_wait(operator: Operator, method: str, path: str, **more: Any) -> Any:
    """Call a route that answers when it is done.

    Raises:
        Refusal: with the sentence of the problem.
    """
    asking = asyncio.create_task(operator.ask(method, path, **more))
    shown = 0
    while sys.stderr.isatty() and not asking.done():
        await asyncio.wait({asking}, timeout=LOOK_SECONDS)
        if not asking.done():
            now = (await operator.ask("GET", "/api/data/under-way"))["under_way"]
            if now:
                line = (
                    f"{now['what']} {100 * now['done'] // now['of']} %"
                    if now["of"]
                    else now["what"]
                )
                print(f"\r{line:<{shown}}", end="", file=sys.stderr, flush=True)
                shown = len(line)
    if shown:
        print(f"\r{'':<{shown}}\r", end="", file=sys.stderr, flush=True)
    return await asking
