"""One use of a command, and what the functions behind commands share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.contract import Address, Command, Notice
from bot.addresses import address_of, session_key
from bot.decisions import Decisions, Said
from bot.turns import Turns
from bot.verdicts import summary
from sessions.models import ApprovalRecord, Message, Session


@dataclass(frozen=True)
class Call:
    """One use of a command: who, where, and the words after its name."""

    row: Message
    words: str
    turns: Turns
    decisions: Decisions
    bot_name: str
    commands: Sequence[Command]

    @property
    def sender(self) -> Address:
        """Who calls."""
        return address_of(self.row.place)

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
    """A command and what it does."""

    command: Command
    run: Callable[[Call], Awaitable[Said]]
    queues: bool = False


def say(text: str, *suggestions: str) -> Said:
    """Answer with a sentence; suggestions are texts to send with one tap."""
    return Said((Notice(text, suggestions),))


def line(record: ApprovalRecord) -> str:
    """Describe an open approval on one line."""
    what = "; ".join(map(summary, record.actions))
    return f"{record.id} (until {clock(record.expires_at)}): {what}"


def clock(at: datetime) -> str:
    """Write a time for a person."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
