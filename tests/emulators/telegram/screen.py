"""What people see: waiting for it, messages with their buttons and edits, drafts, typing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.emulators.telegram.keyboards import Button, buttons
from tests.emulators.telegram.refusals import Json

if TYPE_CHECKING:
    from tests.emulators.telegram.chats import Chat

T = TypeVar("T")


class Watch:
    """Waits until something can be seen, without looking at a clock in between."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def changed(self) -> None:
        """Let everyone who waits look again."""
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, condition: Callable[[], T], within: float = 20) -> T:
        """Return what the condition gives as soon as it is true.

        Raises:
            TimeoutError: It was not so within this many seconds.
        """
        async with asyncio.timeout(within):
            while not (seen := condition()):
                change = asyncio.get_running_loop().create_future()
                self._waiting.add(change)
                await change
            return seen


@dataclass(frozen=True)
class Version:
    """A message as it was for a while; `at` is when it became so, in seconds."""

    body: Json
    markup: Json | None
    at: float

    @property
    def text(self) -> str:
        """The text or caption."""
        return str(self.body.get("text", self.body.get("caption", "")))

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of buttons."""
        return buttons(self.markup)


@dataclass
class Shown:
    """A message in a chat, as people see it now; `history` has every version, oldest first."""

    chat: "Chat"
    message_id: int
    sender: Json | None
    history: list[Version]
    topic: int | None = None
    reply_to: "Shown | None" = None
    extra: Json = field(default_factory=dict)
    deleted: bool = False
    reactions: tuple[str, ...] = ()

    @property
    def now(self) -> Version:
        """The version that is shown now."""
        return self.history[-1]

    @property
    def text(self) -> str:
        """The text or caption."""
        return self.now.text

    @property
    def entities(self) -> list[Json]:
        """The entities of the text or caption."""
        body = self.now.body
        return [*body.get("entities", ()), *body.get("caption_entities", ())]

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of buttons."""
        return self.now.buttons

    @property
    def labels(self) -> list[str]:
        """The words on the buttons, in order of reading."""
        return [button.text for row in self.buttons for button in row]

    @property
    def by_bot(self) -> bool:
        """Whether a bot wrote it."""
        return bool(self.sender and self.sender["is_bot"])

    @property
    def edits(self) -> list[str]:
        """The texts that it had before, oldest first."""
        return [version.text for version in self.history[:-1]]

    def button(self, label: str, *, old: bool = False) -> Button:
        """Return the button with these words; with `old` also one that is gone."""
        for version in reversed(self.history if old else self.history[-1:]):
            for row in version.buttons:
                for button in row:
                    if button.text == label:
                        return button
        raise LookupError(f"No button {label!r} among {self.labels} under {self.text!r}")

    def json(self, *, with_reply: bool = True) -> Json:
        """Return the Message of the Bot API, as it is now."""
        if self.deleted:
            return {"chat": self.chat.json(), "message_id": self.message_id, "date": 0}
        message: Json = {
            "message_id": self.message_id,
            "chat": self.chat.json(),
            "date": int(self.history[0].at),
            **self.extra,
            **self.now.body,
        }
        if self.sender is not None:
            message["from"] = self.sender
        else:
            message["sender_chat"] = self.chat.json()
        if len(self.history) > 1 and not self.now.body.keys() & {"migrate_to_chat_id"}:
            message["edit_date"] = int(self.now.at)
        if self.now.markup and "inline_keyboard" in self.now.markup:
            message["reply_markup"] = self.now.markup
        if self.topic is not None:
            message["message_thread_id"] = self.topic
            if self.topic in self.chat.topics:
                message["is_topic_message"] = True
        if with_reply and self.reply_to is not None and not self.reply_to.deleted:
            message["reply_to_message"] = self.reply_to.json(with_reply=False)
        return message


@dataclass(frozen=True)
class Draft:
    """A preview of a text that is being written; empty means that the bot is thinking.

    `after` is how many messages the chat had had by then.
    """

    draft_id: int
    text: str
    entities: list[Json]
    topic: int | None
    at: float
    after: int


@dataclass(frozen=True)
class Action:
    """What the bot is said to be doing, such as `typing`; Telegram shows it for five seconds."""

    action: str
    topic: int | None
    at: float
