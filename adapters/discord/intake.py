"""What people say, ask and tap, on its way to the bot."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import discord
import structlog

from adapters.contract import Address, Command, IncomingMessage, Replies
from adapters.discord.answering import InteractionScreen
from adapters.discord.channels import Channels
from adapters.discord.files import read_files
from adapters.discord.handing import Handing
from adapters.discord.hearing import Hearing, address_of, server_of
from adapters.discord.screens import Screen, Screens
from adapters.discord.showing import Showing
from adapters.discord.tapping import NOT_TAKEN, acknowledged
from adapters.platform import DeliveryFailed, Reception

log = structlog.get_logger(__name__)

NOT_FOR_YOU = "I only talk to people whom my operator has let in."

Interaction = discord.Interaction[Any]
Elsewhere = Callable[[bool], Awaitable[Screen]]


class Intake:
    """Takes in messages, commands and suggestions."""

    def __init__(
        self,
        handing: Handing,
        screens: Screens,
        reception: Reception,
        hearing: Hearing,
        *,
        most_bytes: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._handing = handing
        self._screens = screens
        self._reception = reception
        self._hearing = hearing
        self._most_bytes = most_bytes
        self._clock = clock

    async def take(self, message: discord.Message) -> bool:
        """Take in a message; when this returns it is stored. Say whether it was for the bot."""
        if not self._hearing.concerns(message):
            return False
        away = await self._reception.turned_away(address_of(message), server=server_of(message))
        if away is not None:
            await self._turn_away(address_of(message), away, message.id)
            return True
        try:
            sender = await self._hearing.place(message)
            inbound = await self._hearing.hear(message, sender)
        except Exception as error:
            log.exception("a message could not be read")
            content = f"{message.author.id} in {message.channel.id}: {message.content}"
            await self._reception.set_aside(str(message.id), content, str(error))
            return True
        replies_to = 0 if sender.direct or sender.chat_id == str(message.id) else message.id

        async def elsewhere(private: bool) -> Screen:
            return await self._screens.of(sender, private=private)

        async def show(replies: Replies) -> None:
            screen = await self._screens.of(sender, reply_to=replies_to)
            await Showing(sender, screen, elsewhere).show(replies)

        await self._handing.over(inbound, show)
        return True

    async def command(
        self,
        interaction: Interaction,
        command: Command | None,
        text: str,
        channels: Channels,
        file: discord.Attachment | None = None,
    ) -> None:
        """Take in a slash command, or for None what was asked, and answer it in its own place."""
        private = command is not None and command.private and interaction.guild_id is not None
        lives = await acknowledged(interaction, thinking=True, private=private)
        files, notes = await read_files([file] if file else [], self._most_bytes)
        said = f"/{command.name} {text}".strip() if command else text
        inbound = IncomingMessage(
            sender=address_of(interaction),
            text="\n".join(filter(None, [said, *notes])),
            message_id=str(interaction.id),
            sent_at=interaction.created_at,
            sender_name=interaction.user.display_name,
            attachments=files,
            private=private,
        )
        await self._answer(interaction, inbound, channels, lives=lives)

    async def suggestion(self, interaction: Interaction, text: str, channels: Channels) -> None:
        """Take in a text that was sent with one tap."""
        shown = interaction.message
        private = shown is not None and shown.flags.ephemeral
        lives = await acknowledged(interaction, thinking=True, private=private)
        inbound = IncomingMessage(
            sender=address_of(interaction),
            text=text,
            message_id=str(interaction.id),
            sent_at=interaction.created_at,
            sender_name=interaction.user.display_name,
            private=private,
        )
        await self._answer(interaction, inbound, channels, lives=lives)

    async def _answer(
        self,
        interaction: Interaction,
        inbound: IncomingMessage,
        channels: Channels,
        *,
        lives: bool,
    ) -> None:
        sender = inbound.sender

        async def elsewhere(private: bool) -> Screen:
            return await self._screens.of(sender, private=private)

        screen = InteractionScreen(
            interaction,
            lambda: elsewhere(inbound.private),
            private=inbound.private,
            lives=lives,
            clock=self._clock,
        )
        away = await self._reception.turned_away(sender, server=server_of(interaction))
        if away is not None:
            with suppress(DeliveryFailed):
                await screen.turn_away(away or NOT_FOR_YOU)
            return

        async def show(replies: Replies) -> None:
            try:
                await Showing(sender, screen, elsewhere).show(replies)
            finally:
                with suppress(DeliveryFailed):
                    await screen.close()

        channel = interaction.channel_id or 0
        async with channels.lane(channel):
            try:
                await self._handing.over(inbound, show)
            except Exception:
                log.exception("a command was not taken")
                await screen.send(NOT_TAKEN)
                return
            await channels.spoken_in(channel, interaction.id)

    async def _turn_away(self, sender: Address, text: str, message_id: int) -> None:
        """Say once why somebody may not speak here; an empty text is silence."""
        if not text:
            return
        try:
            screen = await self._screens.of(sender, reply_to=0 if sender.direct else message_id)
            await screen.send(text)
        except DeliveryFailed as failed:
            log.info("somebody could not be told why they may not speak", reason=failed.reason)
