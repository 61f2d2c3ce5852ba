"""A person with a Telegram client: writes, taps, edits, reacts, joins, leaves, blocks."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.emulators.telegram import media
from tests.emulators.telegram.refusals import Json
from tests.emulators.telegram.screen import Shown
from tests.emulators.telegram.text import found_in, pieces, units

if TYPE_CHECKING:
    from tests.emulators.telegram.chats import Chat
    from tests.emulators.telegram.world import World

LONGEST_TEXT = 4096
ANSWERED_WITHIN = 60.0
"""For how many seconds a tap can be answered; Telegram says only that it is a short time."""


@dataclass(frozen=True)
class Answer:
    """What a person sees after a tap: a line at the top, or an alert to close; or nothing."""

    text: str
    alert: bool


@dataclass
class Tap:
    """A tap on a button that waits for its answer."""

    query_id: str
    at: float
    answer: asyncio.Future[Answer]

    async def answered(self, within: float = 20) -> Answer:
        """Return the answer that the person sees."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self.answer)


class Person:
    """Somebody with an account. Where no chat is named, it is their chat with the bot."""

    def __init__(
        self, world: "World", user_id: int, name: str, username: str, *, is_bot: bool = False
    ) -> None:
        self._world = world
        self.user_id = user_id
        self.name = name
        self.username = username
        self.language = "en"
        self.is_bot = is_bot

    @property
    def chat(self) -> "Chat":
        """The chat with the bot."""
        return self._world.private_chat(self)

    def json(self) -> Json:
        """Return the User of the Bot API."""
        return {
            "id": self.user_id,
            "is_bot": self.is_bot,
            "first_name": self.name,
            "username": self.username,
            "language_code": self.language,
        }

    def press_start(self, payload: str = "") -> Shown:
        """Open the chat with the bot."""
        return self.say(f"/start {payload}".strip())

    def say(
        self,
        text: str,
        chat: "Chat | None" = None,
        *,
        reply_to: Shown | None = None,
        topic: int | None = None,
        entities: list[Json] | None = None,
    ) -> Shown:
        """Write a text; commands, mentions and links in it are found as a client finds them."""
        if not 0 < units(text) <= LONGEST_TEXT:
            raise ValueError("A client cannot send this as one message: see say_long")
        body: Json = {"text": text}
        if found := found_in(text) + (entities or []):
            body["entities"] = found
        return self.send(body, chat, reply_to=reply_to, topic=topic)

    def say_long(self, text: str, chat: "Chat | None" = None) -> list[Shown]:
        """Write a text that the client splits, because it is longer than a message may be."""
        return [self.say(one, chat) for one in pieces(text, LONGEST_TEXT)]

    def send_photo(
        self, chat: "Chat | None" = None, *, content: bytes = media.PNG, caption: str = ""
    ) -> Shown:
        """Send a picture."""
        return self.send(media.photo(self._world, content) | media.caption(caption), chat)

    def send_document(
        self,
        content: bytes,
        name: str,
        mime_type: str = "text/plain",
        chat: "Chat | None" = None,
        *,
        caption: str = "",
    ) -> Shown:
        """Send a file."""
        body = media.document(self._world, content, name, mime_type)
        return self.send(body | media.caption(caption), chat)

    def send_voice(self, chat: "Chat | None" = None, *, seconds: int = 3) -> Shown:
        """Send a voice message."""
        return self.send(media.voice(self._world, seconds), chat)

    def send_album(
        self, pictures: list[bytes], caption: str = "", chat: "Chat | None" = None
    ) -> list[Shown]:
        """Send several pictures as one album; the caption is on the first."""
        group = {"media_group_id": str(13_000_000_000_000_000 + next(self._world.numbers))}
        return [
            self.send(
                media.photo(self._world, picture) | media.caption(caption if not at else ""),
                chat,
                extra=group,
            )
            for at, picture in enumerate(pictures)
        ]

    def send_poll(self, question: str, *options: str, chat: "Chat | None" = None) -> Shown:
        """Send a poll."""
        return self.send(media.poll(self._world, question, options), chat)

    def forward(
        self, texts: list[str], of: "Person", chat: "Chat | None" = None, *, comment: str = ""
    ) -> list[Shown]:
        """Forward what somebody wrote elsewhere, after a comment if there is one."""
        sent = [self.say(comment, chat)] if comment else []
        origin = {"type": "user", "sender_user": of.json(), "date": int(self._world.clock()) - 60}
        for text in texts:
            body: Json = {"text": text}
            if found := found_in(text):
                body["entities"] = found
            sent.append(self.send(body, chat, extra={"forward_origin": origin}))
        return sent

    def send(
        self,
        body: Json,
        chat: "Chat | None" = None,
        *,
        reply_to: Shown | None = None,
        topic: int | None = None,
        extra: Json | None = None,
    ) -> Shown:
        """Send what the other verbs have put together; writing to the bot opens its chat."""
        place = chat or self.chat
        if place.kind != "private" and place.statuses.get(self.user_id, "left") == "left":
            raise PermissionError(f"{self.name} is not in {place.title} and cannot write there")
        if place.kind == "private" and place.blocked:
            self.unblock()
        place.started = True
        message = place.add(self.json(), body, reply_to=reply_to, topic=topic, extra=extra)
        place.arrived(message)
        return message

    def edit(self, message: Shown, text: str) -> None:
        """Change what they wrote."""
        body: Json = {"text": text}
        if found := found_in(text):
            body["entities"] = found
        message.chat.change(message, body, None)
        message.chat.arrived(message, "edited_message")

    def delete(self, message: Shown) -> None:
        """Delete a message; bots are not told."""
        message.deleted = True
        self._world.watch.changed()

    def react(self, message: Shown, emoji: str) -> None:
        """Put a reaction to a message; in groups only an administrator bot gets it."""
        chat = message.chat
        old = [{"type": "emoji", "emoji": one} for one in message.reactions]
        message.reactions = (emoji,)
        self._world.watch.changed()
        if chat.kind == "private" or chat.bot_status == "administrator":
            content = {
                "chat": chat.json(),
                "message_id": message.message_id,
                "user": self.json(),
                "date": int(self._world.clock()),
                "old_reaction": old,
                "new_reaction": [{"type": "emoji", "emoji": emoji}],
            }
            self._world.push("message_reaction", content, chat.chat_id)

    def join(self, chat: "Chat") -> Shown:
        """Join a group."""
        chat.people[self.user_id] = self
        chat.statuses[self.user_id] = "member"
        message = chat.add(self.json(), {"new_chat_members": [self.json()]})
        chat.arrived(message)
        return message

    def leave(self, chat: "Chat") -> Shown:
        """Leave a group."""
        chat.statuses[self.user_id] = "left"
        message = chat.add(self.json(), {"left_chat_member": self.json()})
        chat.arrived(message)
        return message

    def block(self) -> None:
        """Block the bot."""
        chat = self.chat
        self._world.tell_membership(chat, self, "member", "kicked")
        chat.blocked = True

    def unblock(self) -> None:
        """Let the bot write again."""
        chat = self.chat
        chat.blocked = False
        self._world.tell_membership(chat, self, "kicked", "member")

    def press(self, message: Shown, label: str, *, old: bool = False) -> Tap:
        """Tap a button and do not wait; with `old` one that an old client still shows."""
        button = message.button(label, old=old)
        if button.data is None:
            raise LookupError(f"The button {label!r} opens a link and tells the bot nothing")
        loop = asyncio.get_running_loop()
        query_id = str(4_382_611_000_000_000_000 + next(self._world.numbers))
        tap = Tap(query_id, self._world.clock(), loop.create_future())
        self._world.taps[query_id] = tap
        content = {
            "id": query_id,
            "from": self.json(),
            "message": message.json(),
            "chat_instance": str(-7_000_000_000_000 + message.chat.chat_id),
            "data": button.data,
        }
        self._world.push("callback_query", content, self.user_id)
        return tap

    async def tap(
        self, message: Shown, label: str, *, old: bool = False, within: float = 20
    ) -> Answer:
        """Tap a button and return the answer that the person sees."""
        return await self.press(message, label, old=old).answered(within)
