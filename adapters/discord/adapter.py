"""Discord as a platform: people in direct chats, servers and threads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord

from adapters.cards import Button
from adapters.contract import Address, Command, Handler, Replies
from adapters.discord.channels import Channels
from adapters.discord.client import Client
from adapters.discord.connecting import NOT_CONNECTED, Connection, connected
from adapters.discord.handing import Handing
from adapters.discord.hearing import Hearing
from adapters.discord.intake import Intake
from adapters.discord.options import PLATFORM, DiscordOptions
from adapters.discord.screens import Screen, Screens
from adapters.discord.showing import Showing
from adapters.discord.tapping import Tapping
from adapters.platform import DeliveryFailed, Reception

WAIT = 300.0
"""Seconds that a message waits for a lost connection before its delivery counts as failed."""

STOP_WITHIN = 5.0
"""Seconds that what is being said may take at a stop; the rest is said after the next start."""

Interaction = discord.Interaction[Any]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """What works while the platform is served."""

    client: Client
    handing: Handing
    screens: Screens
    channels: Channels
    intake: Intake
    tapping: Tapping


class DiscordAdapter:
    """The platform named ``discord``."""

    name = PLATFORM
    pushes = True

    def __init__(
        self,
        options: DiscordOptions,
        reception: Reception,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._options = options
        self._reception = reception
        self._clock = clock
        self._connection = Connection()
        self._service: Service | None = None
        self._leaving = False

    @property
    def problem(self) -> str:
        """Why people cannot be reached at the moment; empty if they can."""
        return self._connection.problem

    @asynccontextmanager
    async def serve(self, handle: Handler, commands: Sequence[Command]) -> AsyncIterator[None]:
        """Take in what people say for as long as the ``with`` lasts.

        A wrong token, or a missing intent, is a `problem`: whom the others serve needs no Discord.
        """
        async with (
            self.listening(handle, commands) as client,
            connected(client, self._options, self._connection),
        ):
            try:
                yield
            finally:
                self._leaving = True
                if self._service is not None and not self._connection.problem:
                    await self._service.handing.finish(STOP_WITHIN)

    @asynccontextmanager
    async def listening(
        self, handle: Handler, commands: Sequence[Command]
    ) -> AsyncIterator[Client]:
        """Give a client that hands over what it hears; somebody else connects it."""
        handing = Handing(handle)
        client = Client(self, commands)

        async def sent(chat: int, message: int) -> None:
            await channels.spoken_in(chat, message)

        screens = Screens(client, sent)
        hearing = Hearing(client, self._options)
        intake = Intake(
            handing,
            screens,
            self._reception,
            hearing,
            most_bytes=self._options.max_attachment_bytes,
            clock=self._clock,
        )
        tapping = Tapping(handing, screens, self._reception, self._clock)
        channels = Channels(
            self._reception, client, intake.take, within=self._options.catch_up, clock=self._clock
        )
        await channels.open()
        self._connection.up.clear()
        self._leaving = False
        self._service = Service(client, handing, screens, channels, intake, tapping)
        try:
            yield client
        finally:
            self._service = None
            self._connection.lost(NOT_CONNECTED)
            self._connection.up.set()  # whoever waits learns that nobody is served any more
            await channels.close()
            await handing.close()

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Show replies in a chat, to their end.

        Raises:
            DeliveryFailed: Discord did not take them.
        """
        await self._until_up()
        service = self._service
        if service is None:
            raise DeliveryFailed("Discord is not served at the moment", retry_after=WAIT)

        async def elsewhere(private: bool) -> Screen:
            return await service.screens.of(to, private=private)

        await Showing(to, await elsewhere(False), elsewhere).show(replies)

    async def _until_up(self) -> None:
        """Wait a while for a lost connection, so that an outage costs few attempts.

        Where only a new start helps that is what is waited for: nothing becomes a dead letter.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._connection.up.wait(), WAIT)
        if self._connection.over:
            await self._connection.up.wait()

    # ------------------------------------------------------------ what the client hears

    async def connected(self, *, resumed: bool) -> None:
        """Serve: what may have been missed is read before anything newer is taken."""
        if self._service is None:
            return
        if not resumed:
            self._service.channels.may_have_missed()
        self._connection.stands()

    async def disconnected(self) -> None:
        """Know that nobody is reached."""
        if self._service is not None:
            self._connection.lost(NOT_CONNECTED)

    async def guilds_known(self) -> None:
        """Read what was missed."""
        if self._service is not None:
            self._service.channels.catch_up()

    async def message(self, message: discord.Message) -> None:
        """Take a message in, in the order of its channel."""
        if self._service is not None and not self._leaving:
            await self._service.channels.arrived(message)

    async def command(
        self,
        interaction: Interaction,
        command: Command | None,
        text: str,
        file: discord.Attachment | None,
    ) -> None:
        """Take a slash command in."""
        if (service := self._service) is not None:
            await service.intake.command(interaction, command, text, service.channels, file)

    async def suggested(self, interaction: Interaction, text: str) -> None:
        """Take a suggestion in."""
        if (service := self._service) is not None:
            await service.intake.suggestion(interaction, text, service.channels)

    async def pressed(self, interaction: Interaction, button: Button) -> None:
        """Take a button of a card in."""
        if self._service is not None:
            await self._service.tapping.pressed(interaction, button)

    async def sent(self, interaction: Interaction, button: Button) -> None:
        """Take a form in."""
        if self._service is not None:
            await self._service.tapping.sent(interaction, button)
