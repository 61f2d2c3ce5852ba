"""The agent that ships: LangChain's, with approvals, the ledger and limits around its tools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    InterruptOnConfig,
    ModelFallbackMiddleware,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.store.base import BaseStore

from bot.agent.attachments import ShowPictures
from bot.agent.ledgered import ToolRuns
from bot.agent.middleware import GuardModel, RunToolsOnce, StopBeforeModel


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one turn may do, and how much of the conversation the model sees."""

    history_max_chars: int = 60_000
    model_calls: int = 20
    tool_calls: int = 20


def build_agent(
    models: Sequence[BaseChatModel],
    tools: Sequence[BaseTool],
    *,
    safe_tools: frozenset[str],
    system_prompt: str,
    limits: Limits,
    runs: ToolRuns,
    saver: BaseCheckpointSaver[Any],
    store: BaseStore,
    pictures: ShowPictures,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the agent. A tool that is not on the safe list asks before it runs."""
    model, *fallbacks = models
    running = RunToolsOnce(runs, limits.tool_calls)
    asking = {
        each.name: InterruptOnConfig(
            allowed_decisions=["approve", "edit", "reject", "respond"],
            description=_first_line(each.description),
            when=running.will_run,
        )
        for each in tools
        if each.name not in safe_tools
    }
    middleware: list[AgentMiddleware[Any, Any, Any]] = [
        HumanInTheLoopMiddleware(interrupt_on=dict(asking), interrupt_mode="batched"),
        running,
        StopBeforeModel(limits.model_calls),
    ]
    if fallbacks:
        middleware.append(ModelFallbackMiddleware(*fallbacks))
    middleware += [pictures, GuardModel()]
    return create_agent(
        model,
        list(tools),
        system_prompt=system_prompt,
        middleware=middleware,
        checkpointer=saver,
        store=store,
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
