"""The tools that ship: the time, notes, and messages to other chats."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo, available_timezones

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool, ToolException
from langgraph.store.base import BaseStore

from bot.agent.context import TurnContext, current_turn
from bot.agent.notes import forget_notes as forget_notes_in
from bot.agent.notes import notes_of
from bot.agent.threads import calls_before

Send = Callable[[TurnContext, str, str], Awaitable[str]]
"""Send a text in the name of a turn's person: the turn, the recipient as written, the text.
What it returns is told to the model."""

ZoneOf = Callable[[str], Awaitable[str]]
"""Give the time zone that a person (``telegram:12345``) has set; empty if they set none."""

MOST_NOTES = 200
"""Notes of one person that are read at once."""


def shipped_tools(send: Send, zone_of: ZoneOf, clock: Callable[[], datetime]) -> list[BaseTool]:
    """Make the tools. `time`, `note` and `notes` are on the safe list as it comes."""

    @tool
    async def time(zone: str = "") -> str:
        """Tell the present time in a time zone or city, such as Europe/Paris or Paris.

        Without one it is told in the time zone of the person who is speaking.
        """
        wanted = zone.strip() or await zone_of(current_turn.get().person.person) or "UTC"
        return await asyncio.to_thread(_time, wanted, clock())

    time.metadata = {"read_only": True}

    @tool
    async def note(text: str, runtime: ToolRuntime) -> str:
        """Keep a note for the person who is speaking."""
        turn = current_turn.get()
        # The same call of a turn that runs again after a crash writes the same note again.
        ordinal = calls_before(runtime.state["messages"], "note", str(runtime.tool_call_id))
        key = str(uuid5(NAMESPACE_OID, f"{turn.message_id}/note/{ordinal}"))
        value = {"text": text, "at": clock().isoformat()}
        await _store(runtime).aput(_notes(turn), key, value, index=False)
        return f"Noted: {text}"

    note.metadata = {"idempotent": True}

    @tool
    async def notes(runtime: ToolRuntime) -> str:
        """List the notes of the person who is speaking."""
        found = await _store(runtime).asearch(_notes(current_turn.get()), limit=MOST_NOTES)
        if not found:
            return "There are no notes."
        lines = sorted((item.value["at"], item.value["text"]) for item in found)
        return "Your notes:\n" + "\n".join(f"- {text}" for _, text in lines)

    notes.metadata = {"read_only": True}

    @tool
    async def forget_notes(runtime: ToolRuntime) -> str:
        """Delete all notes of the person who is speaking, for ever."""
        gone = await forget_notes_in(_store(runtime), _notes(current_turn.get()))
        return f"{gone} {'note is' if gone == 1 else 'notes are'} deleted."

    @tool
    async def send_message(to: str, text: str) -> str:
        """Send a message to a person: 'me', or platform:id such as telegram:12345."""
        return await send(current_turn.get(), to, text)

    return [time, note, notes, forget_notes, send_message]


def _store(runtime: ToolRuntime) -> BaseStore:
    if runtime.store is None:
        raise ToolException("There is no place for notes here.")
    return runtime.store


def _notes(turn: TurnContext) -> tuple[str, ...]:
    return notes_of(turn.person.person)


def _time(wanted: str, now: datetime) -> str:
    name = _zone(wanted)
    return f"It is {now.astimezone(ZoneInfo(name)):%A, %d %B %Y, %H:%M} in {name}."


def _zone(written: str) -> str:
    """Find a time zone by its name or its city."""
    wanted = re.sub(r"\s+", "_", written.strip()).lower()
    zones = available_timezones()
    for name in sorted(zones, key=lambda zone: (zone.count("/"), zone)):
        if wanted in (name.lower(), name.lower().rpartition("/")[2]):
            return name
    raise ToolException(f"There is no time zone {written!r}; write for example Europe/Paris.")
