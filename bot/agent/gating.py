"""The gate around a tool of a graph that somebody brings: approval first, then the ledger."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException
from langchain_core.tools import tool as make_tool
from langgraph.config import get_config
from langgraph.errors import GraphInterrupt
from langgraph.types import interrupt
from pydantic import PrivateAttr, ValidationError

from bot.agent.injected import RUNTIME, asking_for_runtime, injected_arguments, runtime_in
from bot.agent.ledgered import Result, ToolRuns, is_read_only, message_to
from bot.agent.requests import ALL
from bot.agent.threads import caller_of

log = structlog.get_logger(__name__)

NOT_THIS_CALL = "The decision that came was about another call. This one did not run."
REJECTED = "A person rejected this action. It did not run; do not try again unless asked to."


@dataclass(frozen=True)
class Gatekeeping:
    """What the gates of one run share.

    `asking` holds the tasks of the graph in which a call waits for a person: no other call of
    the same task begins meanwhile, as LangGraph runs the whole task again afterwards.
    """

    runs: ToolRuns
    loop: asyncio.AbstractEventLoop
    asking: dict[str, GraphInterrupt] = field(default_factory=dict)


gatekeeping: ContextVar[Gatekeeping] = ContextVar("gatekeeping")
"""Set by the runner for the time of a run, as `current_turn` is."""


def gate(tool: BaseTool | Callable[..., Any]) -> BaseTool:
    """Wrap a tool so that a person decides before it runs, and that it runs at most once.

    A tool with ``metadata={"read_only": True}`` passes without asking.
    """
    inner = tool if isinstance(tool, BaseTool) else make_tool(tool)
    return inner if isinstance(inner, GatedTool) else GatedTool.around(inner)


class GatedTool(BaseTool):
    """A tool behind a gate. To the model and to a ToolNode it looks like the tool itself."""

    inner: BaseTool
    _hidden: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def around(cls, inner: BaseTool) -> "GatedTool":
        """Put a gate around a tool."""
        gated = cls(
            name=inner.name,
            description=inner.description,
            args_schema=inner.args_schema or inner.get_input_schema(),
            return_direct=inner.return_direct,
            metadata=inner.metadata,
            tags=inner.tags,
            inner=inner,
        )
        gated._hidden = injected_arguments(inner)
        return gated

    @property
    def coroutine(self) -> Callable[[], None]:
        """Tell a ToolNode what to fill in: what the tool wants, and the runtime for the gate."""
        return asking_for_runtime(self.inner)

    @property
    def tool_call_schema(self) -> Any:
        """Describe the arguments as the tool itself does."""
        return self.inner.tool_call_schema

    def get_input_schema(self, config: RunnableConfig | None = None) -> Any:
        """Describe all arguments as the tool itself does."""
        return self.inner.get_input_schema(config)

    async def ainvoke(
        self,
        input: str | dict[str, Any] | Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Ask, then run the call, at most once."""
        keeping, call = _keeping(), _whole_call(self.name, input)
        # Before any await: LangGraph counts the interrupts of a task in the order of their calls.
        decision = self._ask(call, keeping)
        return await self._carry_out(call, decision, config, keeping, kwargs)

    def invoke(
        self,
        input: str | dict[str, Any] | Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Do the same for a node that is no coroutine and so runs in a thread."""
        keeping, call = _keeping(), _whole_call(self.name, input)
        if _in_a_loop():
            raise RuntimeError(f"{self.name} is gated: in a coroutine, call it with ainvoke.")
        decision = self._ask(call, keeping)
        work = self._carry_out(call, decision, config, keeping, kwargs)
        return asyncio.run_coroutine_threadsafe(work, keeping.loop).result()

    def _run(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - LangChain's signature
        raise RuntimeError(f"{self.name} is gated and cannot be run past its gate.")

    def _shown(self, call: Mapping[str, Any]) -> dict[str, Any]:
        hidden = self._hidden | {RUNTIME}
        return {name: each for name, each in call["args"].items() if name not in hidden}

    def _ask(self, call: dict[str, Any], keeping: Gatekeeping) -> Mapping[str, Any]:
        """Give the decision about this call; where there is none yet, the task ends here."""
        shown = self._shown(call)
        if is_read_only(self):
            return {"type": "approve"}
        try:
            answer = interrupt(
                {
                    "action_requests": [
                        {"name": self.name, "args": shown, "description": self.description}
                    ],
                    "review_configs": [{"action_name": self.name, "allowed_decisions": list(ALL)}],
                    "tool_call_id": call["id"],
                }
            )
        except GraphInterrupt as unanswered:
            keeping.asking[_task()] = unanswered
            raise
        decision = _decision_about(answer, call["id"], self.name, shown)
        if decision is None:
            log.warning("a decision was about another call; nothing was run", tool=self.name)
            return {"type": "none"}
        return decision

    async def _carry_out(
        self,
        call: dict[str, Any],
        decision: Mapping[str, Any],
        config: RunnableConfig | None,
        keeping: Gatekeeping,
        options: dict[str, Any],
    ) -> Result:
        # Calls beside this one that have no decision yet reach their interrupt in the meantime.
        await asyncio.sleep(0)
        if (unanswered := keeping.asking.get(_task())) is not None:
            raise GraphInterrupt(*unanswered.args)
        arguments = self._shown(call)
        match decision["type"]:
            case "approve":
                pass
            case "edit":
                arguments = dict(decision["edited_action"]["args"])
            case "reject":
                reason = decision.get("message", "")
                text = f"{REJECTED} Their reason: {reason}" if reason else REJECTED
                return message_to(call, text, failed=True)
            case "respond":
                return message_to(call, decision["message"])
            case _:
                return message_to(call, NOT_THIS_CALL, failed=True)
        injected = {name: each for name, each in call["args"].items() if name in self._hidden}
        runtime = runtime_in(call["args"])
        ready = {**call, "args": {**arguments, **injected}}

        async def run() -> Result:
            try:
                result: Result = await self.inner.ainvoke(ready, config, **options)
            except ValidationError as invalid:
                raise ToolException(f"{self.name}: {_problems(invalid)}") from invalid
            return result

        return await keeping.runs.run(
            {**call, "args": arguments},
            _caller(runtime.state if runtime is not None else None, call["id"]),
            run,
            read_only=is_read_only(self),
        )


def _keeping() -> Gatekeeping:
    keeping = gatekeeping.get(None)
    if keeping is None:
        raise RuntimeError("A gated tool runs inside Threadline only: nobody here can approve it.")
    return keeping


def _whole_call(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or given.get("type") != "tool_call":
        raise RuntimeError(
            f"{name} is gated: call it with the model's whole tool call, not with its arguments."
        )
    return given


def _decision_about(
    answer: Any, call_id: str, name: str, shown: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Take the decision out of the resumed value, if it is about this call as it was shown."""
    if not isinstance(answer, Mapping) or answer.get("tool_call_id") != call_id:
        return None
    if answer.get("asked") != [{"name": name, "args": shown}]:
        return None
    decisions = answer.get("decisions")
    if not isinstance(decisions, list) or len(decisions) != 1:
        return None
    decision: Mapping[str, Any] = decisions[0]
    renamed = decision["type"] == "edit" and decision["edited_action"]["name"] != name
    return None if renamed else decision


def _caller(state: Any, call_id: str) -> str:
    """Name the model's message that made a call, or, where no state is given, the graph's task.

    Both stay the same when the task runs again, after a decision and after a crash.
    """
    messages = state.get("messages", ()) if isinstance(state, Mapping) else state
    if not isinstance(messages, list):
        messages = getattr(state, "messages", None) or ()
    return caller_of(messages, call_id) or _task()


def _task() -> str:
    return str(get_config()["metadata"].get("langgraph_checkpoint_ns", ""))


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _problems(invalid: ValidationError) -> str:
    found = invalid.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
