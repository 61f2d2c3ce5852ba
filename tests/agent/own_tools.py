"""Tools as people bring them with TOOLS=tests.agent.own_tools:TOOLS."""

import asyncio
import sys

from langchain_core.tools import ToolException, tool


def book(what: str) -> str:
    """Book something."""
    return f"booked {what}"


@tool
def explode(what: str) -> str:
    """Fail with words that nobody should read."""
    raise RuntimeError(f"/secret/path {what}")


@tool
def refuse(what: str) -> str:
    """Refuse with a sentence for the model."""
    raise ToolException(f"{what} is sold out.")


@tool
async def dawdle(what: str) -> str:
    """Take too long."""
    await asyncio.sleep(30)
    return what


@tool
def leave(what: str) -> str:
    """End the program, as a script does that was not meant to be a tool."""
    sys.exit(what)


@tool
async def vanish(what: str) -> str:
    """End the program from within the event loop."""
    sys.exit(what)


@tool
async def cancel(what: str) -> str:
    """Raise what only asyncio may raise."""
    raise asyncio.CancelledError(what)


@tool
def halve(what: str) -> str:
    """Give half a character."""
    return f"{what} \ud83d"


TOOLS = [book, explode, refuse, dawdle, leave, vanish, cancel, halve]
NOT_A_LIST = book
NO_TOOLS = [7]
