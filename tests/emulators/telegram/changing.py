"""Methods that change what is there: edits, deletions, reactions, answers to taps."""

from tests.emulators.telegram import keyboards
from tests.emulators.telegram.calls import Call
from tests.emulators.telegram.chats import Chat
from tests.emulators.telegram.people import ANSWERED_WITHIN, Answer
from tests.emulators.telegram.refusals import NOT_MODIFIED, QUERY_TOO_OLD, Json, bad_request
from tests.emulators.telegram.screen import Shown
from tests.emulators.telegram.sending import written
from tests.emulators.telegram.world import World

LONGEST_ANSWER = 200
DELETED_WITHIN = 48 * 60 * 60
REACTIONS = (
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐"
    "🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)


class Changing:
    """Changes what the bot has said."""

    def __init__(self, world: World) -> None:
        self._world = world

    def edit_message_text(self, call: Call) -> Json:
        """Another text; without a markup the buttons go, as on the real server."""
        chat, message = self._editable(call)
        if not call.text("text"):
            raise bad_request("message text is empty")
        body = written(call)
        markup = keyboards.checked(call.object("reply_markup"), inline_only=True)
        if "text" not in message.now.body:
            raise bad_request("there is no text in the message to edit")
        return self._change(chat, message, body, markup)

    def edit_message_reply_markup(self, call: Call) -> Json:
        """Other buttons, or none."""
        chat, message = self._editable(call)
        markup = keyboards.checked(call.object("reply_markup"), inline_only=True)
        return self._change(chat, message, message.now.body, markup)

    def delete_message(self, call: Call) -> bool:
        """Delete the bot's own messages, and what people wrote where the bot may."""
        chat = self._world.chat_for_bot(call.chat_id())
        chat.let_write(None)
        message = chat.message(call.number("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        own = message.sender == self._world.bot_json()
        if not (own or chat.kind == "private" or chat.bot_status == "administrator"):
            raise bad_request("message can't be deleted")
        if self._world.clock() - message.history[0].at > DELETED_WITHIN:
            raise bad_request("message can't be deleted for everyone")
        message.deleted = True
        self._world.watch.changed()
        return True

    def set_message_reaction(self, call: Call) -> bool:
        """At most one reaction of the ordinary ones; none takes it away."""
        chat = self._world.chat_for_bot(call.chat_id())
        chat.let_write(None)
        message = chat.message(call.number("message_id"))
        if message is None:
            raise bad_request("message to react not found")
        wanted = call.array("reaction") or []
        if len(wanted) > 1:
            raise bad_request("REACTIONS_TOO_MANY")
        for one in wanted:
            if one.get("type") != "emoji" or one["emoji"].rstrip("\ufe0f") not in REACTIONS:
                raise bad_request("REACTION_INVALID")
        message.reactions = tuple(one["emoji"] for one in wanted)
        self._world.watch.changed()
        return True

    def answer_callback_query(self, call: Call) -> bool:
        """Show the person something, once and soon after the tap."""
        tap = self._world.taps.get(call.text("callback_query_id"))
        if tap is None or tap.answer.done() or self._world.clock() - tap.at > ANSWERED_WITHIN:
            raise bad_request(QUERY_TOO_OLD)
        if len(call.text("text")) > LONGEST_ANSWER:
            raise bad_request("MESSAGE_TOO_LONG")
        tap.answer.set_result(Answer(call.text("text"), call.flag("show_alert")))
        self._world.watch.changed()
        return True

    def _editable(self, call: Call) -> tuple[Chat, Shown]:
        chat = self._world.chat_for_bot(call.chat_id())
        chat.let_write(None)
        if not call.number("message_id", 0):
            raise bad_request("message identifier is not specified")
        message = chat.message(call.number("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.sender != self._world.bot_json():
            raise bad_request("message can't be edited")
        return chat, message

    def _change(self, chat: Chat, message: Shown, body: Json, markup: Json | None) -> Json:
        same = {**body, "link_preview_options": 0} == {
            **message.now.body,
            "link_preview_options": 0,
        }
        if same and markup == message.now.markup:
            raise bad_request(NOT_MODIFIED)
        chat.change(message, body, markup)
        return message.json()
