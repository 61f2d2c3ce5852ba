"""A migration, or taking it out again, in a process that kills itself before its n-th step."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from bot.agent.runner import Runner
from bot.moving_in import MovingIn
from sessions.database import Database
from sessions.importing import Importing
from sessions.migrating.diary import Diary
from tests.migrating.bringing import brought_in, migrating_in
from tests.stories.house import open_house

STEPS = (
    (Diary, "write"),
    (Importing, "take_in"),
    (Database, "write"),
    (MovingIn, "open"),
    (Runner, "append"),
    (Runner, "forget"),
    (Diary, "clear"),
)
"""What changes something on the disk, while it is brought in or taken out."""


def run_and_die(home: Path, undo: str, at: int) -> None:
    """Bring in what is in `old`, or undo a migration, and die before the step with this number."""
    asyncio.run(_run(home, undo, at))


async def _run(home: Path, undo: str, at: int) -> None:
    async with open_house(home) as house:
        _die_at(at)
        if undo:
            await migrating_in(house).undo(undo)
        else:
            await brought_in(house, home / "old")
        os._exit(0)  # what comes after it is no step of it


def _die_at(at: int) -> None:
    made = 0

    def dying(original: Any) -> Any:
        def step(*arguments: Any, **more: Any) -> Any:
            nonlocal made
            made += 1
            if made == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **more)

        return step

    for kind, name in STEPS:
        setattr(kind, name, dying(getattr(kind, name)))
