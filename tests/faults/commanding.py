"""A bot in a process of its own that kills itself at the n-th durable step of a command."""

import asyncio
from pathlib import Path

from tests.faults.dying import STEPS, Death, dying
from tests.stories.house import open_house

ADMIN = "memory:ann"


def command_and_die(home: Path, command: str, at: int) -> None:
    """Send a command as ann and die before its n-th step, if it has so many."""
    asyncio.run(_command(home, command, Death(at, after=False)))


async def _command(home: Path, command: str, death: Death) -> None:
    async with open_house(home, ADMINS=ADMIN) as house:
        for owner, name in STEPS:
            setattr(owner, name, dying(getattr(owner, name), death))
        await house.people.say("ann", command, message_id="the command")
        death.at = 0
