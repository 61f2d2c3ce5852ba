"""What LangGraph does with interrupts and resumes, which our rules are made for (FACTS.md)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import UnknownInterruptError
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StateUpdate

from adapters.contract import Approve
from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from bot.agent.runner import STRICT_RESUME
from bot.agent.threads import unanswered_calls
from tests.agent.clerk import Clerk
from tests.agent.desk import context, events_of, open_desk

APPROVED = {"decisions": [{"type": "approve"}]}


def config(**more: Any) -> RunnableConfig:
    return {"configurable": {"thread_id": "t", **more}}


def agent(ran: list[str]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build LangChain's agent as it comes: approvals, but nothing of ours."""

    @tool
    async def book(what: str) -> str:
        """Book something."""
        await asyncio.sleep(0.01)
        ran.append(what)
        return f"booked {what}"

    asking = HumanInTheLoopMiddleware(interrupt_on={"book": True})
    return create_agent(Clerk(), [book], middleware=[asking], checkpointer=InMemorySaver())


async def open_interrupt(graph: Any, text: str = "book a chair") -> str:
    await graph.ainvoke({"messages": [HumanMessage(text)]}, config(), durability="exit")
    (interrupt,) = (await graph.aget_state(config())).interrupts
    return str(interrupt.id)


async def test_a_malformed_answer_poisons_the_thread() -> None:
    ran: list[str] = []
    graph = agent(ran)
    asked = await open_interrupt(graph)
    answers: tuple[dict[str, Any], ...] = ({"decisions": []}, APPROVED)
    for value in answers:
        with pytest.raises(ValueError, match="decisions"):
            await graph.ainvoke(Command(resume={asked: value}), config())
    assert ran == []


async def test_two_resumes_at_once_run_the_tool_twice_without_a_ledger() -> None:
    ran: list[str] = []
    graph = agent(ran)
    asked = await open_interrupt(graph)
    resumes = [
        graph.ainvoke(Command(resume={asked: APPROVED}), config(**{STRICT_RESUME: True}))
        for _ in range(2)
    ]
    await asyncio.gather(*resumes)
    assert ran == ["a chair", "a chair"]


@pytest.mark.parametrize("bring", ["", "tests.agent.graphs:loop"])
async def test_two_resumes_at_once_run_the_tool_once_with_our_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bring: str
) -> None:
    effects = tmp_path / "effects"
    monkeypatch.setenv("EFFECTS", str(effects))
    async with open_desk(tmp_path, AgentOptions(agent=bring)) as desk:
        turn = context()
        asked = "book a chair" if bring else "send hello to me"
        _, parked = await events_of(desk.runner.ask(Saying(asked), turn))
        assert isinstance(parked, Parked)
        resumes = [
            events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn)) for _ in range(2)
        ]
        await asyncio.gather(*resumes, return_exceptions=True)
        assert len(await desk.ledger.of_thread("t")) == 1
        if bring:
            assert await asyncio.to_thread(effects.read_text) == "booked a chair\n"
        else:
            assert desk.sent == [("me", "hello")]


async def test_a_strict_resume_refuses_an_interrupt_that_is_gone() -> None:
    ran: list[str] = []
    graph = agent(ran)
    asked = await open_interrupt(graph)
    await graph.ainvoke(Command(resume={asked: APPROVED}), config())
    await open_interrupt(graph, "book a table")
    with pytest.raises(UnknownInterruptError):
        await graph.ainvoke(Command(resume={asked: APPROVED}), config(**{STRICT_RESUME: True}))
    assert ran == ["a chair"]


async def test_each_occurrence_of_an_interrupt_has_its_own_id() -> None:
    graph = agent([])
    seen = set()
    for _ in range(3):
        asked = await open_interrupt(graph)
        seen.add(asked)
        await graph.ainvoke(Command(resume={asked: APPROVED}), config())
    assert len(seen) == 3


async def test_a_text_over_an_open_approval_leaves_an_unanswered_call() -> None:
    graph = agent([])
    await open_interrupt(graph)
    with pytest.raises(ValueError, match="not answered"):
        await graph.ainvoke({"messages": [HumanMessage("hello")]}, config(), durability="exit")


@pytest.mark.parametrize("bring", ["", "tests.agent.graphs:loop"])
async def test_our_ask_answers_open_calls_before_a_new_text(tmp_path: Path, bring: str) -> None:
    async with open_desk(tmp_path, AgentOptions(agent=bring)) as desk:
        asked = "book a chair" if bring else "send hello to me"
        _, parked = await events_of(desk.runner.ask(Saying(asked), context()))
        assert isinstance(parked, Parked)
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert isinstance(end, Finished)
        assert (await desk.runner.look("t")).requests == ()
        messages = await desk.runner._messages("t")
        assert unanswered_calls(messages) == []
        assert [each.status for each in messages if isinstance(each, ToolMessage)] == ["error"]


async def test_a_thread_is_closed_without_calling_the_model() -> None:
    ran: list[str] = []
    graph = agent(ran)
    await open_interrupt(graph)
    (call,) = unanswered_calls((await graph.aget_state(config())).values["messages"])
    closing = [ToolMessage("expired", tool_call_id=call["id"]), AIMessage("Expired.")]
    await graph.abulk_update_state(
        config(),
        [[StateUpdate({"messages": closing}, "__start__")], [StateUpdate(None, "__end__")]],
    )
    state = await graph.aget_state(config())
    assert (state.next, state.interrupts) == ((), ())
    assert state.values["messages"][-1].text == "Expired."
    await graph.ainvoke(None, config())  # nothing is left to run
    assert (await graph.aget_state(config())).values == state.values
    assert ran == []


async def test_nothing_next_does_not_mean_finished(tmp_path: Path) -> None:
    graph = agent([])
    assert (await graph.aget_state(config())).next == ()  # it has not even begun
    unanswered = [HumanMessage("hello", id="m1")]
    closing = [[StateUpdate({"messages": unanswered}, "__start__")], [StateUpdate(None, "__end__")]]
    await graph.abulk_update_state(config(), closing)
    assert (await graph.aget_state(config())).next == ()
    async with open_desk(tmp_path) as desk:
        await desk.runner._graph.abulk_update_state(config(), closing)
        state = await desk.runner.look("t")
        assert state.exists
        assert state.human_ids == {"m1"}
        assert state.finished is None


async def test_a_finished_thread_is_not_run_again(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        _, again = await events_of(desk.runner.proceed(context()))
        assert again == end
