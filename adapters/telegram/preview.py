"""An answer while it is written: a draft in private chats, elsewhere a message that is edited."""

import asyncio
import random

from telegram.error import BadRequest, InvalidToken

from adapters.contract import Replies
from adapters.drafts import Draft
from adapters.telegram.format import ROOM, Part, part_of
from adapters.telegram.place import NO_LINK_PREVIEW, Place
from adapters.telegram.refusals import is_unchanged
from adapters.text import split, utf16_length

DRAFT_PAUSE = 0.7
"""Seconds between two states of a draft: about as fast as people read."""

EDIT_PAUSE = 3.0
"""Seconds between two edits of a message: twenty a minute is all that a group has."""

FEWEST = 12
"""Characters that are worth a message of their own."""

GOES_ON = "… "


class Preview:
    """What is shown of an answer before it is one; it ends with `close`.

    `parts` are the ids of the messages that it took, which the answer then edits.
    """

    def __init__(self, place: Place, replies: Replies, reply_to: int | None) -> None:
        self.parts: tuple[str, ...] = ()
        self._place = place
        self._replies = replies
        self._reply_to = reply_to
        self._draft_id = random.randrange(1, 2**31)
        self._draft = Draft(self._show)
        self._shown = ""

    def add(self, text: str) -> None:
        """Take in a piece of text."""
        self._draft.add(text)

    async def close(self) -> tuple[str, ...]:
        """Show nothing more; give the ids of the messages that stand there, and begin anew."""
        await self._draft.close()
        parts, self.parts = self.parts, ()
        self._draft_id = random.randrange(1, 2**31)
        self._shown = ""
        return parts

    async def _show(self, text: str) -> float:
        """Show the end of the text, which is what is being written."""
        part = await asyncio.to_thread(_end_of, text)
        if part.text == self._shown or not part.text.strip() or utf16_length(part.text) > ROOM + 90:
            return DRAFT_PAUSE
        drafts = self._place.private and self._place.chat_id not in self._place.wire.without_drafts
        left = await (self._as_draft(part) if drafts else self._as_message(part))
        if left:
            self._draft.add("")  # what was not shown is tried again
            return min(left, 60.0)
        self._shown = part.text
        return DRAFT_PAUSE if drafts else EDIT_PAUSE

    async def _as_draft(self, part: Part) -> float:
        place = self._place

        async def draft(chat: int) -> object:
            return await place.wire.bot.send_message_draft(
                chat,
                self._draft_id,
                part.text,
                message_thread_id=place.topic,
                entities=part.entities or None,
            )

        try:
            return (await place.wire.try_once(place.chat_id, draft, counts=False))[1]
        except (BadRequest, InvalidToken):  # an older server of one's own has no drafts
            place.wire.without_drafts.add(place.chat_id)
            return EDIT_PAUSE

    async def _as_message(self, part: Part) -> float:
        place = self._place
        if not self.parts and len(part.text) < FEWEST:
            return 0.0

        async def send(chat: int) -> int:
            message = await place.wire.bot.send_message(
                chat,
                part.text,
                entities=part.entities or None,
                message_thread_id=place.topic,
                reply_to_message_id=self._reply_to,
                allow_sending_without_reply=True,
                link_preview_options=NO_LINK_PREVIEW,
            )
            return message.message_id

        async def edit(chat: int) -> object:
            return await place.wire.bot.edit_message_text(
                part.text,
                chat,
                int(self.parts[0]),
                entities=part.entities or None,
                link_preview_options=NO_LINK_PREVIEW,
            )

        if self.parts:
            try:
                return (await place.wire.try_once(place.chat_id, edit, counts=True))[1]
            except BadRequest as error:
                if is_unchanged(error):
                    return 0.0
                raise
        sent, left = await place.wire.try_once(place.chat_id, send, counts=True)
        if sent is not None:
            self.parts = (str(sent),)
            await self._replies.shown(self.parts[0])
        return left


def _end_of(text: str) -> Part:
    last = split(text, ROOM, utf16_length)[-1]
    part = part_of(last)
    return part.after(GOES_ON) if len(last) < len(text) else part
