"""A chat: who is in it, what was written there, and which of it a bot may see and do."""

from itertools import count
from typing import TYPE_CHECKING, Literal

from tests.emulators.telegram.refusals import Json, Refused, bad_request, forbidden
from tests.emulators.telegram.screen import Action, Draft, Shown, Version
from tests.emulators.telegram.text import part

if TYPE_CHECKING:
    from tests.emulators.telegram.people import Person
    from tests.emulators.telegram.world import World

Kind = Literal["private", "group", "supergroup", "channel"]
DRAFT_SECONDS = 30
"""How long a client shows a draft, by the documentation of sendMessageDraft."""


class Chat:
    """A chat of any kind; message ids grow, in supergroups and channels from one on each."""

    def __init__(self, world: "World", chat_id: int, kind: Kind, title: str) -> None:
        self.world = world
        self.chat_id = chat_id
        self.kind: Kind = kind
        self.title = title
        self.person: Person | None = None
        self.topics: dict[int, str] = {}
        self.forum = False
        self.statuses: dict[int, str] = {}
        self.people: dict[int, Person] = {}
        self.started = kind != "private"
        self.blocked = False
        self.migrated_to: Chat | None = None
        self.everything: list[Shown] = []
        self.drafts: list[Draft] = []
        self.actions: list[Action] = []
        self._ids = count(1) if kind in ("supergroup", "channel") else world.shared_ids

    @property
    def messages(self) -> list[Shown]:
        """The messages that people see now, oldest first."""
        return [message for message in self.everything if not message.deleted]

    @property
    def answers(self) -> list[Shown]:
        """The messages of bots that people see now."""
        return [message for message in self.messages if message.by_bot]

    @property
    def draft(self) -> Draft | None:
        """The draft that is shown now: none after a message of the bot, or after 30 seconds."""
        if not self.drafts:
            return None
        newest = self.drafts[-1]
        replaced = any(message.by_bot for message in self.everything[newest.after :])
        gone = self.world.clock() - newest.at > DRAFT_SECONDS
        return None if replaced or gone else newest

    @property
    def bot_status(self) -> str:
        """What the bot is here: `member`, `administrator`, `left`, `kicked`."""
        return self.statuses.get(self.world.bot_id, "left")

    def message(self, message_id: int) -> Shown | None:
        """Return a message that is still there."""
        for message in self.messages:
            if message.message_id == message_id:
                return message
        return None

    def add(
        self,
        sender: Json | None,
        body: Json,
        *,
        markup: Json | None = None,
        topic: int | None = None,
        reply_to: Shown | None = None,
        extra: Json | None = None,
    ) -> Shown:
        """Show a message; without a sender the chat itself speaks, as in channels."""
        if reply_to is None and topic in self.topics:
            reply_to = next((one for one in self.everything if one.message_id == topic), None)
        elif reply_to is not None and topic is None and self.kind == "supergroup":
            topic = reply_to.topic or (None if self.forum else reply_to.message_id)
        version = Version(body, markup, self.world.clock())
        shown = Shown(self, next(self._ids), sender, [version], topic, reply_to, extra or {})
        self.everything.append(shown)
        self.world.watch.changed()
        return shown

    def change(self, message: Shown, body: Json, markup: Json | None) -> None:
        """Show a message differently from now on."""
        message.history.append(Version(body, markup, self.world.clock()))
        self.world.watch.changed()

    def arrived(self, message: Shown, kind: str = "message") -> None:
        """Hand a message to the bot, if it is here and may see it."""
        if self.bot_sees(message):
            self.world.push(kind, message.json(), self.chat_id)

    def bot_sees(self, message: Shown) -> bool:
        """Tell whether the bot gets this message.

        Group privacy as in the documentation of bots: commands, mentions and replies to the bot,
        and all service messages; an administrator gets everything.
        """
        if self.kind == "private":
            return not self.blocked
        if self.bot_status not in ("member", "administrator"):
            return False
        if self.bot_status == "administrator" or not self.world.group_privacy:
            return True
        body = message.now.body
        if not body.keys() & {"text", "caption", "photo", "document", "voice", "poll"}:
            return True
        return self._addressed(message)

    def json(self) -> Json:
        """Return the Chat of the Bot API."""
        chat: Json = {"id": self.chat_id, "type": self.kind}
        if self.person is not None:
            chat["first_name"] = self.person.name
            if self.person.username:
                chat["username"] = self.person.username
        else:
            chat["title"] = self.title
        if self.forum:
            chat["is_forum"] = True
        return chat

    def let_write(self, topic: int | None) -> None:
        """Let the bot write here.

        Raises:
            Refused: It was blocked or removed, the chat moved, or the topic is not there.
        """
        if self.migrated_to is not None:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to=self.migrated_to.chat_id,
            )
        if self.blocked:
            raise forbidden("bot was blocked by the user")
        if self.kind != "private":
            if self.bot_status == "kicked":
                raise forbidden(f"bot was kicked from the {self.kind} chat")
            if self.bot_status == "left":
                raise forbidden(f"bot is not a member of the {self.kind} chat")
            if self.kind == "channel" and self.bot_status != "administrator":
                raise bad_request("need administrator rights in the channel chat")
        if topic is not None and topic not in self.topics:
            raise bad_request("message thread not found")

    def add_bot(self, *, by: "Person", administrator: bool = False) -> None:
        """Bring the bot in, as a member or an administrator."""
        new = "administrator" if administrator else "member"
        self._bot_becomes(new, by)
        if self.kind != "channel":
            self.arrived(self.add(by.json(), {"new_chat_members": [self.world.bot_json()]}))

    def remove_bot(self, *, by: "Person") -> None:
        """Throw the bot out."""
        self._bot_becomes("kicked", by)

    def bot_leaves(self) -> None:
        """Let the bot go of itself."""
        self.statuses[self.world.bot_id] = "left"
        self.world.watch.changed()

    def open_topic(self, name: str, *, by: "Person") -> int:
        """Open a topic of a forum and return its id."""
        self.forum = True
        body = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        root = self.add(by.json(), body)
        self.topics[root.message_id] = name
        root.topic = root.message_id
        self.arrived(root)
        return root.message_id

    def delete_topic(self, topic: int) -> None:
        """Delete a topic with all that was said in it; bots are not told."""
        del self.topics[topic]
        for message in self.everything:
            message.deleted = message.deleted or message.topic == topic
        self.world.watch.changed()

    def become_supergroup(self, *, by: "Person") -> "Chat":
        """Upgrade a group: the old chat ends, and the new one has another id."""
        new = self.world.new_chat("supergroup", self.title, by, *self.people.values())
        new.statuses = dict(self.statuses)
        self.migrated_to = new
        old_end = self.add(by.json(), {"migrate_to_chat_id": new.chat_id})
        self.arrived(old_end)
        new.arrived(new.add(by.json(), {"migrate_from_chat_id": self.chat_id}))
        return new

    def post(self, text: str) -> Shown:
        """Write in a channel, in its own name."""
        message = self.add(None, {"text": text})
        self.arrived(message, "channel_post")
        return message

    def _bot_becomes(self, status: str, by: "Person") -> None:
        old = self.bot_status
        self.statuses[self.world.bot_id] = status
        self.world.tell_membership(self, by, old, status)
        self.world.watch.changed()

    def _addressed(self, message: Shown) -> bool:
        name = f"@{self.world.username}".lower()
        if message.reply_to is not None and message.reply_to.sender == self.world.bot_json():
            return True
        for entity in message.entities:
            covered = part(message.text, entity).lower()
            if entity["type"] == "mention" and covered == name:
                return True
            if entity["type"] == "bot_command" and ("@" not in covered or covered.endswith(name)):
                return True
        return False
