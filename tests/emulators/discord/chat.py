"""What happens in channels, whoever does it: writing, editing, deleting, reacting, threads.

Every one of these changes what people see and is told to the bots that may see it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.payloads import (
    channel_json,
    event_json,
    member_json,
)
from tests.emulators.discord.permissions import Intent, Permission
from tests.emulators.discord.refusals import thread_archived, thread_exists
from tests.emulators.discord.world import (
    DIRECT,
    JSON,
    PUBLIC_THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Message,
    User,
    World,
    every,
)

EPHEMERAL, LOADING = 1 << 6, 1 << 7


@dataclass(frozen=True)
class Pings:
    """Whom a message may alert, as `allowed_mentions` says; without it, all that it names."""

    everyone: bool = True
    users: bool = True
    only_users: frozenset[int] = frozenset()
    replied_user: bool = True

    @staticmethod
    def of(payload: JSON) -> "Pings":
        told = payload.get("allowed_mentions")
        if told is None:
            return Pings()
        parse = told.get("parse", [])
        only = frozenset(int(one) for one in told.get("users", []))
        replied = bool(told.get("replied_user", False))
        return Pings("everyone" in parse, "users" in parse, only, replied)


class Chat:
    """The channels at work."""

    def __init__(self, world: World, gateway: Gateway, changed: Callable[[], None]) -> None:
        self.world = world
        self.gateway = gateway
        self.changed = changed

    def post(self, message: Message, pings: Pings | None = None) -> Message:
        """Put a finished message on the screen and tell the bots."""
        channel = message.channel
        if channel.archived and channel.locked:
            raise thread_archived()
        if channel.archived:
            channel.archived = False
            self.tell_channel("THREAD_UPDATE", channel)
        self.alert(message, pings or Pings())
        number_components(message.components)
        channel.history.append(message)
        self.tell(message, "MESSAGE_CREATE")
        return message

    def edit(self, message: Message, **changes: object) -> None:
        """Change what a message shows; what it showed before is kept among its versions."""
        message.versions.append(message.content)
        for name, value in changes.items():
            setattr(message, name, value)
        number_components(message.components)
        message.edited_at = self.world.clock.text()
        self.tell(message, "MESSAGE_UPDATE")

    def delete(self, message: Message) -> None:
        message.deleted = True
        message.channel.history.remove(message)
        if message.only_for is None:
            told = {"id": str(message.id), **self._place(message.channel)}
            self._dispatch(message.channel, "MESSAGE_DELETE", told)
        self.changed()

    def react(self, message: Message, user: User, emoji: str, *, add: bool = True) -> None:
        users = message.reactions.setdefault(emoji, [])
        if add == (user in users):
            return
        if add:
            users.append(user)
        else:
            users.remove(user)
        if not users:
            del message.reactions[emoji]
        told = {
            "user_id": str(user.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **self._place(message.channel),
        }
        guild = message.channel.guild
        if guild and add:
            told["member"] = member_json(guild, user)
        event = "MESSAGE_REACTION_ADD" if add else "MESSAGE_REACTION_REMOVE"
        needs = Intent.GUILD_MESSAGE_REACTIONS if guild else Intent.DIRECT_MESSAGE_REACTIONS
        if message.channel.bot_may(Permission.VIEW_CHANNEL):
            self.gateway.dispatch(event, told, needs)

    def open_thread(
        self, parent: Channel, name: str, by: User, on: Message | None, kind: int = PUBLIC_THREAD
    ) -> Channel:
        """Open a thread on a message, whose id it then has, or on its own."""
        if on is not None and on.thread is not None:
            raise thread_exists()
        number = on.id if on else self.world.clock.snowflake()
        thread = Channel(number, kind, name, parent.guild, parent, owner_id=by.id)
        self.world.channels[thread.id] = thread
        if parent.guild:
            parent.guild.channels.append(thread)
        if kind == PUBLIC_THREAD or by is self.world.bot:
            self.tell_channel("THREAD_CREATE", thread, newly_created=True)
        note = Message(self.world.clock.snowflake(), thread, by, kind=THREAD_STARTER, reply_to=on)
        if on is not None:
            on.thread = thread
            self.tell(on, "MESSAGE_UPDATE")
            self.post(note)
        elif kind == PUBLIC_THREAD:
            self.post(replace(note, channel=parent, kind=THREAD_CREATED, content=name))
        return thread

    def type(self, channel: Channel, user: User) -> None:
        now = self.world.clock.now()
        if user is self.world.bot:
            channel.typing.append(now)
        told = {"user_id": str(user.id), "timestamp": int(now), **self._place(channel)}
        if channel.guild:
            told["member"] = member_json(channel.guild, user)
        direct = channel.kind == DIRECT
        needs = Intent.DIRECT_MESSAGE_TYPING if direct else Intent.GUILD_MESSAGE_TYPING
        self.gateway.dispatch("TYPING_START", told, needs)

    # ------------------------------------------------------------------ telling the bots

    def tell(self, message: Message, event: str) -> None:
        """Tell the bots. What one person alone sees comes as if it were direct, without a server.

        So says "Create message: ephemeral messages and intents" of the developer documentation.
        """
        private = message.only_for is not None
        direct = private or message.channel.guild is None
        needs = Intent.DIRECT_MESSAGES if direct else Intent.GUILD_MESSAGES
        if message.channel.bot_may(Permission.VIEW_CHANNEL):
            self.gateway.dispatch(event, event_json(self.world, message), needs)
        self.changed()

    def tell_channel(self, event: str, channel: Channel, **more: object) -> None:
        self.gateway.dispatch(event, channel_json(self.world, channel) | more, Intent.GUILDS)

    def alert(self, message: Message, pings: Pings) -> None:
        """Find whom the message alerts: named people, the author it replies to, everyone."""
        named = [int(one) for one in re.findall(r"<@!?(\d+)>", message.content)]
        allowed = [one for one in named if pings.users or one in pings.only_users]
        replied = message.reply_to.author.id if message.reply_to and pings.replied_user else 0
        users = {**self.world.users, self.world.bot.id: self.world.bot}
        found = dict.fromkeys([*allowed, *([replied] if replied else [])])
        message.notified = [users[one] for one in found if one in users]
        by_bot = message.author is self.world.bot
        may = not by_bot or message.channel.bot_may(Permission.MENTION_EVERYONE)
        named_all = re.search(r"@(everyone|here)\b", message.content) is not None
        message.notified_everyone = named_all and pings.everyone and may

    def _dispatch(self, channel: Channel, event: str, told: JSON) -> None:
        needs = Intent.GUILD_MESSAGES if channel.guild else Intent.DIRECT_MESSAGES
        if channel.bot_may(Permission.VIEW_CHANNEL):
            self.gateway.dispatch(event, told, needs)

    def _place(self, channel: Channel) -> JSON:
        place: JSON = {"channel_id": str(channel.id)}
        return place | ({"guild_id": str(channel.guild.id)} if channel.guild else {})


def number_components(components: list[JSON]) -> None:
    """Give every component an id of its own, in the order in which they are read."""
    taken = {one["id"] for one in every(components) if one.get("id")}
    number = 0
    for one in every(components):
        if not one.get("id"):
            number += 1
            while number in taken:
                number += 1
            one["id"] = number
