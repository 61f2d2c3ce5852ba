"""Tools with effects that show, for tests of stopping and crashing. EFFECTS names their file."""

import asyncio
import os
import signal
from pathlib import Path

from langchain_core.tools import BaseTool, tool

begun = asyncio.Event()
"""Set when `build` has begun."""

go_on = asyncio.Event()
"""Lets `build` end."""


def _write(line: str) -> None:
    with Path(os.environ["EFFECTS"]).open("a") as effects:
        effects.write(f"{line}\n")


@tool
async def build(what: str) -> str:
    """Build something, as slowly as it is told to."""
    begun.set()
    await go_on.wait()
    await asyncio.to_thread(_write, f"built {what}")
    return f"built {what}"


@tool
def crash(what: str) -> str:
    """Do half of something, then die as with kill -9."""
    _write(f"began {what}")
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


@tool(return_direct=True)
def weigh(what: str) -> str:
    """Weigh something; the result is the answer."""
    return f"{what} weighs 3 kg"


@tool
def note(what: str) -> str:
    """Take the name of a tool that ships."""
    return what


TOOLS: list[BaseTool] = [build, crash, weigh]
TAKEN: list[BaseTool] = [note]
