"""Who is there and what is on the screen: people, servers, channels, messages and files."""

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.discord.clock import Clock
from tests.emulators.discord.permissions import USUAL, Permission

JSON = dict[str, Any]

TEXT, DIRECT, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
THREADS = (PUBLIC_THREAD, PRIVATE_THREAD)
SAID, THREAD_CREATED, REPLY, COMMAND_ANSWER, THREAD_STARTER = 0, 18, 19, 20, 21
SPOKEN = (SAID, REPLY, COMMAND_ANSWER)


@dataclass(eq=False, repr=False)
class User:
    """A person or the bot; without `accepts_direct_messages` a direct message is refused."""

    id: int
    name: str
    bot: bool = False
    accepts_direct_messages: bool = True

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(frozen=True)
class File:
    """A file that somebody attaches; an empty `content_type` leaves it unsaid."""

    name: str
    data: bytes
    content_type: str = ""
    description: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file as it lies on the server, with the address it is downloaded from."""

    id: int
    file: File
    url: str


@dataclass(eq=False, repr=False)
class Guild:
    """A server: its owner and `admins` may do everything, the others what is usual."""

    id: int
    name: str
    owner: User
    members: list[User] = field(default_factory=list)
    admins: list[User] = field(default_factory=list)
    channels: "list[Channel]" = field(default_factory=list)
    joined_at: str = ""
    left: bool = False

    def __repr__(self) -> str:
        return f"<server {self.name}>"

    @property
    def admin_role(self) -> int:
        return self.id + 1

    def permissions_of(self, user: User) -> Permission:
        return USUAL | Permission.ADMINISTRATOR if user in (self.owner, *self.admins) else USUAL


@dataclass(eq=False, repr=False)
class Channel:
    """A text channel, a direct chat or a thread, with all that was written in it.

    `bot_lacks` is what the bot may not do here; `typing` when it showed that it types.
    """

    id: int
    kind: int
    name: str = ""
    guild: Guild | None = None
    parent: "Channel | None" = None
    person: User | None = None
    owner_id: int = 0
    history: "list[Message]" = field(default_factory=list)
    bot_lacks: Permission = Permission.NONE
    typing: list[float] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    bot_inside: bool = True

    def __repr__(self) -> str:
        return f"<channel {self.name or self.person}>"

    @property
    def messages(self) -> "list[Message]":
        """What everyone sees now, oldest first; without notes such as "started a thread"."""
        return [one for one in self.history if one.only_for is None and one.kind in SPOKEN]

    @property
    def texts(self) -> list[str]:
        """The words of all that everyone sees now."""
        return [one.text for one in self.messages]

    def seen_by(self, user: User) -> "list[Message]":
        """What this person sees now: also what only they see."""
        return [one for one in self.history if one.only_for in (None, user) and one.kind in SPOKEN]

    def bot_may(self, permission: Permission) -> bool:
        """Say whether the bot may do this here; in a thread its parent decides."""
        if self.kind == DIRECT:
            return True
        if self.parent is not None and permission in self.parent.bot_lacks:
            return False
        return permission not in self.bot_lacks


@dataclass(eq=False, repr=False)
class Message:
    """A message as it stands now; `versions` are its earlier texts, oldest first.

    `only_for` is who alone sees it, `thinking` that it is still a placeholder, `notified` and
    `notified_everyone` whom it really alerted.
    """

    id: int
    channel: Channel
    author: User
    content: str = ""
    kind: int = SAID
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    reply_to: "Message | None" = None
    only_for: User | None = None
    thinking: bool = False
    edited_at: str | None = None
    versions: list[str] = field(default_factory=list)
    notified: list[User] = field(default_factory=list)
    notified_everyone: bool = False
    reactions: dict[str, list[User]] = field(default_factory=dict)
    nonce: str = ""
    thread: Channel | None = None
    interaction: JSON | None = None
    deleted: bool = False

    def __repr__(self) -> str:
        return f"<message {self.text!r} of {self.author.name}>"

    @property
    def text(self) -> str:
        """The words that are read: the content, then the texts among the components."""
        shown = [str(one["content"]) for one in every(self.components) if one["type"] == 10]
        return "\n".join([self.content, *shown] if self.content else shown)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons that can be pressed."""
        return [
            str(one.get("label", ""))
            for one in every(self.components)
            if one["type"] == 2 and not one.get("disabled")
        ]

    @property
    def files(self) -> list[File]:
        return [one.file for one in self.attachments]


def every(components: list[JSON]) -> list[JSON]:
    """Return these components and all inside them, in the order in which they are read."""
    found: list[JSON] = []
    for one in components:
        found.append(one)
        found += every(one.get("components", []))
        found += every([one[name] for name in ("accessory", "component") if name in one])
    return found


@dataclass
class World:
    """Everybody and everything; `content_allowed` is the switch in the developer portal.

    `members_allowed` switches the other privileged intents. `largest_upload` is in bytes (10 MiB
    since 2025, API reference, "Uploading files"). `offered` are the files given to commands.
    """

    clock: Clock
    bot: User
    owner: User
    application_id: int
    token: str
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    commands: list[JSON] = field(default_factory=list)
    guild_commands: dict[int, list[JSON]] = field(default_factory=dict)
    content_allowed: bool = True
    members_allowed: bool = True
    largest_upload: int = 10 * 2**20
    address: str = ""
    offered: dict[int, Attachment] = field(default_factory=dict)

    def direct(self, user: User) -> Channel:
        """Return the direct chat of this person with the bot; there is one."""
        for channel in self.channels.values():
            if channel.kind == DIRECT and channel.person is user:
                return channel
        channel = Channel(self.clock.snowflake(), DIRECT, person=user)
        self.channels[channel.id] = channel
        return channel

    def attach(self, channel: Channel, file: File) -> Attachment:
        """Lay a file on the server; its link ends after a day, as the real ones do."""
        number = self.clock.snowflake()
        ends = int(self.clock.now()) + 24 * 3600
        url = f"{self.address}/attachments/{channel.id}/{number}/{file.name}?ex={ends:x}"
        return Attachment(number, file, url)
