"""Tools that cannot take the bot down: what ends a program ends only their call."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool


class ToolGaveUp(Exception):
    """A tool wanted to end the program, or raised what only the program may raise."""


def contained(tool: BaseTool) -> BaseTool:
    """Give a tool whose own coroutine raises nothing that would end the event loop.

    LangChain runs a coroutine as a task, and asyncio lets SystemExit and KeyboardInterrupt of any
    task through to the top. A function that runs in a thread is caught where it is awaited.
    """
    if not isinstance(tool, StructuredTool) or tool.coroutine is None:
        return tool
    return tool.model_copy(update={"coroutine": _containing(tool.coroutine)})


def _containing(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(run)
    async def running(*arguments: Any, **named: Any) -> Any:
        try:
            return await run(*arguments, **named)
        except (SystemExit, KeyboardInterrupt) as end:
            raise ToolGaveUp(f"it raised {type(end).__name__}") from end

    return running
