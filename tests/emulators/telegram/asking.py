"""Methods that ask: the bot itself, chats, members, files; and the list of commands."""

import json
import re

from tests.emulators.telegram.calls import Call
from tests.emulators.telegram.refusals import Json, bad_request
from tests.emulators.telegram.world import World

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LONGEST_DESCRIPTION = 256
MOST_COMMANDS = 100
LARGEST_DOWNLOAD = 20 * 1024 * 1024
DEFAULT_SCOPE = {"type": "default"}


class Asking:
    """Tells the bot what it asks for, and keeps the commands that it registers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.commands: dict[tuple[str, str], list[Json]] = {}

    def get_me(self, call: Call) -> Json:
        """The bot."""
        return {
            **self._world.bot_json(),
            "can_join_groups": True,
            "can_read_all_group_messages": not self._world.group_privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
        }

    def get_chat(self, call: Call) -> Json:
        """A chat in full."""
        chat = self._world.chat_for_bot(call.chat_id())
        gifts = (
            "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
            "gifts_from_channels",
        )  # fmt: skip
        return {
            **chat.json(),
            "accent_color_id": 3,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }

    def get_chat_member(self, call: Call) -> Json:
        """What somebody is in a chat."""
        chat = self._world.chat_for_bot(call.chat_id())
        user_id = call.number("user_id")
        if user_id == self._world.bot_id:
            return self._world.member_json(chat.bot_status, self._world.bot_json())
        someone = self._world.people.get(user_id)
        if someone is None:
            raise bad_request("invalid user_id specified")
        default = "member" if chat.person is someone else "left"
        return self._world.member_json(chat.statuses.get(user_id, default), someone.json())

    def get_chat_administrators(self, call: Call) -> list[Json]:
        """Who rules a group; bots other than this one there are none."""
        chat = self._world.chat_for_bot(call.chat_id())
        if chat.kind == "private":
            raise bad_request("there are no administrators in the private chat")
        found = [
            self._world.member_json(chat.statuses[user_id], someone.json())
            for user_id, someone in chat.people.items()
            if chat.statuses[user_id] in ("creator", "administrator")
        ]
        if chat.bot_status == "administrator":
            found.append(self._world.member_json("administrator", self._world.bot_json()))
        return found

    def leave_chat(self, call: Call) -> bool:
        """Go out of a group."""
        chat = self._world.chat_for_bot(call.chat_id())
        if chat.kind == "private":
            raise bad_request("chat member status can't be changed in private chats")
        chat.let_write(None)
        chat.bot_leaves()
        return True

    def set_my_commands(self, call: Call) -> bool:
        """The commands that clients offer, for a scope and a language."""
        commands = call.array("commands") or []
        if len(commands) > MOST_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for one in commands:
            if not COMMAND.fullmatch(one["command"].removeprefix("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= LONGEST_DESCRIPTION:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_scope(call)] = commands
        self._world.watch.changed()
        return True

    def get_my_commands(self, call: Call) -> list[Json]:
        """The commands of exactly this scope and language."""
        return self.commands.get(_scope(call), [])

    def delete_my_commands(self, call: Call) -> bool:
        """Take the commands of a scope and language away."""
        self.commands.pop(_scope(call), None)
        return True

    def get_file(self, call: Call) -> Json:
        """Where a file can be downloaded, if it is not larger than 20 MB."""
        kept = self._world.files.get(call.text("file_id"))
        if kept is None:
            raise bad_request("invalid file_id")
        if len(kept.content) > LARGEST_DOWNLOAD:
            raise bad_request("file is too big")
        return {
            "file_id": kept.file_id,
            "file_unique_id": kept.unique_id,
            "file_size": len(kept.content),
            "file_path": kept.path,
        }


def _scope(call: Call) -> tuple[str, str]:
    scope = call.object("scope") or DEFAULT_SCOPE
    return json.dumps(scope, sort_keys=True), call.text("language_code")
