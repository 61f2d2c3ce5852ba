"""A graph that somebody brings, in place of the agent that ships: AGENT=package.module:graph."""

import asyncio
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import structlog
from langchain_core.tools import BaseTool
from langgraph.channels import DeltaChannel, LastValue
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore

from bot.agent.gating import GatedTool
from bot.agent.opening import load
from bot.errors import StartError

log = structlog.get_logger(__name__)

Graph = CompiledStateGraph[Any, Any, Any, Any]


async def open_foreign(
    path: str,
    ungated: Literal["refuse", "allow"],
    *,
    saver: BaseCheckpointSaver[Any],
    store: BaseStore,
) -> tuple[Graph, Mapping[str, BaseTool]]:
    """Load a graph, put our checkpoints under it, and find the tools that it runs.

    Raises:
        StartError: with a sentence that says what is missing.
    """
    found = await asyncio.to_thread(load, "AGENT", path)
    graph = _compiled(path, await _made(path, found))
    _check_state(path, graph)
    if graph.interrupt_before_nodes or graph.interrupt_after_nodes:
        raise StartError(
            f"AGENT={path}: the graph stops with interrupt_before or interrupt_after, which asks "
            "a person nothing. Call interrupt(...) in a node, or gate() the tool."
        )
    if graph.checkpointer is not None:
        log.info("the graph's own checkpointer is replaced by ours", agent=path)
    tools = {tool.name: tool for each in _graphs(graph) for tool in _tools_of(each)}
    bare = sorted(name for name, tool in tools.items() if not isinstance(tool, GatedTool))
    if bare and ungated != "allow":
        raise StartError(
            f"AGENT={path} runs tools without approval and ledger: {', '.join(bare)}. Wrap each "
            "with gate() from bot.agent, or set AGENT_UNGATED=allow."
        )
    if bare:
        log.warning("tools run without approval and ledger", agent=path, tools=bare)
    ours = {"checkpointer": saver, "store": graph.store or store}
    return graph.copy(ours), tools


def speaking_nodes(graph: Graph) -> frozenset[str]:
    """Name the nodes whose text is shown while it is written, where none is tagged.

    Which node will end a turn is not known before it has. Only a graph with a single node that
    is neither a ToolNode nor a graph itself leaves no doubt; in others the answer comes whole.
    """
    inner = {name for name, _ in graph.get_subgraphs()}
    speaking = [
        name
        for name, node in graph.builder.nodes.items()
        if name not in inner and not isinstance(node.runnable, ToolNode)
    ]
    return frozenset(speaking) if len(speaking) == 1 else frozenset()


async def _made(path: str, found: Any) -> Any:
    """Call what was found if it makes the graph; a plain function may block, so in a thread."""
    if isinstance(found, StateGraph | Pregel) or not callable(found):
        return found
    try:
        if inspect.iscoroutinefunction(found):
            return await found()
        made = await asyncio.to_thread(found)
        return await made if inspect.isawaitable(made) else made
    except Exception as error:
        raise StartError(
            f"AGENT={path}: the function failed ({type(error).__name__}: {error})."
        ) from error


def _compiled(path: str, made: Any) -> Graph:
    if isinstance(made, CompiledStateGraph):
        return made
    if not isinstance(made, StateGraph):
        raise StartError(
            f"AGENT={path} is a {type(made).__name__}; it has to be a StateGraph, a compiled one, "
            "or a function without arguments that returns one."
        )
    try:
        return made.compile()
    except Exception as error:
        raise StartError(f"AGENT={path} does not compile: {error}.") from error


def _check_state(path: str, graph: Graph) -> None:
    taken = graph.builder.schemas[graph.builder.input_schema]
    if "messages" not in taken or "messages" not in graph.channels:
        raise StartError(
            f"AGENT={path}: the graph's state has no messages. Add "
            "messages: Annotated[list[AnyMessage], add_messages]."
        )
    if isinstance(graph.channels["messages"], LastValue):
        raise StartError(
            f"AGENT={path}: messages in the graph's state is overwritten by each message. "
            "Annotate it: messages: Annotated[list[AnyMessage], add_messages]."
        )
    for each in _graphs(graph):
        deltas = sorted(n for n, kind in each.channels.items() if isinstance(kind, DeltaChannel))
        if deltas:
            raise StartError(
                f"AGENT={path}: {', '.join(deltas)} in the graph's state is a DeltaChannel, which "
                "needs old checkpoints; we keep the newest only."
            )


def _graphs(graph: Graph) -> Iterator[Pregel[Any, Any, Any, Any]]:
    yield graph
    for _, inner in graph.get_subgraphs(recurse=True):
        if isinstance(inner, Pregel):
            yield inner


def _tools_of(graph: Pregel[Any, Any, Any, Any]) -> Iterator[BaseTool]:
    """Give the tools in the ToolNodes among a graph's nodes, also where a function calls one."""
    for node in graph.nodes.values():
        for each in _parts(node.bound):
            if isinstance(each, ToolNode):
                yield from each.tools_by_name.values()


def _parts(runnable: Any) -> Iterator[Any]:
    """Give a node's runnable, what it is a sequence or a binding of, and what its function uses."""
    yield runnable
    if isinstance(runnable, ToolNode):
        return
    for step in getattr(runnable, "steps", ()):
        yield from _parts(step)
    inner = getattr(runnable, "bound", None)
    if inner is not None:
        yield from _parts(inner)
    for name in ("func", "afunc"):
        function = inspect.unwrap(getattr(runnable, name, None) or _nothing)
        if inspect.isfunction(function):
            used = inspect.getclosurevars(function)
            values = [*used.nonlocals.values(), *used.globals.values()]
            yield from (each for each in values if isinstance(each, ToolNode))


def _nothing() -> None:
    """Stand for a function that a runnable does not have."""
