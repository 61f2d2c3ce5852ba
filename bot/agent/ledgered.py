"""Running a tool once: the ledger before and after it, a time limit, and errors as messages."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from bot.agent.context import current_turn
from sessions.ledger import Ledger
from sessions.models import LedgerEntry, LedgerKey

log = structlog.get_logger(__name__)

Result = ToolMessage | Command[Any]

UNKNOWN = (
    "This action was begun before and the bot was stopped meanwhile. Its outcome is unknown, and "
    "it was not started again."
)
STOPPED = "The person stopped the turn before this was started. It did not run."


def is_read_only(tool: BaseTool | None) -> bool:
    """Say whether a tool is declared without effects: ``metadata={"read_only": True}``."""
    return bool(tool is not None and (tool.metadata or {}).get("read_only"))


def may_run_again(tool: BaseTool) -> bool:
    """Say whether running a tool a second time changes nothing; `idempotent` declares that."""
    return is_read_only(tool) or bool((tool.metadata or {}).get("idempotent"))


@dataclass(frozen=True)
class ToolRuns:
    """How tools are run: at most once, not too long, and without ever raising into the graph."""

    ledger: Ledger
    timeout_seconds: float
    clock: Callable[[], datetime]

    async def run(
        self,
        call: dict[str, Any],
        ai_message_id: str,
        run: Callable[[], Awaitable[Result]],
        *,
        read_only: bool,
    ) -> Result:
        """Run one tool call and give its message."""
        turn = current_turn.get()
        if turn.stop.is_set():
            return message_to(call, STOPPED, failed=True)
        turn.tool_begins(call["id"])
        try:
            if read_only:
                return _readable(await self._guarded(call, run))
            key = LedgerKey(turn.thread_id, ai_message_id, call["id"])
            known = await self.ledger.begin(
                key, tool=call["name"], arguments=call["args"], at=self.clock()
            )
            if known is not None:
                return message_from(call, known)
            result = _readable(await self._guarded(call, run))
            failed = isinstance(result, ToolMessage) and result.status == "error"
            await self.ledger.end(
                key,
                outcome="failed" if failed else "done",
                result=result.content if isinstance(result, ToolMessage) else "It ran.",
                at=self.clock(),
            )
            return result
        finally:
            turn.tool_ended(call["id"])

    async def _guarded(self, call: dict[str, Any], run: Callable[[], Awaitable[Result]]) -> Result:
        limit = asyncio.timeout(self.timeout_seconds)
        try:
            async with limit:
                return await run()
        except GraphBubbleUp:
            raise
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return await self._failed(call, cancelled)  # the tool's own doing
        except ToolException as refused:
            return message_to(call, str(refused), failed=True)
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - the model is told
            if limit.expired():  # and not a time-out of the tool's own
                text = f"{call['name']} did not end within {self.timeout_seconds:g} seconds."
                return message_to(call, f"{text} Whether it took effect is not known.", failed=True)
            return await self._failed(call, error)

    async def _failed(self, call: dict[str, Any], error: BaseException) -> Result:
        # Writing a trace reads source files, so not in the loop.
        await asyncio.to_thread(log.error, "a tool failed", tool=call["name"], exc_info=error)
        text = f"{call['name']} failed ({type(error).__name__})."
        return message_to(call, text, failed=True)


def _readable(result: Result) -> Result:
    """Mend a text that holds half a character: no store takes it, and the action has run."""
    if isinstance(result, ToolMessage) and isinstance(result.content, str):
        text = result.content.encode("utf-8", "replace").decode()
        if text != result.content:
            return result.model_copy(update={"content": text})
    return result


def message_to(call: dict[str, Any], content: Any, *, failed: bool = False) -> ToolMessage:
    """Answer a tool call."""
    return ToolMessage(
        content=content,
        name=call["name"],
        tool_call_id=call["id"],
        status="error" if failed else "success",
    )


def message_from(call: dict[str, Any], entry: LedgerEntry) -> ToolMessage:
    """Answer a tool call with what the ledger knows of it."""
    if entry.ended_at is None:
        return message_to(call, UNKNOWN, failed=True)
    return message_to(call, entry.result, failed=entry.outcome == "failed")
