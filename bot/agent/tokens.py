"""Counting tokens: what every call of a model in a turn has used, as far as anybody says it.

Most providers say it at the end of a call. Where one does not, and for a call that was cut off,
it is estimated from the length of the texts, as with the offline model.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.agent.context import TurnContext, current_turn

CHARACTERS_A_TOKEN = 4

Spend = Callable[[TurnContext, int], None]
"""Told of each call of a model: in whose turn it was, and how many tokens it read and wrote."""


@dataclass
class _Call:
    """A call of a model that has not ended: what it was given, and how much it wrote so far."""

    turn: TurnContext
    given: Sequence[BaseMessage]
    written: int = 0

    def estimate(self) -> int:
        """Guess the tokens of a call of which nobody says them."""
        characters = sum(map(_size, self.given)) + self.written
        return -(-characters // CHARACTERS_A_TOKEN)


class TokenCounter(BaseCallbackHandler):
    """Listens to every model that a graph calls, also inside its subgraphs and tools.

    One serves all turns: whose call it is says `current_turn`. What a turn leaves open at its
    end was cut off by a stop, and counts as far as it came.
    """

    run_inline = True  # in the turn's own context, and before the graph goes on
    ignore_agent = True
    ignore_retriever = True

    def __init__(self, spend: Spend, loop: asyncio.AbstractEventLoop) -> None:
        self._spend = spend
        self._loop = loop
        self._open: dict[UUID, _Call] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002 - LangChain's signature
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **kwargs: Any,  # noqa: ARG002 - as above
    ) -> None:
        """Note what a model is given."""
        turn = current_turn.get(None)
        if turn is not None:
            self._open[run_id] = _Call(turn, [each for batch in messages for each in batch])

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        run_id: UUID,
        **kwargs: Any,  # noqa: ARG002 - as above
    ) -> None:
        """Note what it writes."""
        call = self._open.get(run_id)
        if call is not None:
            call.written += len(token) if isinstance(token, str) else len(AIMessage(token).text)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002 - as above
        """Count a call that has ended."""
        call = self._open.pop(run_id, None)
        if call is None:
            return
        said = [
            each.message
            for batch in response.generations
            for each in batch
            if isinstance(each, ChatGeneration)
        ]
        call.written = sum(map(_size, said))
        self._count(call.turn, _reported(said) or call.estimate())

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002 - as above
        """Count a call that failed, unless it was refused before it wrote anything."""
        call = self._open.pop(run_id, None)
        if call is not None and (call.written or isinstance(error, asyncio.CancelledError)):
            self._count(call.turn, call.estimate())

    def on_chain_end(
        self,
        outputs: dict[str, Any],  # noqa: ARG002 - as above
        *,
        parent_run_id: UUID | None = None,
        **kwargs: Any,  # noqa: ARG002 - as above
    ) -> None:
        """At the end of a run, count what it leaves open."""
        if parent_run_id is None:
            self._count_open()

    def on_chain_error(
        self,
        error: BaseException,  # noqa: ARG002 - as above
        *,
        parent_run_id: UUID | None = None,
        **kwargs: Any,  # noqa: ARG002 - as above
    ) -> None:
        """At the end of a run that failed or was stopped, count what it leaves open."""
        if parent_run_id is None:
            self._count_open()

    def _count_open(self) -> None:
        turn = current_turn.get(None)
        for run_id, call in list(self._open.items()):
            if call.turn is turn:
                del self._open[run_id]
                self._count(turn, call.estimate())

    def _count(self, turn: TurnContext, tokens: int) -> None:
        # A node that is no coroutine runs in a thread, and its models with it.
        self._loop.call_soon_threadsafe(self._spend, turn, tokens)


def _reported(said: Sequence[BaseMessage]) -> int:
    """Add up what a provider says that a call read and wrote; 0 if it says nothing."""
    reported = [
        each.usage_metadata for each in said if isinstance(each, AIMessage) and each.usage_metadata
    ]
    return sum(each["input_tokens"] + each["output_tokens"] for each in reported)


def _size(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else ()
    return len(message.text) + sum(len(str(call["args"])) for call in calls)
