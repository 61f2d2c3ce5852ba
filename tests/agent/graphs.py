"""Graphs as people bring them. Their tools write what they did into the file named by EFFECTS."""

import asyncio
import operator
import os
import signal
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt

from bot.agent import gate
from tests.agent.clerk import Clerk


def write(line: str) -> str:
    with Path(os.environ["EFFECTS"]).open("a") as effects:
        effects.write(f"{line}\n")
    return line


def book(what: str) -> str:
    """Book something."""
    return write(f"booked {what}")


@tool
async def pay(what: str, runtime: ToolRuntime) -> str:
    """Pay for something."""
    assert runtime.tool_call_id
    await asyncio.sleep(0.05)  # slower than its neighbours
    return await asyncio.to_thread(write, f"paid {what}")


@tool
def glance(what: str) -> str:
    """Look at something."""
    return f"saw {what}"


glance.metadata = {"read_only": True}


@tool
def crash(what: str) -> str:
    """Do half of something, then die as with kill -9."""
    write(f"began {what}")
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def thinking(tools: list[BaseTool]) -> Any:
    model = Clerk().bind_tools(tools)

    async def think(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    return think


def looping(tools: list[BaseTool], act: Any = None) -> StateGraph[Any, Any, Any, Any]:
    """Model and tools in turn, as in every tutorial."""
    builder = StateGraph(MessagesState)
    builder.add_node("think", thinking(tools))
    builder.add_node("tools", act or ToolNode(tools))
    builder.add_edge(START, "think")
    builder.add_conditional_edges("think", tools_condition)
    builder.add_edge("tools", "think")
    return builder


gated = [gate(book), gate(pay), gate(glance), gate(crash)]
loop = looping(gated)
compiled_loop = looping(gated).compile(checkpointer=InMemorySaver())
ungated_loop = looping([tool(book), gate(pay)])
broken_off = looping(gated).compile(interrupt_before=["tools"])


def made() -> StateGraph[Any, Any, Any, Any]:
    return looping(gated)


async def made_later() -> Any:
    await asyncio.sleep(0)
    return looping(gated).compile()


def failing() -> None:
    raise OSError("no such database")


def by_hand(state: MessagesState) -> dict[str, Any]:
    """Run the calls one after another in a node that is no coroutine."""
    tools = {each.name: each for each in gated}
    last = state["messages"][-1]
    assert isinstance(last, AIMessage)
    return {"messages": [tools[call["name"]].invoke(call) for call in last.tool_calls]}


hand_written = looping(gated, by_hand)

hidden_node = ToolNode([tool(book)])


async def calling_a_node(state: MessagesState) -> Any:
    return await hidden_node.ainvoke(state)


ungated_in_a_function = looping([tool(book)], calling_a_node)


# ------------------------------------------------------------ two interrupts side by side


class SidesState(MessagesState):
    said: Annotated[list[str], operator.add]


def side(name: str) -> Any:
    def ask(state: SidesState) -> dict[str, Any]:
        return {"said": [f"{name} {interrupt(f'May {name}?')}"]}

    return ask


async def join(state: SidesState) -> dict[str, Any]:
    return {"messages": [AIMessage(", ".join(sorted(state["said"])))]}


parallel = StateGraph(SidesState)
for each in ("left", "right"):
    parallel.add_node(each, side(each))
    parallel.add_edge(START, each)
parallel.add_node("join", join)
parallel.add_edge(["left", "right"], "join")
parallel.add_edge("join", END)


# ------------------------------------------------------------ a graph in a graph


async def goodbye(state: MessagesState) -> dict[str, Any]:
    return {"messages": [AIMessage(f"The desk says: {state['messages'][-1].text}")]}


nested = StateGraph(MessagesState)
nested.add_node("desk", looping(gated).compile())
nested.add_node("goodbye", goodbye)
nested.add_edge(START, "desk")
nested.add_edge("desk", "goodbye")

nested_ungated = StateGraph(MessagesState)
nested_ungated.add_node("desk", ungated_loop.compile())
nested_ungated.add_edge(START, "desk")


# ------------------------------------------------------------ nodes that plan, speak and fail


async def plan(state: MessagesState) -> dict[str, Any]:
    """Ask a model for what the person does not read."""
    await Clerk().ainvoke([HumanMessage("hidden thoughts")])
    return {}


def planning(speak: Any) -> StateGraph[Any, Any, Any, Any]:
    builder = StateGraph(MessagesState)
    builder.add_node("plan", plan)
    builder.add_node("speak", speak)
    builder.add_edge(START, "plan")
    builder.add_edge("plan", "speak")
    return builder


planned = planning(thinking([]))
tagged = planning(RunnableLambda(thinking([])).with_config(tags=["answer"]))


async def break_or_answer(state: MessagesState) -> dict[str, Any]:
    if state["messages"][-1].text == "break":
        raise OSError("a secret path")
    return {"messages": [AIMessage("Whole.")]}


fragile = StateGraph(MessagesState)
fragile.add_node("answer", break_or_answer)
fragile.add_edge(START, "answer")


# ------------------------------------------------------------ a question, and what is no graph


def question(state: MessagesState) -> dict[str, Any]:
    return {"messages": [AIMessage(repr(interrupt({"question": "Really?"})))]}


asking = StateGraph(MessagesState)
asking.add_node("question", question)
asking.add_edge(START, "question")


class Overwritten(TypedDict):
    messages: list[AnyMessage]


class Wordless(TypedDict):
    count: int


def stay(state: Any) -> dict[str, Any]:
    return {}


overwritten = StateGraph(Overwritten)
overwritten.add_node("stay", stay)
overwritten.add_edge(START, "stay")
wordless = StateGraph(Wordless)
wordless.add_node("stay", stay)
wordless.add_edge(START, "stay")
a_number = 7


def think_in_a_thread(state: MessagesState) -> dict[str, Any]:
    return {"messages": [Clerk().invoke(state["messages"])]}


in_a_thread = StateGraph(MessagesState)
in_a_thread.add_node("think", think_in_a_thread)
in_a_thread.add_edge(START, "think")
