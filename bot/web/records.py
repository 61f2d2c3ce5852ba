"""What the API platform reads, over the records of the bot."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from adapters.api import StoredApproval, StoredMessage
from adapters.contract import Address, ApprovalRequest, Attachment
from bot.addresses import address_of, place_of, session_key
from bot.bot import Bot
from bot.cards import as_request
from sessions.conversations import mailbox_of
from sessions.models import Message


@dataclass(frozen=True)
class BotRecords:
    """`adapters.api.Records`, over a running bot."""

    bot: Bot

    async def message(self, message_id: str) -> StoredMessage | None:
        """Find a message by its id."""
        return _shown(await self.bot.conversations.get(message_id))

    async def sent(self, sender: Address, platform_message_id: str) -> StoredMessage | None:
        """Find a person's message by the id that the platform gave it."""
        place = place_of(sender)
        return _shown(await self.bot.conversations.find_copy(place, platform_message_id))

    async def fingerprint(self, message_id: str) -> str:
        """Give the fingerprint with which a message came, empty if there was none."""
        return await self.bot.conversations.fingerprint(message_id)

    async def files(self, message_id: str) -> Sequence[Attachment]:
        """Give the files that go with a message, in order."""
        found = await self.bot.conversations.files.of(message_id)
        return [Attachment(each.name, each.media_type, each.content) for each in found]

    def changes(self, message_id: str) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever something happens to this message."""
        return self.bot.conversations.news.listening(message_id)

    def mail(self, owner: Address) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever the bot writes to this person."""
        return self.bot.conversations.news.listening(mailbox_of(place_of(owner)))

    async def fetched(self, owner: Address, *, upto: int) -> None:
        """Note that a client has the bot's messages to a person up to this number."""
        await self.bot.conversations.fetched(place_of(owner), upto=upto)

    async def answer_to(self, message_id: str) -> StoredMessage | None:
        """Find what the bot answered to a message."""
        answers = await self.bot.conversations.answers_to(message_id)
        return _shown(answers[-1]) if answers else None

    async def mailbox(self, owner: Address, *, after: int, limit: int) -> Sequence[StoredMessage]:
        """Give the bot's messages to a person whose number is greater than `after`, in order."""
        place = place_of(owner)
        found = await self.bot.conversations.mailbox(place, after=after, limit=limit)
        return [_view(message) for message in found]

    async def session_of(self, person: Address) -> tuple[str, str] | None:
        """Give the ids of a person's live session and its thread."""
        session = await self.bot.sessions.find(session_key(person))
        return (session.session_id, session.thread_id) if session else None

    async def approval(self, approval_id: str) -> StoredApproval | None:
        """Find an approval, open or not."""
        record = await self.bot.approvals.records.get(approval_id)
        if record is None:
            return None
        requester = address_of(record.place)
        return StoredApproval(
            record.id,
            requester,
            record.session_id,
            record.thread_id,
            record.message_id,
            len(record.actions),
        )

    async def open_approvals(self, session_id: str) -> Sequence[ApprovalRequest]:
        """Give what is open in a session; its row is in memory and mostly says: nothing."""
        session = await self.bot.sessions.get(session_id)
        if session is None or not session.pending_approval:
            return ()
        records = self.bot.approvals.records
        found = [await records.get(pending.id) for pending in session.pending_approval]
        return [as_request(record) for record in found if record and record.decided_at is None]


def _shown(message: Message | None) -> StoredMessage | None:
    return None if message is None else _view(message)


def _view(message: Message) -> StoredMessage:
    return StoredMessage(
        id=message.id,
        owner=address_of(message.place),
        role=message.role,
        text=message.text,
        state=message.state,
        created_at=message.created_at,
        number=message.number,
        session_id=message.session_id,
        thread_id=message.thread_id,
        answers=message.answers,
        files=message.files,
    )
