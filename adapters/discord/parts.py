"""The messages in which an answer stands, while it is written and at its end."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence

import discord

from adapters.discord.format import AGAIN
from adapters.discord.screens import Screen
from adapters.platform import DeliveryFailed

Note = Callable[[str], Awaitable[None]]


class Parts:
    """Shows the texts of an answer: edits what stands there already, and sends the rest.

    `note` is told of each message that is sent, as soon as it is known.
    """

    def __init__(self, screen: Screen, note: Note) -> None:
        self._screen = screen
        self._note = note
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._draft = secrets.token_hex(8)
        self._unsure: dict[int, str] = {}

    def stand_already(self, ids: Sequence[str]) -> None:
        """Take these for what stands there; what they say is not known."""
        self._ids, self._texts = list(ids), [""] * len(ids)

    async def preview(self, texts: Sequence[str]) -> None:
        """Show what is written so far."""
        for number, text in enumerate(texts):
            if text.strip():
                nonce = nonce_of(self._draft, number)
                try:
                    await self._show(number, text, nonce=nonce)
                except DeliveryFailed:  # it may stand there nevertheless: the answer takes it over
                    self._unsure[number] = nonce
                    raise

    async def finish(
        self,
        texts: Sequence[str],
        *,
        files: Sequence[discord.File] = (),
        answer_id: str = "",
        again: bool = False,
    ) -> None:
        """Show the whole answer; its last message has the files.

        With `again` the first one that is sent says that it may come twice.
        """
        last = len(texts) - 1
        for number, text in enumerate(texts):
            with_files = files if number == last else ()
            nonce = nonce_of(answer_id, number)
            warned = await self._show(number, text, files=with_files, nonce=nonce, again=again)
            again = again and not warned
        for surplus in self._ids[len(texts) :]:
            await self._screen.delete(surplus)

    async def _show(
        self,
        number: int,
        text: str,
        *,
        files: Sequence[discord.File] = (),
        nonce: str = "",
        again: bool = False,
    ) -> bool:
        """Show one message; True if it was sent, not edited."""
        if number < len(self._ids):
            if self._texts[number] == text and not files:
                return False
            if await self._screen.edit(self._ids[number], text, files=files):
                self._texts[number] = text
                return False
        said = f"{AGAIN}\n{text}" if again else text
        nonce = self._unsure.get(number, nonce)
        part = await self._screen.send(said, files=files, nonce=nonce, standing=text)
        self._ids[number : number + 1] = [part]
        self._texts[number : number + 1] = [text]
        if not self._screen.private:
            await self._note(part)
        return True


def nonce_of(answer_id: str, number: int) -> str:
    """Name a message so that Discord takes it once, however often it is sent in a few minutes."""
    if not answer_id:
        return ""
    return hashlib.sha256(f"{answer_id}/{number}".encode()).hexdigest()[:24]
