"""One use of a command, and what the functions behind commands share."""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from uuid import NAMESPACE_OID, uuid5

from adapters.contract import Address, Command, Notice
from bot.addresses import address_of, owner_of, session_key
from bot.arrivals import shared
from bot.decisions import Decisions, Said
from bot.library import Library
from bot.reminders import Reminding
from bot.resting import at_rest
from bot.turns import Turns
from bot.verdicts import summary
from sessions.models import ApprovalRecord, Message, Session

COMMAND = re.compile(r"/([A-Za-z_]+)(?:@\w+)?")


@dataclass(frozen=True)
class Call:
    """One use of a command: who, where, and the words after its name."""

    row: Message
    words: str
    turns: Turns
    decisions: Decisions
    reminding: Reminding
    library: Library
    bot_name: str
    commands: Sequence[Command]

    @property
    def sender(self) -> Address:
        """Who calls."""
        return address_of(self.row.place)

    @property
    def at(self) -> datetime:
        """When it was sent."""
        return self.row.sent_at or self.row.created_at

    @property
    def owner(self) -> str:
        """Whose the conversations are that are held here: the caller's, or a shared chat's."""
        return owner_of(self.sender, self.turns.groups)

    async def zone(self) -> tzinfo:
        """Give the caller's time zone."""
        return await self.turns.people.clock_of(self.sender.person)

    def number(self) -> int | None:
        """Give the number that the words are, if they are one that anything could have."""
        return int(self.words) if re.fullmatch(r"\d{1,9}", self.words) else None

    def at_rest(self, thread_id: str) -> AbstractAsyncContextManager[None]:
        """Own a thread in which nothing is decided that has still to be carried out."""
        turns = self.turns
        news = turns.conversations.news
        return at_rest(thread_id, turns.lanes, turns.approvals.records, news)

    async def bound(self) -> "Call":
        """Note on disk in which conversation this was said; the first time counts."""
        session = None if self.row.thread_id else await self.session()
        if session is None:
            return self
        session_id, thread_id = session.session_id, session.thread_id
        await self.turns.conversations.past.belongs(self.row.id, session_id, thread_id)
        return replace(self, row=replace(self.row, session_id=session_id, thread_id=thread_id))

    def refused_to_others(self) -> Said | None:
        """Refuse in a shared chat what only its admins may do there."""
        admin = self.turns.approvals.deciders.is_admin(self.sender.person)
        if admin or not shared(self.sender):
            return None
        return say("In a shared chat only an admin may do this.")

    def may_withdraw(self, record: ApprovalRecord) -> bool:
        """Say whether the caller may take a request back: who asked may, and admins."""
        person = self.sender.person
        return person == record.requester or self.turns.approvals.deciders.is_admin(person)

    async def session(self) -> Session | None:
        """Give the caller's live session, if there is one."""
        return await self.turns.sessions.find(session_key(self.sender, self.turns.groups))

    async def open(self) -> Sequence[ApprovalRecord]:
        """List what is open in the caller's conversation."""
        session = await self.session()
        records = self.turns.approvals.records
        return await records.open(thread_id=session.thread_id) if session else ()


@dataclass(frozen=True)
class Entry:
    """A command and what it does.

    It belongs to the conversation in which it is used, unless it `binds` itself to another.
    """

    command: Command
    run: Callable[[Call], Awaitable[Said]]
    queues: bool = False
    binds: bool = True


def say(text: str, *suggestions: str) -> Said:
    """Answer with a sentence; suggestions are texts to send with one tap."""
    return Said((Notice(text, suggestions),))


def line(record: ApprovalRecord, zone: tzinfo) -> str:
    """Describe an open approval on one line."""
    what = "; ".join(map(summary, record.actions))
    return f"{record.id} (until {clock(record.expires_at, zone)}): {what}"


def clock(at: datetime, zone: tzinfo = UTC) -> str:
    """Write a time for a person."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def answer_id(row: Message) -> str:
    """Give the id of the answer to a command, which is the same after a crash."""
    return str(uuid5(NAMESPACE_OID, row.id))


def said(text: str) -> bool:
    """Say whether a text was said to the agent, and is no command."""
    first, *_ = text.split(maxsplit=1) or [""]
    return COMMAND.fullmatch(first) is None
