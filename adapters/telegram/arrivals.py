"""What arrives, as the bot understands it: messages, decisions, and where the bot may speak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, User

from adapters.cards import Button, read_button
from adapters.contract import Action, Address, Decision, Edit, IncomingMessage, Replies
from adapters.platform import DeliveryFailed, Reception
from adapters.telegram import editing
from adapters.telegram.addressing import Addressing
from adapters.telegram.files import read_files
from adapters.telegram.format import plain
from adapters.telegram.gathering import joined
from adapters.telegram.handing import Handing
from adapters.telegram.keyboards import SAY, picking
from adapters.telegram.place import Place, place_of
from adapters.telegram.showing import AskAgain, Screen, refuse
from adapters.telegram.taps import Tap
from adapters.telegram.wire import Wire

log = structlog.get_logger(__name__)

PLATFORM = "telegram"
NOT_FOR_YOU = "You cannot decide here."
OVER = "This is decided already, or has expired."
NOT_ALL = "Choose for each action first."
UNKNOWN = "This button does nothing any more."
ASK_ME = "Yes? Write what you want beside my name."


@dataclass(frozen=True)
class Arrivals:
    """Takes in what people do; each method returns when it is durable.

    `most_bytes` is the largest file that is read.
    """

    wire: Wire
    handing: Handing
    reception: Reception
    addressing: Addressing
    most_bytes: int
    clock: Callable[[], datetime]

    async def message(self, messages: Sequence[Message]) -> None:
        """Take in a message, or several that belong together."""
        first = messages[0]
        self.wire.came_back(first.chat.id)
        if first.migrate_to_chat_id:
            await self.wire.moved(first.chat.id, first.migrate_to_chat_id)
        sender = first.from_user
        if sender is None or sender.is_bot or first.sender_chat is not None:
            return
        if first.is_automatic_forward or not self.addressing.is_for_us(messages):
            return
        to = address_of(first, sender)
        if len(messages) > 1 and not (messages := await self._new(to, messages)):
            return
        first = messages[0]
        asked = self._asked(first)
        if not asked and not _says_something(messages):
            return
        if (away := await self.reception.turned_away(to)) is not None:
            self._say(to, away, first)
        elif asked:
            await self._edited(to, first, sender, asked)
        else:
            await self._said(to, messages, sender)

    async def tap(self, query: CallbackQuery) -> None:
        """Take in a tap on a button."""
        message = query.message
        if message is None or query.data is None:
            await Tap(query).answer(UNKNOWN)
            return
        self.wire.came_back(message.chat.id)
        to = address_of(message, query.from_user)
        if (now_at := self.wire.now_at(message.chat.id)) != message.chat.id:
            to = replace(to, chat_id=str(now_at))
        button = read_button(query.data)
        tap = Tap(query, button.approval_id if button else "")
        if (away := await self.reception.turned_away(to)) is not None:
            self.handing.begin(tap.answer(away or NOT_FOR_YOU, alert=True))
        elif query.data.startswith(SAY):
            self.handing.begin(tap.answer())
            said = IncomingMessage(
                to,
                query.data.removeprefix(SAY),
                f"tap{query.id}",
                self.clock(),
                query.from_user.full_name,
            )
            await self.handing.over(said, self._showing(to))
        elif button is None:
            self.handing.begin(tap.answer(UNKNOWN, alert=True))
        elif button.verdicts is not None:
            decision = Decision(
                to, button.approval_id, button.verdicts, self.clock(), query.from_user.full_name
            )
            await self.handing.over(decision, self._showing(to, tap=tap))
        else:
            self.handing.begin(self._open(to, button, tap))

    def membership(self, change: ChatMemberUpdated) -> None:
        """Note that the bot was let in somewhere, blocked or removed."""
        if change.new_chat_member.status in {ChatMember.BANNED, ChatMember.LEFT}:
            self.wire.went(change.chat.id)
        else:
            self.wire.came_back(change.chat.id)

    async def _new(self, to: Address, messages: Sequence[Message]) -> Sequence[Message]:
        """Leave out what is stored: a piece that comes after a crash is not dropped with it."""
        ids = [str(message.message_id) for message in messages]
        taken = await self.reception.taken(to.chat_id, ids)
        return [message for message in messages if str(message.message_id) not in taken]

    async def _said(self, to: Address, messages: Sequence[Message], sender: User) -> None:
        first = messages[0]
        read = await read_files(self.wire.bot, messages, self.most_bytes)
        texts = [self.addressing.text_of(message) for message in messages]
        text = joined(messages, texts) or _quoted(first)
        if not text and not read.attachments:
            remarks = [f"{remark.strip('[]')}." for remark in read.remarks]
            said = "\n".join(remarks) or ASK_ME
            self._say(to, f"A{said[1:]}" if said.startswith(("a ", "an ")) else said, first)
            return
        names = [f"[{each.name}]" for each in read.attachments] if not text else []
        await self.handing.over(
            IncomingMessage(
                sender=to,
                text="\n".join(filter(None, (text, *names, *read.remarks))),
                message_id=str(first.message_id),
                sent_at=first.date,
                sender_name=sender.full_name,
                attachments=read.attachments,
                pieces=tuple(str(message.message_id) for message in messages[1:]),
            ),
            self._showing(to, reply_to=None if to.direct else first.message_id),
        )

    def _asked(self, message: Message) -> str:
        """Give the approval that a message edits: it replies to a question of ours."""
        replied = message.reply_to_message
        if replied is None or not self.addressing.is_us(replied.from_user) or not message.text:
            return ""
        return "" if message.text.startswith("/") else editing.asked_in(replied)

    async def _edited(self, to: Address, message: Message, sender: User, approval_id: str) -> None:
        """Take in new arguments; what is wrong with them is told, and they are asked for again."""
        refused = await self.reception.refused(approval_id, to)
        if refused is not None:
            self._say(to, refused.text, message)
            return
        request = await self.reception.asked(approval_id)
        action = request.actions[0] if request else Action("", {})
        place = place_of(self.wire, to)

        async def ask_again(wrong: str) -> None:
            part, markup = editing.question(approval_id, action, wrong)
            await place.send(part, markup=markup, reply_to=message.message_id)

        text = self.addressing.text_of(message)
        try:
            verdict = Edit(editing.arguments_in(text, action.arguments))
        except ValueError as error:
            self.handing.begin(ask_again(str(error)))
            return
        decision = Decision(to, approval_id, (verdict,), self.clock(), sender.full_name)
        show = self._showing(to, reply_to=message.message_id, ask_again=ask_again)
        await self.handing.over(decision, show)

    async def _open(self, to: Address, button: Button, tap: Tap) -> None:
        """Do what a button means that decides nothing by itself."""
        message = tap.query.message
        if message is None:
            return
        place = place_of(self.wire, to)
        refused = await self.reception.refused(button.approval_id, to)
        if refused is not None:
            await refuse(place, tap, refused)
        elif button.verb == "pick" and button.picked:
            await tap.answer()
            await place.change_buttons(
                message.message_id, picking(button.approval_id, button.picked)
            )
            refused = await self.reception.refused(button.approval_id, to)
            if refused is not None:  # it was decided meanwhile: no button comes back
                await refuse(place, tap, refused)
        elif button.verb == "edit":
            request = await self.reception.asked(button.approval_id)
            if request is None:
                await tap.answer(OVER, alert=True)
                return
            await tap.answer()
            part, markup = editing.question(button.approval_id, request.actions[0])
            await place.send(part, markup=markup, reply_to=message.message_id)
        else:
            await tap.answer(NOT_ALL, alert=True)

    def _showing(
        self,
        to: Address,
        *,
        reply_to: int | None = None,
        tap: Tap | None = None,
        ask_again: AskAgain | None = None,
    ) -> "Showing":
        return Showing(place_of(self.wire, to), reply_to, tap, ask_again)

    def _say(self, to: Address, text: str, message: Message) -> None:
        """Say something that is no part of a conversation; nothing, if it is empty."""
        if text:
            reply_to = None if to.direct else message.message_id
            self.handing.begin(_say(place_of(self.wire, to), text, reply_to))


@dataclass(frozen=True)
class Showing:
    """How the replies to one thing are shown."""

    place: Place
    reply_to: int | None
    tap: Tap | None
    ask_again: AskAgain | None

    async def __call__(self, replies: Replies) -> None:
        """Show them to their end."""
        await Screen(
            self.place, replies, reply_to=self.reply_to, tap=self.tap, ask_again=self.ask_again
        ).show()


def address_of(message: object, sender: User) -> Address:
    """Give the address of who wrote or tapped; a topic of a forum is a place of its own."""
    chat = getattr(message, "chat", None)
    topic = getattr(message, "message_thread_id", None)
    is_topic = getattr(message, "is_topic_message", None)
    return Address(
        PLATFORM,
        str(chat.id if chat is not None else sender.id),
        str(sender.id),
        str(topic) if is_topic and topic else "",
    )


def _says_something(messages: Sequence[Message]) -> bool:
    """Say whether somebody said something, rather than joined, left, or pinned."""
    return any(
        message.text or message.caption or message.effective_attachment or message.story
        for message in messages
    )


def _quoted(message: Message) -> str:
    """Give what somebody points at who only names the bot."""
    replied = message.reply_to_message
    return (replied.text or replied.caption or "") if replied is not None else ""


async def _say(place: Place, text: str, reply_to: int | None) -> None:
    try:
        for part in plain(text):
            await place.send(part, reply_to=reply_to)
    except DeliveryFailed as failed:
        log.info("something was not said on Telegram", reason=failed.reason)
