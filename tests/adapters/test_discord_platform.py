"""Discord keeps the agreement, inside the process and over sockets."""

from collections.abc import AsyncIterator, Sequence

import pytest
import simcord

from adapters.contract import Address
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.options import DiscordOptions
from tests.adapters.conformance import CARD, AdapterConformance, Person, Script
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord, discord_server


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


class Ben(Person):
    """Somebody on a Discord that is reached over sockets."""

    def __init__(self, adapter: DiscordAdapter, script: Script, discord: Discord) -> None:
        self.adapter = adapter
        self.script = script
        self._discord = discord
        self._ben = discord.user("ben")
        self._chat = discord.direct(self._ben)
        self._taken = 0

    async def say(self, text: str) -> None:
        self._discord.say(self._chat, self._ben, text)
        await self._at_rest()

    async def tap(self, approval_id: str) -> None:
        custom_id = f"ap:{approval_id}:approve"
        self._discord.click_custom(self._chat.messages[-1], custom_id, self._ben)
        await self._at_rest()

    def screen(self) -> Sequence[str]:
        return self._chat.texts

    def address(self) -> Address:
        return Address("discord", str(self._ben.id), str(self._ben.id))

    async def _at_rest(self) -> None:
        """Wait until one more thing was taken, and all of it is shown."""
        self._taken += 1
        service = vars(self.adapter)["_service"]
        await self._discord.until(
            lambda: (
                len(self.script.seen) == self._taken and not vars(service.handing)["_conversing"]
            )
        )


class TestDiscordOverSockets(AdapterConformance):
    @pytest.fixture
    async def person(self) -> AsyncIterator[Person]:
        async with discord_server() as discord:
            options = DiscordOptions(discord.token, discord.api_url, discord.gateway_url)
            adapter, script = DiscordAdapter(options, MemoryReception(CARD)), Script()
            async with adapter.serve(script, ()):
                yield Ben(adapter, script, discord)
