"""What stands around the model and the tools of the agent that ships."""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import (
    AgentMiddleware,
    AgentState,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.messages import AIMessage, RemoveMessage
from langgraph.runtime import Runtime

from bot.agent.context import current_turn
from bot.agent.ledgered import Result, ToolRuns, is_read_only
from bot.agent.threads import beyond, caller_of, mended


class ModelCutOff(Exception):
    """The model's answer ended without saying that it had ended."""


class RunToolsOnce(AgentMiddleware[Any, Any, Any]):
    """Every tool goes through the ledger, unless it is declared read-only."""

    def __init__(self, runs: ToolRuns) -> None:
        super().__init__()
        self._runs = runs

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[Result]],
    ) -> Result:
        """Run one call, at most once."""
        call = dict(request.tool_call)
        return await self._runs.run(
            call,
            caller_of(request.state["messages"], str(call["id"])),
            lambda: handler(request),
            read_only=is_read_only(request.tool),
        )


class GuardModel(AgentMiddleware[Any, Any, Any]):
    """The last line of defence before a provider, and the first behind it.

    A thread with an unanswered call is refused by providers for ever, so the model is shown a
    mended one. An answer that was cut off is an error: OpenAI-compatible servers send a finish
    reason with the last piece (FACTS.md), and a cut connection looks like an end without one.
    """

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model with a whole thread and check that its answer is whole."""
        response = await handler(request.override(messages=mended(request.messages)))
        for message in response.result:
            if isinstance(message, AIMessage):
                facts = message.response_metadata
                if facts.get("model_provider") == "openai" and not (
                    facts.get("finish_reason") or facts.get("status")
                ):
                    raise ModelCutOff
        return response


class TrimHistory(AgentMiddleware[Any, Any, Any]):
    """At the start of a turn, whole turns that the model no longer sees leave the thread."""

    def __init__(self, most_chars: int) -> None:
        super().__init__()
        self._most_chars = most_chars

    async def abefore_agent(
        self,
        state: AgentState[Any],
        runtime: Runtime[Any],  # noqa: ARG002 - the hook's signature
    ) -> dict[str, Any] | None:
        """Remove what is beyond the limit; the transcript keeps it."""
        gone = beyond(state["messages"], self._most_chars)
        return {"messages": [RemoveMessage(id=str(each.id)) for each in gone]} if gone else None


class StopBeforeModel(AgentMiddleware[Any, Any, Any]):
    """A stopped turn calls the model no more."""

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Answer in the model's stead when the person said stop."""
        if current_turn.get().stop.is_set():
            return ModelResponse(result=[AIMessage(content="Stopped.")])
        return await handler(request)
