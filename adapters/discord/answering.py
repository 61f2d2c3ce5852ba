"""Where a command is answered: in its own place while Discord lets the bot."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import discord

from adapters.discord.failures import (
    STALE_TOKEN,
    UNKNOWN_INTERACTION,
    UNKNOWN_WEBHOOK,
    delivering,
)
from adapters.discord.screens import Buttons, Screen

ANSWERABLE = timedelta(minutes=14)
"""How long an interaction is answered in its own place; Discord ends it after 15 minutes."""

STALE = (STALE_TOKEN, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION)
HERE = "the answer to a command"


class InteractionScreen:
    """The answer to a command: first in place of "is thinking…", then below it.

    After 14 minutes, or where the interaction does not live, it is `elsewhere`: the channel, or
    for what is private the person's direct chat.
    """

    asked = True

    def __init__(
        self,
        interaction: discord.Interaction,
        elsewhere: Callable[[], Awaitable[Screen]],
        *,
        private: bool,
        lives: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self.private = private
        self._interaction = interaction
        self._elsewhere = elsewhere
        self._lives = lives
        self._clock = clock
        self._until = clock() + ANSWERABLE
        self._original = ""
        self._followed: set[str] = set()

    async def send(
        self,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
        nonce: str = "",
        standing: str = "",
    ) -> str:
        """Answer, or send it elsewhere."""
        if self._answerable:
            async with delivering(HERE):
                try:
                    return await self._answer(text, buttons, files)
                except discord.HTTPException as refused:
                    if refused.code not in STALE:
                        raise
                    self._lives = False
        screen = await self._elsewhere()
        return await screen.send(text, buttons=buttons, files=files, nonce=nonce, standing=standing)

    async def edit(
        self,
        part: str,
        text: str,
        *,
        buttons: Buttons | None = None,
        files: Sequence[discord.File] = (),
    ) -> bool:
        """Change an answer, or a message of the channel."""
        mine = part == self._original or part in self._followed
        if mine and self._answerable:
            async with delivering(HERE):
                if files:
                    await self._interaction.followup.edit_message(
                        int(part), content=text, view=buttons, attachments=list(files)
                    )
                else:
                    await self._interaction.followup.edit_message(
                        int(part), content=text, view=buttons
                    )
            return True
        if mine and self.private:
            return False
        return await (await self._elsewhere()).edit(part, text, buttons=buttons, files=files)

    async def delete(self, part: str) -> None:
        """Take an answer away."""
        if self._answerable and (part == self._original or part in self._followed):
            async with delivering(HERE):
                await self._interaction.followup.delete_message(int(part))

    async def typing(self) -> None:
        """Do nothing: it says that the bot is thinking."""

    async def close(self) -> None:
        """Take "is thinking…" away if nothing was said."""
        if self._answerable and not self._original:
            async with delivering(HERE):
                try:
                    await self._interaction.delete_original_response()
                except discord.NotFound:
                    return

    @property
    def _answerable(self) -> bool:
        return self._lives and self._clock() < self._until

    async def turn_away(self, text: str) -> None:
        """Tell this person alone why nothing is done."""
        if not self._lives:
            return
        async with delivering(HERE):
            if self._interaction.guild_id is None or self.private:
                await self._interaction.edit_original_response(content=text)
                return
            # What everybody sees as "is thinking…" cannot become private.
            await self._interaction.delete_original_response()
            await self._interaction.followup.send(text, ephemeral=True)

    async def _answer(
        self, text: str, buttons: Buttons | None, files: Sequence[discord.File]
    ) -> str:
        if not self._original:
            first = await self._interaction.edit_original_response(
                content=text, view=buttons, attachments=list(files)
            )
            self._original = str(first.id)
            return self._original
        sent = await self._interaction.followup.send(
            text,
            view=buttons or discord.utils.MISSING,
            files=list(files),
            ephemeral=self.private,
            wait=True,
        )
        self._followed.add(str(sent.id))
        return str(sent.id)
