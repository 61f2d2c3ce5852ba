"""Everything that Telegram knows: the bot, people, chats, files, taps that wait for an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from tests.emulators.telegram.chats import Chat, Kind
from tests.emulators.telegram.people import Person, Tap
from tests.emulators.telegram.refusals import Json, bad_request, forbidden
from tests.emulators.telegram.screen import Watch
from tests.emulators.telegram.updates import Pending, Updates

BOT_ID = 7_204_885_113
LARGE_ID = 5_000_000_017
"""Beyond 32 bits, as the ids of newer accounts are."""


@dataclass(frozen=True)
class Kept:
    """A file on Telegram's side."""

    file_id: str
    unique_id: str
    name: str
    content: bytes
    mime_type: str
    path: str


class World:
    """The state behind the requests; people act on it, the bot through HTTP."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.bot_id = BOT_ID
        self.username = "threadline_bot"
        self.group_privacy = True
        self.watch = Watch()
        self.updates = Updates(clock, self.watch)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Kept] = {}
        self.taps: dict[str, Tap] = {}
        self.unseen: list[Json] = []
        self.shared_ids = count(101)
        self.numbers = count(1)

    def person(
        self, name: str, *, username: str = "", user_id: int | None = None, is_bot: bool = False
    ) -> Person:
        """Make somebody with an account, or another bot; the first id is beyond 32 bits."""
        number = len(self.people)
        user_id = user_id or (LARGE_ID if number == 0 else 203_004_500 + number)
        someone = Person(self, user_id, name, username or f"{name.lower()}_{number}", is_bot=is_bot)
        self.people[user_id] = someone
        return someone

    def group(self, title: str, *people: Person) -> Chat:
        """Make a basic group of these people and the bot; the first one owns it."""
        return self._with_bot(self.new_chat("group", title, *people), people)

    def supergroup(self, title: str, *people: Person, topics: tuple[str, ...] = ()) -> Chat:
        """Make a supergroup of these people and the bot; with topics it is a forum."""
        chat = self._with_bot(self.new_chat("supergroup", title, *people), people)
        for topic in topics:
            chat.open_topic(topic, by=people[0])
        return chat

    def channel(self, title: str, *people: Person) -> Chat:
        """Make a channel in which the bot is an administrator."""
        chat = self.new_chat("channel", title, *people)
        chat.add_bot(by=people[0], administrator=True)
        return chat

    def new_chat(self, kind: Kind, title: str, *people: Person) -> Chat:
        """Make a chat without the bot."""
        number = next(self.numbers)
        lowest = {"group": -4_100_000_000, "private": 0}.get(kind, -1_002_100_000_000)
        chat = Chat(self, lowest - number, kind, title)
        for someone in dict.fromkeys(people):
            chat.people[someone.user_id] = someone
            chat.statuses[someone.user_id] = "member"
        if people:
            chat.statuses[people[0].user_id] = "creator"
        self.chats[chat.chat_id] = chat
        return chat

    def private_chat(self, someone: Person) -> Chat:
        """Return the chat of a person with the bot, which begins when they press Start."""
        chat = self.chats.get(someone.user_id)
        if chat is None:
            chat = Chat(self, someone.user_id, "private", "")
            chat.person = someone
            chat.people[someone.user_id] = someone
            self.chats[someone.user_id] = chat
        return chat

    def chat_for_bot(self, chat_id: int) -> Chat:
        """Return the chat of a request.

        Raises:
            Refused: The bot does not know it, or the person never pressed Start.
        """
        chat = self.chats.get(chat_id)
        if chat is not None and chat.started:
            return chat
        someone = self.people.get(chat_id)
        if someone is not None and self._has_met(someone):
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def push(
        self, kind: str, content: Json, lane: int, *, whatever: bool = False
    ) -> Pending | None:
        """Put an update in the bot's line; what it did not ask for is in `unseen`."""
        update = self.updates.push(kind, content, lane, whatever=whatever)
        if update is None:
            self.unseen.append({kind: content})
        self.watch.changed()
        return update

    def unknown_update(self) -> Pending:
        """Send an update of a kind that no library knows yet."""
        content: Json = {"id": str(next(self.numbers)), "glow": True}
        update = self.push("hologram", content, 0, whatever=True)
        assert update is not None
        return update

    def deliver_again(self, update: Pending | None = None) -> Pending:
        """Hand out an update once more: by default the newest that the bot has confirmed."""
        update = update or self.updates.confirmed[-1]
        self.updates.again(update)
        self.watch.changed()
        return update

    def keep(self, content: bytes, name: str, mime_type: str, folder: str) -> Kept:
        """Store a file and give it its ids."""
        number = next(self.numbers)
        ending = name.rpartition(".")[2] if "." in name else "bin"
        kept = Kept(
            file_id=f"BQACAgIAAxkBAAI{number:08d}AAEpTh",
            unique_id=f"AgAD{number:06d}",
            name=name,
            content=content,
            mime_type=mime_type,
            path=f"{folder}/file_{number}.{ending}",
        )
        self.files[kept.file_id] = kept
        return kept

    def bot_json(self) -> Json:
        """Return the bot as a User of the Bot API."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "Threadline",
            "username": self.username,
        }

    def tell_membership(self, chat: Chat, by: Person, old: str, new: str) -> None:
        """Tell the bot what it became in a chat."""
        content = {
            "chat": chat.json(),
            "from": by.json(),
            "date": int(self.clock()),
            "old_chat_member": self.member_json(old, self.bot_json()),
            "new_chat_member": self.member_json(new, self.bot_json()),
        }
        self.push("my_chat_member", content, chat.chat_id)

    def member_json(self, status: str, user: Json) -> Json:
        """Return a ChatMember of the Bot API."""
        member: Json = {"status": status, "user": user}
        if status == "kicked":
            member["until_date"] = 0
        if status in ("creator", "administrator"):
            member["is_anonymous"] = False
        if status == "administrator":
            rights = (
                "be_edited manage_chat delete_messages manage_video_chats restrict_members "
                "promote_members change_info invite_users post_stories edit_stories "
                "delete_stories post_messages edit_messages pin_messages manage_topics"
            )
            member.update({f"can_{right}": False for right in rights.split()})
        return member

    def _with_bot(self, chat: Chat, people: tuple[Person, ...]) -> Chat:
        chat.add_bot(by=people[0])
        return chat

    def _has_met(self, someone: Person) -> bool:
        return any(
            someone.user_id in chat.people and self.bot_id in chat.statuses
            for chat in self.chats.values()
        )
