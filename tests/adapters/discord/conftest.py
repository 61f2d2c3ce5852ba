"""Discord as a server of our own, new for every test."""

from collections.abc import AsyncIterator

import pytest

from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, User


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with discord_server() as discord:
        yield discord


@pytest.fixture
def ann(discord: Discord) -> User:
    return discord.user("ann")


@pytest.fixture
def chat(discord: Discord, ann: User) -> Channel:
    """Ann's direct chat with the bot."""
    return discord.direct(ann)


@pytest.fixture
def general(discord: Discord, ann: User) -> Channel:
    """A channel of a server where Ann is."""
    return discord.channel(discord.guild("Workshop", (ann,)), "general")
