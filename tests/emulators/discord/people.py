"""What people do: they come, write, press, fill in, edit, delete and react.

What the real program does not let a person do (press a button that is not there, leave a
required field empty) fails the test with a sentence.
"""

from collections.abc import Mapping

from tests.emulators.discord.chat import Chat, Pings
from tests.emulators.discord.clock import EPOCH
from tests.emulators.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
    Modal,
)
from tests.emulators.discord.payloads import attachment_json, guild_json, user_json
from tests.emulators.discord.permissions import Intent, Permission
from tests.emulators.discord.world import (
    JSON,
    PUBLIC_THREAD,
    REPLY,
    SAID,
    TEXT,
    Channel,
    File,
    Guild,
    Message,
    User,
    World,
    every,
)


class People:
    """The person's side."""

    def __init__(self, world: World, chat: Chat, interactions: Interactions) -> None:
        self.world = world
        self.chat = chat
        self.interactions = interactions
        self._last: tuple[str, JSON, Intent] | None = None

    # ------------------------------------------------------------------ who and where

    def user(self, name: str, *, bot: bool = False) -> User:
        """Let somebody come; `bot` is another bot."""
        user = User(self.world.clock.snowflake(), name, bot)
        self.world.users[user.id] = user
        return user

    def guild(self, name: str, members: tuple[User, ...] = (), owner: User | None = None) -> Guild:
        """Let somebody invite the bot to a server; it has no channel yet."""
        clock = self.world.clock
        guild = Guild(clock.snowflake(), name, owner or self.world.owner, joined_at=clock.text())
        clock.snowflake()  # the role of its admins has the next one
        guild.members = [guild.owner, self.world.bot, *members]
        self.world.guilds[guild.id] = guild
        self.chat.gateway.dispatch("GUILD_CREATE", guild_json(self.world, guild), Intent.GUILDS)
        return guild

    def channel(
        self, guild: Guild, name: str, *, forbidden: Permission = Permission.NONE
    ) -> Channel:
        """Open a text channel where the bot may do all that is usual, except `forbidden`."""
        channel = Channel(self.world.clock.snowflake(), TEXT, name, guild)
        channel.bot_lacks = forbidden
        self.world.channels[channel.id] = channel
        guild.channels.append(channel)
        self.chat.tell_channel("CHANNEL_CREATE", channel)
        return channel

    def direct(self, user: User) -> Channel:
        """Return this person's direct chat with the bot."""
        return self.world.direct(user)

    def thread(self, parent: Channel, name: str, by: User, on: Message | None = None) -> Channel:
        """Let a person open a public thread."""
        return self.chat.open_thread(parent, name, by, on, PUBLIC_THREAD)

    def forbid(self, channel: Channel, permission: Permission) -> None:
        """Take something from the bot in one channel."""
        channel.bot_lacks |= permission
        self.chat.tell_channel("CHANNEL_UPDATE", channel)

    def allow(self, channel: Channel, permission: Permission) -> None:
        """Give it back."""
        channel.bot_lacks &= ~permission
        self.chat.tell_channel("CHANNEL_UPDATE", channel)

    def remove_bot(self, guild: Guild) -> None:
        """Throw the bot out of a server."""
        guild.left = True
        self.chat.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, Intent.GUILDS)

    def outage(self, guild: Guild) -> None:
        """Let a server be unavailable for a while; `recover` ends it."""
        told = {"id": str(guild.id), "unavailable": True}
        self.chat.gateway.dispatch("GUILD_DELETE", told, Intent.GUILDS)

    def recover(self, guild: Guild) -> None:
        self.chat.gateway.dispatch("GUILD_CREATE", guild_json(self.world, guild), Intent.GUILDS)

    # ------------------------------------------------------------------ writing

    def say(
        self,
        channel: Channel,
        user: User,
        text: str,
        *,
        reply_to: Message | None = None,
        mention: bool = False,
        pinging: bool = True,
        attachments: tuple[File, ...] = (),
    ) -> Message:
        """Write; `mention` puts the bot's name first, a reply alerts its author if `pinging`."""
        words = f"{self.world.bot.mention} {text}" if mention else text
        message = Message(self.world.clock.snowflake(), channel, user, words)
        message.kind = REPLY if reply_to else SAID
        message.reply_to = reply_to
        message.attachments = [self.world.attach(channel, one) for one in attachments]
        return self.chat.post(message, Pings(replied_user=pinging))

    def edit(self, message: Message, text: str) -> None:
        self.chat.edit(message, content=text)

    def delete(self, message: Message) -> None:
        self.chat.delete(message)

    def react(self, message: Message, user: User, emoji: str) -> None:
        self.chat.react(message, user, emoji)

    def type(self, channel: Channel, user: User) -> None:
        self.chat.type(channel, user)

    def shows_typing(self, channel: Channel) -> bool:
        """Say whether the bot is shown typing: 10 seconds long, or until its next message."""
        since = channel.typing[-1] if channel.typing else 0.0
        written = [one.id for one in channel.messages if one.author is self.world.bot]
        last = ((written[-1] >> 22) + EPOCH) / 1000 if written else 0.0
        return since > last and since + 10 > self.world.clock.now()

    def tell_again(self, told: Message | Interaction) -> None:
        """Send the event of a message or an interaction a second time, as can happen."""
        if isinstance(told, Message):
            self.chat.tell(told, "MESSAGE_CREATE")
        else:
            again = self.interactions.told(told)
            self.chat.gateway.dispatch("INTERACTION_CREATE", again)

    def unknown_event(self) -> None:
        """Send an event that no client knows yet."""
        self.chat.gateway.dispatch("SOMETHING_QUITE_NEW", {"id": "1", "new": [None, {}]})

    # ------------------------------------------------------------------ commands

    def slash(
        self, channel: Channel, user: User, command: str, **options: str | float | File | User
    ) -> Interaction:
        """Use a command of the bot: `"ask"`, or `"group command"`, with its options by name."""
        data = self._command(channel, command, options)
        return self.interactions.begin(COMMAND, channel, user, data)

    def complete(
        self, channel: Channel, user: User, command: str, **options: str | float
    ) -> Interaction:
        """Type the last of these options and wait for proposals."""
        data = self._command(channel, command, options)
        data["options"][-1]["focused"] = True
        return self.interactions.begin(AUTOCOMPLETE, channel, user, data)

    def _command(self, channel: Channel, command: str, options: Mapping[str, object]) -> JSON:
        first, _, rest = command.partition(" ")
        guild = channel.guild.id if channel.guild else 0
        known = [*self.world.guild_commands.get(guild, []), *self.world.commands]
        found = next((one for one in known if one["name"] == first and one["type"] == 1), None)
        assert found is not None, f"/{first} is none of {[one['name'] for one in known]}"
        data: JSON = {"id": found["id"], "name": first, "type": 1}
        resolved: JSON = {}
        if rest:
            inner = next(one for one in found["options"] if one["name"] == rest)
            given = self._options(channel, inner, options, resolved)
            data["options"] = [{"type": 1, "name": rest, "options": given}]
        else:
            data["options"] = self._options(channel, found, options, resolved)
        if resolved:
            data["resolved"] = resolved
        return data

    def _options(
        self, channel: Channel, command: JSON, given: Mapping[str, object], resolved: JSON
    ) -> list[JSON]:
        known = {one["name"]: one for one in command.get("options", [])}
        for name, one in known.items():
            assert name in given or not one.get("required"), f"the option {name} is required"
        found = []
        for name, value in given.items():
            assert name in known, f"{name} is none of the options {list(known)}"
            told: object = value
            if isinstance(value, File):
                lying = self.world.attach(channel, value)
                told = str(lying.id)
                self.world.offered[lying.id] = lying
                resolved.setdefault("attachments", {})[told] = attachment_json(lying)
            elif isinstance(value, User):
                told = str(value.id)
                resolved.setdefault("users", {})[told] = user_json(value)
            found.append({"type": known[name]["type"], "name": name, "value": told})
        return found

    # ------------------------------------------------------------------ buttons and modals

    def click(self, message: Message, label: str, user: User) -> Interaction:
        """Press the button with this label."""
        assert not message.deleted, "the message is gone"
        assert message.only_for in (None, user), f"{user.name} does not see it"
        assert label in message.buttons, f"{label} is none of {message.buttons}"
        button = next(one for one in every(message.components) if one.get("label") == label)
        return self.click_custom(message, button["custom_id"], user)

    def click_custom(self, message: Message, custom_id: str, user: User) -> Interaction:
        """Press what has this id, also one that has just gone from the screen."""
        data = {"custom_id": custom_id, "component_type": 2, "id": 1}
        return self.interactions.begin(COMPONENT, message.channel, user, data, message)

    def submit(self, modal: Modal | None, values: dict[str, str], user: User) -> Interaction:
        """Send a form with these values by label or id; what is not named stays as offered."""
        assert modal is not None, "no form was opened"
        left = dict(values)

        def filled(one: JSON, label: str) -> JSON:
            offered = str(one.get("value") or "")
            value = left.pop(label, left.pop(one["custom_id"], offered))
            assert value or not one.get("required", True), f"{label} is required"
            most = one.get("max_length") or 4_000
            assert len(value) <= most, f"{label} takes no more than {most} characters"
            told = {"type": one["type"], "id": one.get("id", 1), "custom_id": one["custom_id"]}
            return told | ({"values": [value]} if one["type"] == 3 else {"value": value})

        def sent(one: JSON) -> JSON:
            told = {"type": one["type"], "id": one.get("id", 1)}
            if one["type"] == 18:
                return told | {"component": filled(one["component"], one["label"])}
            if one["type"] == 1:
                inside = [filled(inner, inner["label"]) for inner in one["components"]]
                return told | {"components": inside}
            return told

        components = [sent(one) for one in modal.components]
        assert not left, f"{list(left)} are no fields of {modal.title}"
        data = {"custom_id": modal.custom_id, "components": components}
        opened = modal.opened_by
        return self.interactions.begin(MODAL_SUBMIT, opened.channel, user, data, opened.message)
