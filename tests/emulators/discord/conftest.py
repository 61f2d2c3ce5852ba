"""The stand-in for Discord, new for every test."""

from collections.abc import AsyncIterator

import pytest

from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, User


@pytest.fixture
async def server() -> AsyncIterator[Discord]:
    async with discord_server() as server:
        yield server


@pytest.fixture
def ann(server: Discord) -> User:
    return server.user("ann")


@pytest.fixture
def chat(server: Discord, ann: User) -> Channel:
    """Ann's direct chat with the bot."""
    return server.direct(ann)


@pytest.fixture
def general(server: Discord, ann: User) -> Channel:
    """A channel of a server where Ann is."""
    return server.channel(server.guild("Workshop", (ann,)), "general")
