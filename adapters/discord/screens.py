"""Where something is shown: a channel, a thread, a direct chat."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import discord

from adapters.contract import Address
from adapters.discord.failures import (
    NO_HISTORY,
    NOT_THE_AUTHOR,
    UNKNOWN_MESSAGE,
    delivering,
)
from adapters.platform import DeliveryFailed

Buttons = discord.ui.View
Sent = Callable[[int, int], Awaitable[None]]
"""Who is told the ids of a channel and of a message that was sent there."""


class Screen(Protocol):
    """A place of a chat. A part is the id of a message; a `private` place is one person's.

    All of it raises `DeliveryFailed`.
    """

    @property
    def private(self) -> bool:
        """Whether only one person sees it."""
        ...

    @property
    def asked(self) -> bool:
        """Whether somebody waits here for an answer in any case."""
        ...

    async def send(
        self,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
        nonce: str = "",
        standing: str = "",
    ) -> str:
        """Send a message and give its id; the same `nonce` sends it once in a few minutes.

        If it was sent before with that nonce, the message that stands there says `standing` then.
        """
        ...

    async def edit(
        self,
        part: str,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
    ) -> bool:
        """Change a message, also its buttons; False if it is not there any more."""
        ...

    async def delete(self, part: str) -> None:
        """Take a message away."""
        ...

    async def typing(self) -> None:
        """Show that somebody is typing."""
        ...


class ChannelScreen:
    """A channel, a thread or a direct chat. The first message replies to `reply_to`."""

    private = False
    asked = False

    def __init__(
        self,
        channel: discord.PartialMessageable | discord.DMChannel,
        where: str,
        reply_to: int = 0,
        sent: Sent | None = None,
    ) -> None:
        self._channel = channel
        self._where = where
        self._reply_to = reply_to
        self._sent = sent

    async def send(
        self,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
        nonce: str = "",
        standing: str = "",
    ) -> str:
        """Send a message."""
        reply_to, self._reply_to = self._reply_to, 0
        async with delivering(self._where):
            try:
                sent = await self._send(text, buttons, files, nonce, reply_to)
            except discord.HTTPException as refused:
                if refused.code != NO_HISTORY:  # without history there is no replying to anything
                    raise
                sent = await self._send(text, buttons, files, nonce, 0)
        if self._sent is not None:
            await self._sent(self._channel.id, sent.id)
        stands = sent.content.strip()
        if nonce and standing and stands not in (text.strip(), standing.strip()):
            await self.edit(str(sent.id), standing, buttons=buttons, files=files)
        return str(sent.id)

    async def _send(
        self,
        text: str,
        buttons: Buttons | None,
        files: Sequence[discord.File],
        nonce: str,
        reply_to: int,
    ) -> discord.Message:
        reference = discord.MessageReference(
            message_id=reply_to, channel_id=self._channel.id, fail_if_not_exists=False
        )
        for file in files:
            file.reset()
        return await self._channel.send(
            text,
            view=buttons,  # type: ignore[arg-type] # None is its default
            files=list(files),
            nonce=nonce or None,  # type: ignore[arg-type] # as above
            reference=reference if reply_to else None,  # type: ignore[arg-type] # as above
        )

    async def edit(
        self,
        part: str,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
    ) -> bool:
        """Change a message of the bot."""
        message = self._channel.get_partial_message(int(part))
        async with delivering(self._where):
            try:
                if files:
                    await message.edit(content=text, view=buttons, attachments=list(files))
                else:
                    await message.edit(content=text, view=buttons)
            except discord.HTTPException as refused:
                if refused.code in (UNKNOWN_MESSAGE, NOT_THE_AUTHOR):
                    return False
                raise
        return True

    async def delete(self, part: str) -> None:
        """Take a message away, if it is there."""
        async with delivering(self._where):
            try:
                await self._channel.get_partial_message(int(part)).delete()
            except discord.NotFound:
                return

    async def typing(self) -> None:
        """Show for some seconds that somebody is typing."""
        async with delivering(self._where):
            await self._channel.typing()


class Screens:
    """The screens of addresses."""

    def __init__(self, client: discord.Client, sent: Sent) -> None:
        self._client = client
        self._sent = sent

    async def of(self, to: Address, *, private: bool = False, reply_to: int = 0) -> ChannelScreen:
        """Give the place of an address; for what is private the person's direct chat.

        Raises:
            DeliveryFailed: there is no such chat.
        """
        number = to.user_id if private else to.chat_id
        if not (number.isascii() and number.isdecimal()):
            raise DeliveryFailed(f"{number!r} is no id of Discord", final=True)
        if to.direct or private:
            async with delivering(f"the direct chat of {to.user_id}"):
                direct = await self._client.create_dm(discord.Object(int(to.user_id)))
            where = f"the direct chat of {to.user_id}"
            return ChannelScreen(direct, where, reply_to, self._sent)
        channel = self._client.get_partial_messageable(int(number))
        return ChannelScreen(channel, self._name(int(number)), reply_to, self._sent)

    def _name(self, channel_id: int) -> str:
        channel = self._client.get_channel(channel_id)
        guild = getattr(channel, "guild", None)
        return f"#{channel} of {guild}" if channel and guild else f"channel {channel_id}"
