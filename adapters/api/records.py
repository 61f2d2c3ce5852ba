"""What the routes read besides replies: a protocol that the server implements over its records."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.contract import Address, ApprovalRequest, Attachment


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message of a person or of the bot as it is stored.

    `answers` is the id of the message that it answers, empty otherwise; `number` grows; `files`
    counts those that go with it.
    """

    id: str
    owner: Address
    role: str
    text: str
    state: str
    created_at: datetime
    number: int
    session_id: str = ""
    thread_id: str = ""
    answers: str = ""
    files: int = 0


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """Whose an approval is, which message caused it, and how many actions it has."""

    id: str
    requester: Address
    session_id: str
    thread_id: str
    message_id: str
    actions: int = 1


class Records(Protocol):
    """What is stored about messages and approvals, as far as a client may ask for it."""

    async def message(self, message_id: str) -> StoredMessage | None:
        """Find a message by its id."""
        ...

    async def sent(self, sender: Address, platform_message_id: str) -> StoredMessage | None:
        """Find a person's message by the id that the platform gave it."""
        ...

    async def fingerprint(self, message_id: str) -> str:
        """Give the fingerprint with which a message came, empty if there was none."""
        ...

    async def files(self, message_id: str) -> Sequence[Attachment]:
        """Give the files that go with a message, in order."""
        ...

    def changes(self, message_id: str) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever something happens to this message."""
        ...

    def mail(self, owner: Address) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever the bot writes to this person."""
        ...

    async def fetched(self, owner: Address, *, upto: int) -> None:
        """Note that a client has the bot's messages to a person up to this number."""
        ...

    async def answer_to(self, message_id: str) -> StoredMessage | None:
        """Find what the bot answered to a message."""
        ...

    async def mailbox(self, owner: Address, *, after: int, limit: int) -> Sequence[StoredMessage]:
        """Give the bot's messages to a person whose number is greater than `after`, in order."""
        ...

    async def session_of(self, person: Address) -> tuple[str, str] | None:
        """Give the ids of a person's live session and its thread."""
        ...

    async def approval(self, approval_id: str) -> StoredApproval | None:
        """Find an approval, open or not."""
        ...

    async def open_approvals(self, session_id: str) -> Sequence[ApprovalRequest]:
        """Give what is open in a session."""
        ...
