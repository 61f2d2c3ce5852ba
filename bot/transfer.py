"""Taking everything, one person or one session along, and bringing it in elsewhere."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from bot.agent.note_file import add_notes, read_notes
from bot.agent.thread_file import thread_ids
from bot.cleaning import EXPORTS
from bot.commands.call import said
from bot.progress import Progress, Step
from bot.retelling import tell
from bot.turns import Turns
from sessions.export_file import ExportFile, opened
from sessions.exporting import Beside, Exported, export
from sessions.importing import Importing
from sessions.models import Session
from sessions.past import Exchange
from sessions.portable import KINDS, Scope

log = structlog.get_logger(__name__)

MOST_RETOLD = 200
"""So many exchanges of a conversation the agent is told at most, and no more than its history."""


@dataclass(frozen=True, slots=True)
class Received:
    """What an export holds and, unless it was only looked at, how much of it was new."""

    scope: Scope
    made_at: str
    rows: Mapping[str, int]
    added: Mapping[str, int]


class Transfer:
    """Writes exports into data/exports, and takes exports in."""

    def __init__(
        self,
        turns: Turns,
        importing: Importing,
        data: Path,
        history_max_chars: int,
        *,
        alone: asyncio.Lock,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self._turns = turns
        self._importing = importing
        self._data = data
        self._history_max_chars = history_max_chars
        self._clock = clock
        self._progress = progress
        self._alone = alone

    @property
    def directory(self) -> Path:
        """Where exports are."""
        return self._data / EXPORTS

    async def export(self, scope: Scope) -> Exported:
        """Write an export while the bot works."""
        sessions = await self._turns.sessions.all()
        live = [_row(each) for each in sessions if _is_of(each, scope)]

        def write(done: Step) -> Exported:
            beside = [Beside("sessions", live)]
            if scope.kind != "session":
                beside.append(Beside("notes", read_notes(self._data / "notes.db", scope.of)))
            database = self._data / "conversations.db"
            return export(database, scope, self.directory, self._clock(), beside, done=done)

        with self._progress.of("export", len(KINDS)) as done:
            exported = await asyncio.to_thread(write, done)
        log.info("exported", scope=scope.kind, file=exported.file.name, rows=dict(exported.rows))
        return exported

    async def take_in(self, path: Path, *, only_look: bool) -> Received:
        """Check an export and, unless it is only looked at, add what is new in it.

        Raises:
            ArchiveRefused: with a sentence that says what is wrong.
            DatabaseFailed: the disk did not take it; what came before is added.
        """
        async with self._alone:
            with self._progress.of("check the export"):
                found, close = await asyncio.to_thread(_open, path)
            try:
                with self._progress.of("import", sum(found.rows.values())) as done:
                    added = {} if only_look else await self._add(found, done)
            finally:
                await asyncio.to_thread(close)
            return Received(found.scope, found.made_at, found.rows, added)

    async def _add(self, found: ExportFile, done: Step) -> Mapping[str, int]:
        person = found.scope.of if found.scope.kind == "person" else ""
        notes = self._data / "notes.db"
        kept_out = await self._importing.kept_out(found)
        lines = found.lines("notes")
        new = await asyncio.to_thread(add_notes, notes, lines, person, but=kept_out.has_note)
        imported = await self._importing.take_in(found, kept_out, done)
        self._turns.people.look_again()
        known = await asyncio.to_thread(thread_ids, self._data / "threads.db")
        for thread_id in imported.conversations:
            if thread_id not in known:
                await self._retell(thread_id)
        added = {**imported.added, "notes": new}
        log.info("imported", scope=found.scope.kind, added=added)
        return added

    async def _retell(self, thread_id: str) -> None:
        """Tell the agent what was said in a conversation that it does not remember."""
        turns = self._turns
        async with turns.lanes.exclusive(thread_id):
            past = turns.conversations.past
            exchanges = await past.exchanges(thread_id, said, limit=MOST_RETOLD)
            await tell(turns, thread_id, self._messages(exchanges))

    def _messages(self, exchanges: Sequence[Exchange]) -> list[AnyMessage]:
        """Give the newest exchanges that fit into the agent's history, in order."""
        kept: list[AnyMessage] = []
        room = self._history_max_chars
        for each in reversed(exchanges):
            answers = [answer for answer in each.answers if answer.text]
            if each.question.state != "answered" or not answers:
                continue
            room -= len(each.question.text) + sum(len(answer.text) for answer in answers)
            if room < 0:
                break
            asked = HumanMessage(each.question.text, id=each.question.id)
            kept = [asked, *(AIMessage(one.text, id=one.id) for one in answers), *kept]
        return kept


def _open(path: Path) -> tuple[ExportFile, Callable[[], None]]:
    stack = ExitStack()
    return stack.enter_context(opened(path)), stack.close


def _is_of(session: Session, scope: Scope) -> bool:
    if scope.kind == "everything":
        return True
    if scope.kind == "session":
        return session.session_id == scope.of
    platform, _, user = scope.of.partition(":")
    if session.platform != platform:
        return False
    if platform == "api":
        return (session.key.chat_id or session.user_id) == user
    return session.user_id == f"{platform}_{user}"


def _row(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "user_id": session.user_id,
        "platform": session.platform,
        "thread_id": session.thread_id,
        "created_at": session.created_at.isoformat(),
        "last_activity": session.last_activity.isoformat(),
        "metadata": dict(session.metadata),
    }
