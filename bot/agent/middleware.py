"""What stands around the model and the tools of the agent that ships."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import (
    AgentMiddleware,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.messages import AIMessage

from bot.agent.context import current_turn
from bot.agent.ledgered import Result, ToolRuns, is_read_only, message_to
from bot.agent.model_answers import taken
from bot.agent.threads import caller_of, mended, place_in_turn, steps_in_turn

TOO_MANY_STEPS = "I stopped here: this took too many steps. Ask me to go on if you like."
TOO_MANY_CALLS = "This did not run: too many tools were called in this turn. Go on without it."


class RunToolsOnce(AgentMiddleware[Any, Any, Any]):
    """Every tool goes through the ledger, unless it is declared read-only.

    Calls beyond `most_calls` in a turn do not run. They are counted in the thread itself, so a
    decision in between does not begin the count anew.
    """

    def __init__(self, runs: ToolRuns, most_calls: int) -> None:
        super().__init__()
        self._runs = runs
        self._most_calls = most_calls

    def will_run(self, request: ToolCallRequest) -> bool:
        """Say whether a call is within the limit; nobody is asked about one that is not."""
        place = place_in_turn(request.state["messages"], str(request.tool_call["id"]))
        return place < self._most_calls

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[Result]],
    ) -> Result:
        """Run one call, at most once."""
        call = dict(request.tool_call)
        if not self.will_run(request):
            return message_to(call, TOO_MANY_CALLS, failed=True)
        return await self._runs.run(
            call,
            caller_of(request.state["messages"], str(call["id"])),
            lambda: handler(request),
            read_only=is_read_only(request.tool),
        )


class GuardModel(AgentMiddleware[Any, Any, Any]):
    """The last line of defence before a provider, and the first behind it.

    A thread with an unanswered call is refused by providers for ever, so the model is shown a
    mended one, and what it answers is taken only if it is whole.
    """

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model with a whole thread and check that its answer is whole."""
        response = await handler(request.override(messages=mended(request.messages)))
        whole = [
            taken(each, request.messages) if isinstance(each, AIMessage) else each
            for each in response.result
        ]
        return replace(response, result=whole)


class StopBeforeModel(AgentMiddleware[Any, Any, Any]):
    """A turn that was stopped, or called the model `most_calls` times, calls it no more."""

    def __init__(self, most_calls: int) -> None:
        super().__init__()
        self._most_calls = most_calls

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Answer in the model's stead where it may not be called."""
        if current_turn.get().stop.is_set():
            return ModelResponse(result=[AIMessage(content="Stopped.")])
        if steps_in_turn(request.messages) >= self._most_calls:
            return ModelResponse(result=[AIMessage(content=TOO_MANY_STEPS)])
        return await handler(request)
