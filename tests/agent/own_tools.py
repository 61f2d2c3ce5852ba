"""Tools as people bring them with TOOLS=tests.agent.own_tools:TOOLS."""

import asyncio

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


TOOLS = [book, explode, refuse, dawdle]
NOT_A_LIST = book
NO_TOOLS = [7]
