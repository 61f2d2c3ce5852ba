"""An import, a cleanup and a repair in a process that kills itself at its n-th durable step."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bot.agent.runner import Runner
from sessions.database import Database
from sessions.past import Past
from sessions.search import Search
from tests.faults.dying import Death, dying
from tests.stories.house import open_house

STEPS: tuple[tuple[type[Any], str], ...] = (
    (Database, "write"),
    (Runner, "append"),
    (Runner, "forget"),
    (Runner, "wipe"),
    (Past, "wipe"),
    (Search, "wipe"),
    (Search, "start_anew"),
)
EXPORT = "export.zip"

Story = Callable[[Path], Coroutine[Any, Any, None]]


async def take_in(home: Path) -> None:
    async with open_house(home, recovering=True) as house:
        await house.bot.care.transfer.take_in(home / EXPORT, only_look=False)


async def clean(home: Path) -> None:
    async with open_house(home, recovering=True) as house:
        await house.bot.care.cleaning.clean()


async def repair(home: Path) -> None:
    async with open_house(home, recovering=True) as house:
        await house.bot.care.integrity.repair(accept=True)


def run_and_die(home: Path, story: Story, at: int, after: bool) -> None:
    """Run it until its end, or until the step with this number."""
    death = Death(at, after)
    for owner, name in STEPS:
        setattr(owner, name, dying(getattr(owner, name), death))
    asyncio.run(story(home))
