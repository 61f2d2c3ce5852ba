"""A real agent on real files, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from adapters.contract import Address, TextDelta
from bot.agent.context import TurnContext
from bot.agent.events import Event
from bot.agent.opening import AgentOptions, open_agent
from bot.agent.runner import Runner
from bot.errors import NoReminder
from sessions.database import Database
from sessions.files import File
from sessions.ledger import Ledger


@dataclass
class Diary:
    """What was to be remembered; or why nothing is."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)
    refuses: str = ""

    async def remind(self, _: Address, cause: str, text: str, when: str) -> str:
        if self.refuses:
            raise NoReminder(self.refuses)
        self.entries.append((cause, text, when))
        return f"I will remind you {when}: {text}"


@dataclass
class Desk:
    """One runner, its ledger, what it sent, and what it was asked to remind of."""

    runner: Runner
    ledger: Ledger
    sent: list[tuple[str, str]] = field(default_factory=list)
    spent: list[tuple[str, int]] = field(default_factory=list)
    diary: Diary = field(default_factory=Diary)
    files: dict[str, File] = field(default_factory=dict)
    stored: dict[str, File] = field(default_factory=dict)


def context(thread_id: str = "t", person: str = "ann", message_id: str = "") -> TurnContext:
    return TurnContext(
        person=Address("memory", person, person),
        person_name=person,
        session_id="s",
        thread_id=thread_id,
        message_id=message_id or str(uuid4()),
        stop=asyncio.Event(),
    )


@asynccontextmanager
async def open_desk(
    data_dir: Path,
    options: AgentOptions | None = None,
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 21, 12, tzinfo=UTC),
) -> AsyncIterator[Desk]:
    sent: list[tuple[str, str]] = []
    spent: list[tuple[str, int]] = []
    files: dict[str, File] = {}
    stored: dict[str, File] = {}
    diary = Diary()

    async def send(_: TurnContext, to: str, text: str) -> str:
        sent.append((to, text))
        return f"Sent to {to}."

    async def send_file(_: TurnContext, ordinal: str, file: File) -> None:
        files[ordinal] = file

    async def load_file(file_id: str) -> File | None:
        return stored.get(file_id)

    async def no_zone(_: str) -> str:
        return ""

    def spend(turn: TurnContext, tokens: int) -> None:
        spent.append((turn.person.person, tokens))

    async with Database.open(data_dir / "conversations.db") as database:
        ledger = Ledger(database)
        async with open_agent(
            options or AgentOptions(),
            data_dir=data_dir,
            ledger=ledger,
            send=send,
            remind=diary.remind,
            load_file=load_file,
            send_file=send_file,
            zone_of=no_zone,
            spend=spend,
            clock=clock,
        ) as runner:
            yield Desk(runner, ledger, sent, spent, diary, files, stored)


async def events_of(events: AsyncIterator[Event]) -> tuple[str, Event]:
    """Read a run: the text that streamed, and how it ended."""
    streamed, last = "", None
    async for event in events:
        if isinstance(event, TextDelta):
            streamed += event.text
        last = event
    assert last is not None
    assert not isinstance(last, TextDelta)
    return streamed, last
