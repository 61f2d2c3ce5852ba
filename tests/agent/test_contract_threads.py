"""What LangGraph does with threads, checkpoints and streams, which our rules are made for."""

import asyncio
import operator
from pathlib import Path
from typing import Annotated, Any

import aiosqlite
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

from adapters.contract import Approve
from bot.agent.attachments import Saying
from bot.agent.context import current_turn
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from tests.agent.desk import context, events_of, open_desk

HERE: RunnableConfig = {"configurable": {"thread_id": "t"}}


def slow_echo() -> Any:
    async def echo(state: MessagesState) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"messages": [AIMessage(state["messages"][-1].text)]}

    builder = StateGraph(MessagesState)
    builder.add_node("echo", echo)
    builder.add_edge(START, "echo")
    return builder.compile(checkpointer=InMemorySaver())


async def test_turns_at_once_on_one_thread_lose_messages() -> None:
    """So whoever calls the runner holds a lock for the thread."""
    graph = slow_echo()
    turns = [graph.ainvoke({"messages": [HumanMessage(str(n))]}, HERE) for n in range(10)]
    answers = await asyncio.gather(*turns)
    assert len(answers) == 10  # each reports success
    kept = (await graph.aget_state(HERE)).values["messages"]
    assert len(kept) < 20


async def test_the_state_as_asked_for_shows_what_is_not_committed() -> None:
    """So the runner reads the checkpoint itself."""

    class State(MessagesState):
        said: Annotated[list[str], operator.add]

    def quick(_: State) -> dict[str, Any]:
        return {"messages": [AIMessage("quick")]}

    def asking(_: State) -> dict[str, Any]:
        return {"messages": [AIMessage(str(interrupt("May I?")))]}

    builder: Any = StateGraph(State)
    for name, node in (("quick", quick), ("asking", asking)):
        builder.add_node(name, node)
        builder.add_edge(START, name)
    saver = InMemorySaver()
    graph = builder.compile(checkpointer=saver)
    await graph.ainvoke({"messages": [HumanMessage("go")]}, HERE)
    shown = (await graph.aget_state(HERE)).values["messages"]
    found = await saver.aget_tuple(HERE)
    assert found is not None
    committed = found.checkpoint["channel_values"]["messages"]
    assert [each.text for each in shown] == ["go", "quick"]
    assert [each.text for each in committed] == ["go"]


async def test_the_stream_of_messages_holds_tool_messages_and_ours_does_not(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        kinds = set()
        graph: Any = desk.runner._graph.copy({"checkpointer": None})
        asked = {"messages": [HumanMessage("what time is it")]}
        current_turn.set(context())
        async for chunk, _ in graph.astream(asked, stream_mode="messages"):
            kinds.add(type(chunk))
        assert ToolMessage in kinds
    async with open_desk(tmp_path) as desk:
        streamed, end = await events_of(desk.runner.ask(Saying("what time is it"), context()))
        assert isinstance(end, Finished)
        assert streamed == end.text  # once: not the tool's words and then the model's


async def rows(path: Path) -> tuple[int, int]:
    async with (
        aiosqlite.connect(path) as db,
        db.execute("SELECT count(*) FROM checkpoints") as checkpoints,
        db.execute("SELECT count(*) FROM writes") as writes,
    ):
        (first,), (second,) = [*await checkpoints.fetchall(), *await writes.fetchall()]
        return int(first), int(second)


@pytest.mark.parametrize("name", ["", "loop", "nested"])
async def test_a_thread_at_rest_takes_one_checkpoint_however_long_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))
    options = AgentOptions(agent=f"tests.agent.graphs:{name}" if name else "")
    async with open_desk(tmp_path, options) as desk:
        for number in range(5):
            turn = context()
            asked = f"book seat {number}" if name else f"send {number} to me"
            _, parked = await events_of(desk.runner.ask(Saying(asked), turn))
            assert isinstance(parked, Parked)
            await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))
        checkpoints, writes = await rows(tmp_path / "threads.db")
        assert checkpoints == 1
        assert writes <= 10


async def test_a_forgotten_thread_leaves_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await events_of(desk.runner.ask(Saying("send hello to me"), context()))
        await desk.runner.forget("t")
        assert not (await desk.runner.look("t")).exists
        assert await rows(tmp_path / "threads.db") == (0, 0)
