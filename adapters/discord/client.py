"""discord.py's client: what it is told to listen to, and who hears of it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import discord
import structlog
from discord import app_commands

from adapters.cards import Button, read_button
from adapters.contract import Command
from adapters.discord.buttons import CardButton, SuggestionButton
from adapters.discord.commands import slash_commands
from adapters.discord.failures import REFUSED

log = structlog.get_logger(__name__)

LONGEST_HOLD = 60.0
"""Seconds that the library waits when Discord wants fewer requests; beyond, the bot waits."""

GUILDS_WITHIN = 0.5
"""Seconds without a further server after which all servers are known."""

Interaction = discord.Interaction[Any]


class Listener(Protocol):
    """Who hears of what happens."""

    async def connected(self, *, resumed: bool) -> None:
        """Hear that Discord listens; if not `resumed`, things may have been missed."""
        ...

    async def disconnected(self) -> None:
        """Hear that the connection is lost."""
        ...

    async def guilds_known(self) -> None:
        """Hear that the servers and their channels are known."""
        ...

    async def message(self, message: discord.Message) -> None:
        """Hear a message."""
        ...

    async def command(
        self,
        interaction: Interaction,
        command: Command | None,
        text: str,
        file: discord.Attachment | None,
    ) -> None:
        """Hear a slash command; None is `/ask`."""
        ...

    async def pressed(self, interaction: Interaction, button: Button) -> None:
        """Hear that a button of a card was pressed."""
        ...

    async def suggested(self, interaction: Interaction, text: str) -> None:
        """Hear that a suggestion was pressed."""
        ...

    async def sent(self, interaction: Interaction, button: Button) -> None:
        """Hear that a form was sent."""
        ...


class Client(discord.Client):
    """The connection to Discord. It keeps no messages and no members."""

    def __init__(self, listener: Listener, commands: Sequence[Command]) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody calls here
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        intents.message_content = True
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILDS_WITHIN,
            max_ratelimit_timeout=LONGEST_HOLD,
        )
        self._listener = listener
        self.tree: app_commands.CommandTree[Client] = app_commands.CommandTree(self)
        for command in slash_commands(commands, listener.command):
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        """Know the buttons of all cards, and list the commands."""
        self.add_dynamic_items(CardButton, SuggestionButton)
        try:
            await self.tree.sync()
        except REFUSED as error:
            log.warning("the slash commands could not be listed", error=str(error))

    async def on_connect(self) -> None:
        """Pass on that a new connection stands: what was missed does not come by itself."""
        await self._listener.connected(resumed=False)

    async def on_resumed(self) -> None:
        """Pass on that the connection stands again, and Discord repeats what was missed."""
        await self._listener.connected(resumed=True)

    async def on_disconnect(self) -> None:
        """Pass on that the connection is lost."""
        await self._listener.disconnected()

    async def on_ready(self) -> None:
        """Pass on that the servers are known."""
        await self._listener.guilds_known()

    async def on_message(self, message: discord.Message) -> None:
        """Pass a message on."""
        await self._listener.message(message)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Pass a form on; the library itself forgets forms when it ends."""
        if interaction.type is discord.InteractionType.modal_submit:
            data: Any = interaction.data
            button = read_button(data["custom_id"])
            if button is not None:
                await self._listener.sent(interaction, button)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """Log what failed, without what was said."""
        log.exception(  # noqa: LOG004 - the library calls this while it handles the error
            "an event of Discord was not handled", event_name=event_method
        )

    async def pressed(self, interaction: Interaction, button: Button) -> None:
        """Pass a button on."""
        await self._listener.pressed(interaction, button)

    async def suggested(self, interaction: Interaction, text: str) -> None:
        """Pass a suggestion on."""
        await self._listener.suggested(interaction, text)

    async def last(self, channel_id: int) -> int | None:
        """Give the id of the newest message of a channel."""
        channel = self.get_channel(channel_id) or await self.fetch_channel(channel_id)
        return getattr(channel, "last_message_id", None)

    async def after(self, channel_id: int, message_id: int) -> AsyncIterator[discord.Message]:
        """Give what was written in a channel after a message, oldest first."""
        channel = self.get_channel(channel_id) or await self.fetch_channel(channel_id)
        if isinstance(channel, discord.abc.Messageable):
            since = discord.Object(message_id)
            async for message in channel.history(limit=None, after=since, oldest_first=True):
                yield message
