"""Commands, buttons and modals: what a person began, and what the bot made of it.

Rules: developer documentation, "Receiving and responding to interactions": 3 seconds to
acknowledge, once; then 15 minutes to follow up.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.discord.bodies import Body
from tests.emulators.discord.chat import EPHEMERAL, LOADING, Chat, Pings
from tests.emulators.discord.composing import changes, compose
from tests.emulators.discord.forms import check_modal
from tests.emulators.discord.payloads import channel_json, member_json, message_json, user_json
from tests.emulators.discord.permissions import USUAL
from tests.emulators.discord.refusals import (
    already_acknowledged,
    fault,
    invalid_form,
    invalid_webhook_token,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from tests.emulators.discord.world import COMMAND_ANSWER, JSON, Channel, Message, User, every

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 1, 4, 5, 6, 7, 8, 9
FOR_KIND = {
    COMMAND: (ANSWER, DEFER, SHOW_MODAL),
    COMPONENT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, SHOW_MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE),
}
"""The answers that each kind of interaction may be given."""


@dataclass(frozen=True)
class Modal:
    """A form that was opened for one person: `inputs` are its fields as the bot described them."""

    custom_id: str
    title: str
    components: list[JSON]
    opened_by: "Interaction"

    @property
    def inputs(self) -> list[JSON]:
        """The fields, each with the label that the person reads."""
        found = []
        for one in every(self.components):
            if one["type"] == 18:
                found.append(one["component"] | {"label": one["label"]})
            elif one["type"] == 4 and one.get("label"):
                found.append(one)
        return found


@dataclass(eq=False, repr=False)
class Interaction:
    """What a person began. `answered` is the type of the first answer, 0 while there is none.

    `failed` is what the person is shown when the bot was too late. `messages` came of it.
    """

    id: int
    token: str
    kind: int
    channel: Channel
    user: User
    data: JSON
    began: float
    message: Message | None = None
    answered: int = 0
    failed: str = ""
    modal: Modal | None = None
    choices: list[JSON] = field(default_factory=list)
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)

    def __repr__(self) -> str:
        told = self.data.get("name") or self.data.get("custom_id")
        return f"<{told!r} of {self.user.name}, answered {self.answered}, {self.failed!r}>"

    @property
    def private(self) -> list[str]:
        """The words that only this person was told."""
        return [one.text for one in self.messages if one.only_for is not None]


class Interactions:
    """All of them; times are in seconds."""

    def __init__(self, chat: Chat, changed: Callable[[], None]) -> None:
        self.chat = chat
        self.world = chat.world
        self.changed = changed
        self.all: dict[int, Interaction] = {}
        self.acknowledge_within = 3.0
        self.token_lives = 15 * 60.0

    def begin(
        self, kind: int, channel: Channel, user: User, data: JSON, message: Message | None = None
    ) -> Interaction:
        """Tell the bot what a person did, and give it its 3 seconds."""
        clock = self.world.clock
        number, token = clock.snowflake(), secrets.token_urlsafe(48)
        begun = Interaction(number, token, kind, channel, user, data, clock.now(), message)
        self.all[begun.id] = begun
        loop = asyncio.get_running_loop()
        loop.call_later(self.acknowledge_within, self._too_late, begun)
        self.chat.gateway.dispatch("INTERACTION_CREATE", self.told(begun))
        return begun

    def told(self, begun: Interaction) -> JSON:
        """Return the event as the bot gets it."""
        guild = begun.channel.guild
        owners = {"0": str(guild.id if guild else 0)}
        permissions = {"permissions": str(int(USUAL))}
        event: JSON = {
            "id": str(begun.id),
            "application_id": str(self.world.application_id),
            "type": begun.kind,
            "token": begun.token,
            "version": 1,
            "data": begun.data,
            "channel_id": str(begun.channel.id),
            "channel": channel_json(self.world, begun.channel) | permissions,
            "app_permissions": str(int(USUAL & ~begun.channel.bot_lacks)),
            "locale": "en-US",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners,
            "context": 0 if guild else 1,
            "attachment_size_limit": self.world.largest_upload,
        }
        if guild:
            may = {"permissions": str(int(guild.permissions_of(begun.user)))}
            event["guild_id"], event["guild_locale"] = str(guild.id), "en-US"
            event["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
            event["member"] = member_json(guild, begun.user) | may
        else:
            event["user"] = user_json(begun.user)
        if begun.message is not None:
            event["message"] = message_json(self.world, begun.message)
        return event

    def _too_late(self, begun: Interaction) -> None:
        if not begun.answered and begun.kind != AUTOCOMPLETE:
            command = begun.kind == COMMAND
            words = "The application did not respond" if command else "This interaction failed"
            begun.failed = words
            self.changed()

    # ------------------------------------------------------------------ the first answer

    def answer(self, number: int, token: str, body: Body) -> JSON:
        """Take the first answer: a message, a promise of one, an update, choices or a modal."""
        begun = self.all.get(number)
        if begun is None or begun.token != token or begun.failed:
            raise unknown_interaction()
        if begun.answered:
            raise already_acknowledged()
        kind = body.payload.get("type")
        if kind not in FOR_KIND[begun.kind]:
            words = f"Value must be one of {{{', '.join(map(str, FOR_KIND[begun.kind]))}}}."
            raise invalid_form({"type": fault("BASE_TYPE_CHOICES", words)})
        if kind in (DEFER_UPDATE, UPDATE) and begun.message is None:
            raise invalid_form({"type": fault("BASE_TYPE_CHOICES", "There is no message.")})
        self._act(begun, kind, body)
        begun.answered = kind
        self.changed()
        return self._outcome(begun, kind)

    def _act(self, begun: Interaction, kind: int, body: Body) -> None:
        data = body.payload.get("data") or {}
        if kind == ANSWER:
            message = compose(self.world, begun.channel, body, under="data")
            begun.original = self._show(begun, message, data)
        elif kind == DEFER:
            number = self.world.clock.snowflake()
            message = Message(number, begun.channel, self.world.bot, thinking=True)
            message.flags = LOADING | (data.get("flags", 0) & EPHEMERAL)
            begun.original = self._show(begun, message, data)
        elif kind == SHOW_MODAL:
            check_modal(data)
            begun.modal = Modal(data["custom_id"], data["title"], data["components"], begun)
        elif kind == CHOICES:
            begun.choices = data.get("choices", [])
        else:
            begun.original = begun.message
            if kind == UPDATE and begun.message is not None:
                edited = changes(self.world, begun.message, body, under="data")
                self.chat.edit(begun.message, **edited)

    def _outcome(self, begun: Interaction, kind: int) -> JSON:
        told: JSON = {"id": str(begun.id), "type": begun.kind}
        outcome: JSON = {"interaction": told, "resource": {"type": kind}}
        shown = begun.original
        if shown is not None:
            told["response_message_id"] = str(shown.id)
            told["response_message_loading"] = shown.thinking
            told["response_message_ephemeral"] = shown.only_for is not None
            if kind in (ANSWER, DEFER, UPDATE):
                outcome["resource"]["message"] = message_json(self.world, shown)
        return outcome

    def _show(self, begun: Interaction, message: Message, data: JSON) -> Message:
        """Post what came of it: to all, or to the person alone."""
        if message.flags & EPHEMERAL:
            message.only_for = begun.user
        user = user_json(begun.user)
        about = {"id": str(begun.id), "type": begun.kind, "user": user}
        application = str(self.world.application_id)
        came: JSON = {"webhook_id": application, "application_id": application}
        came["interaction_metadata"] = about | {"authorizing_integration_owners": {}}
        if begun.kind == COMMAND:
            came["interaction"] = about | {"name": begun.data["name"]}
            if not begun.messages:
                message.kind = COMMAND_ANSWER
        message.interaction = came
        begun.messages.append(message)
        return self.chat.post(message, Pings.of(data))

    # ------------------------------------------------------------------ what follows

    def followed(self, application: int, token: str) -> Interaction:
        """Return what this token belongs to; 15 minutes after it began, it is worth nothing."""
        found = [one for one in self.all.values() if one.token == token]
        if not found or not found[0].answered or application != self.world.application_id:
            raise unknown_webhook()
        if self.world.clock.now() > found[0].began + self.token_lives:
            raise invalid_webhook_token()
        return found[0]

    def follow_up(self, begun: Interaction, body: Body) -> Message:
        """Post another answer; the first one after a promise takes the place of the promise."""
        message = compose(self.world, begun.channel, body)
        original = begun.original
        if original is not None and original.thinking and not original.deleted:
            self._keep_promise(original, self._fields(message))
            return original
        return self._show(begun, message, body.payload)

    def change(self, begun: Interaction, which: str, body: Body) -> Message:
        """Edit an answer."""
        message = self.find(begun, which)
        edited = changes(self.world, message, body)
        if message.thinking:
            self._keep_promise(message, edited)
        else:
            self.chat.edit(message, **edited)
        return message

    def find(self, begun: Interaction, which: str) -> Message:
        """Return an answer by its id, or the first one as `@original`."""
        known = [*begun.messages, *([begun.message] if begun.message else [])]
        message = begun.original
        if which != "@original":
            message = next((one for one in known if str(one.id) == which), None)
        if message is None or message.deleted:
            raise unknown_message()
        return message

    def _keep_promise(self, message: Message, fields: dict[str, Any]) -> None:
        message.thinking = False
        message.flags &= ~LOADING
        flags = message.flags | (fields.pop("flags", 0) & ~EPHEMERAL)
        self.chat.edit(message, **fields, flags=flags)
        message.versions.clear()

    def _fields(self, message: Message) -> dict[str, Any]:
        names = ("content", "embeds", "components", "attachments", "flags")
        return {name: getattr(message, name) for name in names}
