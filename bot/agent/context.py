"""What the agent and its tools may know of the turn that they work for."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field

from adapters.contract import Address


@dataclass(frozen=True)
class TurnContext:
    """One turn: for whom, where, and whether it is to stop.

    `message_id` is that of the person's message. `busy_tools` holds the calls of tools that run
    right now: a turn that is stopped waits for them.
    """

    person: Address
    person_name: str
    session_id: str
    thread_id: str
    message_id: str
    stop: asyncio.Event
    busy_tools: set[str] = field(default_factory=set)
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    def tool_begins(self, call_id: str) -> None:
        """Note that a tool call runs."""
        self.busy_tools.add(call_id)
        self.at_rest.clear()

    def tool_ended(self, call_id: str) -> None:
        """Note that a tool call does not run any more."""
        self.busy_tools.discard(call_id)
        if not self.busy_tools:
            self.at_rest.set()

    async def tools_at_rest(self) -> None:
        """Wait until no tool runs."""
        while self.busy_tools:
            await self.at_rest.wait()

    async def cancel_when_stopped(self, run: "asyncio.Task[None]") -> None:
        """Cancel a run once the person said stop and no tool is in the middle of its work."""
        await self.stop.wait()
        await self.tools_at_rest()
        run.cancel()


current_turn: ContextVar[TurnContext] = ContextVar("current_turn")
"""Set by the runner for the time of a run. LangGraph hands it on into nodes and tools."""
