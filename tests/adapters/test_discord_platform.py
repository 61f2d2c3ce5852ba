"""Discord keeps the agreement."""

from collections.abc import AsyncIterator, Sequence

import pytest
import simcord

from adapters.contract import Address
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.options import DiscordOptions
from tests.adapters.conformance import CARD, AdapterConformance, Person, Script
from tests.adapters.receiving import MemoryReception


class Ann(Person):
    def __init__(self, adapter: DiscordAdapter, script: Script, env: simcord.Env) -> None:
        self.adapter = adapter
        self.script = script
        self.env = env
        self.user = env.create_user("ann")

    async def say(self, text: str) -> None:
        await self.user.send_dm(text)

    async def tap(self, approval_id: str) -> None:
        card = self.user.dm_channel.last_message
        assert card is not None
        await self.user.click(card, custom_id=f"ap:{approval_id}:approve")

    def screen(self) -> Sequence[str]:
        return [message.content for message in self.user.dm_channel.history()]

    def address(self) -> Address:
        return Address("discord", str(self.user.id), str(self.user.id))


class TestDiscord(AdapterConformance):
    @pytest.fixture
    async def person(self) -> AsyncIterator[Person]:
        adapter = DiscordAdapter(DiscordOptions("token"), MemoryReception(CARD))
        script = Script()
        async with adapter.listening(script, ()) as client:
            env = simcord.Env(client)
            await env.start()
            yield Ann(adapter, script, env)
            await env.shutdown()
            env.raise_errors()
