"""Actions whose effects can be counted: each appends one line to the file that EFFECTS names."""

import os
import time
from collections import Counter
from pathlib import Path

from langchain_core.tools import BaseTool, tool


def happens(line: str) -> None:
    """Do something that cannot be undone; the two lines around it are where fail points are."""
    path = os.environ["EFFECTS"]
    effects = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(effects, f"{line}\n".encode())
    finally:
        os.close(effects)


@tool
def pay(what: str) -> str:
    """Pay for something. It asks first."""
    happens(what)
    return f"paid {what}"


@tool
def jot(what: str) -> str:
    """Write something down; it may run unasked, and not twice."""
    happens(what)
    return f"wrote {what}"


@tool
def peek(what: str) -> str:
    """Look at something; nothing happens."""
    return f"saw {what}"


@tool
def linger(what: str) -> str:
    """Wait until the file that is named beside the effects is there; nothing happens."""
    while not Path(os.environ["EFFECTS"]).with_name(what).exists():
        time.sleep(0.01)
    return f"waited for {what}"


linger.metadata = {"read_only": True}
peek.metadata = {"read_only": True}
TOOLS: list[BaseTool] = [pay, jot, peek, linger]


def happened(path: Path) -> Counter[str]:
    """Count what has happened."""
    return Counter(path.read_text().splitlines() if path.exists() else ())
