"""A place to write in: a chat, or a topic of it, with the verbs that the bot needs there."""

from dataclasses import dataclass

import structlog
from telegram import (
    ForceReply,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest

from adapters.contract import Address, Attachment
from adapters.platform import DeliveryFailed
from adapters.telegram.format import Part
from adapters.telegram.refusals import is_not_there, is_unchanged
from adapters.telegram.wire import Wire

log = structlog.get_logger(__name__)

Markup = InlineKeyboardMarkup | ForceReply
NO_LINK_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""Telegram would fetch the address that a model wrote, whatever it gives away."""

PICTURES = frozenset({"image/jpeg", "image/png"})
LARGEST_PICTURE = 10_000_000
"""What Telegram takes as a photo, in bytes; anything else goes as a document."""

MOST_PATIENCE = 300.0
"""The longest pause, in seconds, after which a card is still tried again."""


@dataclass(frozen=True, slots=True)
class Place:
    """One chat or topic."""

    wire: Wire
    chat_id: int
    topic: int | None = None

    @property
    def private(self) -> bool:
        """Whether it is a chat with one person: only those have positive ids."""
        return self.chat_id > 0

    async def send(
        self, part: Part, *, markup: Markup | None = None, reply_to: int | None = None
    ) -> str:
        """Write a message and give its id; plain, if Telegram does not take the formatting."""
        try:
            message = await self._send(part, markup, reply_to)
        except BadRequest as error:
            if not part.entities:
                raise
            self._note_fallback(error)
            message = await self._send(Part(part.source, part.source), markup, reply_to)
        return str(message.message_id)

    async def send_card(
        self, part: Part, *, markup: InlineKeyboardMarkup, reply_to: int | None, warning: str
    ) -> str:
        """Write a card, however often it takes; one that may come twice says so.

        A card is no message of the bot's that would be tried again by others.
        """
        pause = 1.0
        while True:
            try:
                return await self.send(part, markup=markup, reply_to=reply_to)
            except DeliveryFailed as failed:
                if failed.final or pause > MOST_PATIENCE:
                    raise
                log.info("a card is sent again", reason=failed.reason)
            if not part.text.startswith(warning):
                part = part.after(warning)
            await self.wire.budget.sleep(pause)
            pause *= 2

    async def edit(
        self, message_id: str, part: Part, *, markup: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Let a message say this from now on; False if there is none that could."""
        try:
            await self._edit(message_id, part, markup)
        except BadRequest as error:
            if is_unchanged(error):
                return True
            if is_not_there(error):
                return False
            if not part.entities:
                raise
            self._note_fallback(error)
            try:
                await self._edit(message_id, Part(part.source, part.source), markup)
            except BadRequest as again:
                if not is_unchanged(again):
                    raise
        return True

    async def send_file(self, file: Attachment, *, reply_to: int | None = None) -> str:
        """Send a file, a picture as a photo."""
        content = InputFile(file.content, filename=file.name, read_file_handle=False)
        reply = _reply(reply_to)

        async def as_photo(chat: int) -> Message:
            return await self.wire.bot.send_photo(
                chat, content, message_thread_id=self.topic, reply_parameters=reply
            )

        async def as_document(chat: int) -> Message:
            return await self.wire.bot.send_document(
                chat, content, message_thread_id=self.topic, reply_parameters=reply
            )

        if file.media_type in PICTURES and len(file.content) <= LARGEST_PICTURE:
            try:
                message = await self.wire.insist(self.chat_id, as_photo)
            except BadRequest as error:
                log.info("a picture goes as a document", error=error.message)
            else:
                return str(message.message_id)
        return str((await self.wire.insist(self.chat_id, as_document)).message_id)

    async def change_buttons(self, message_id: int, markup: InlineKeyboardMarkup) -> None:
        """Put other buttons under a message."""

        async def change(chat: int) -> object:
            return await self.wire.bot.edit_message_reply_markup(
                chat, message_id, reply_markup=markup
            )

        try:
            await self.wire.insist(self.chat_id, change, harmless=True)
        except BadRequest as error:
            if not (is_unchanged(error) or is_not_there(error)):
                raise

    async def delete(self, message_id: str) -> None:
        """Take a message away, if that can be."""

        async def delete(chat: int) -> object:
            return await self.wire.bot.delete_message(chat, int(message_id))

        try:
            await self.wire.insist(self.chat_id, delete, harmless=True)
        except BadRequest as error:
            log.debug("a message was not deleted", error=error.message)

    async def type(self) -> None:
        """Show that somebody is typing, if there is room for it."""

        async def act(chat: int) -> object:
            return await self.wire.bot.send_chat_action(
                chat, ChatAction.TYPING, message_thread_id=self.topic
            )

        await self.wire.try_once(self.chat_id, act, counts=False)

    async def _send(self, part: Part, markup: Markup | None, reply_to: int | None) -> Message:
        async def send(chat: int) -> Message:
            return await self.wire.bot.send_message(
                chat,
                part.text,
                entities=part.entities or None,
                message_thread_id=self.topic,
                reply_markup=markup,
                reply_parameters=_reply(reply_to),
                link_preview_options=NO_LINK_PREVIEW,
            )

        return await self.wire.insist(self.chat_id, send)

    async def _edit(
        self, message_id: str, part: Part, markup: InlineKeyboardMarkup | None
    ) -> object:
        async def edit(chat: int) -> object:
            return await self.wire.bot.edit_message_text(
                part.text,
                chat,
                int(message_id),
                entities=part.entities or None,
                reply_markup=markup,
                link_preview_options=NO_LINK_PREVIEW,
            )

        return await self.wire.insist(self.chat_id, edit, harmless=True)

    def _note_fallback(self, error: BadRequest) -> None:
        self.wire.fallbacks += 1
        log.warning(
            "Telegram did not take the formatting, so the text went plain",
            error=error.message,
            so_far=self.wire.fallbacks,
        )


def place_of(wire: Wire, to: Address) -> Place:
    """Give the place of an address."""
    return Place(wire, int(to.chat_id), int(to.topic_id) if to.topic_id else None)


def _reply(message_id: int | None) -> ReplyParameters | None:
    if message_id is None:
        return None
    return ReplyParameters(message_id, allow_sending_without_reply=True)
