"""A backup and a restore in a process that kills itself before its n-th change of a file."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions.backup import Backups, closed
from sessions.restoring import Restoring, finish_restore
from tests.backups.keeping import setup_in

CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link"})
"""What Python tells of before it does it; a file that is opened for writing is one more."""

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def now() -> datetime:
    return datetime.now(UTC)


async def agree(home: Path) -> None:
    """Back up, and agree to restore the archive that is there."""
    setup = setup_in(home)
    async with Backups(setup, closed(setup.places), clock=now) as backups:
        await backups.make("asked")
        await Restoring(backups, clock=now).agree(home / "wanted.tar.gz")


async def finish(home: Path) -> None:
    """Put in place what was agreed to."""
    await finish_restore(setup_in(home), clock=now)


def run_and_die(home: Path, story: Callable[[Path], Coroutine[Any, Any, None]], at: int) -> None:
    """Run it until its end, or until it is about to make the change with this number."""
    made = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal made
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES
        if event in CHANGES or (opened and str(home) in str(arguments[0])):
            made += 1
            if made == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    asyncio.run(story(home))
