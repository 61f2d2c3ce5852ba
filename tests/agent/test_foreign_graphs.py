"""Graphs that people bring run as the agent that ships does: approvals, ledger, recovery."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from adapters.contract import Approve, Edit, Reject, Respond, Verdict
from bot.agent.attachments import Saying
from bot.agent.context import TurnContext
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from bot.agent.requests import Request
from bot.errors import AgentFailed, InterruptGone
from tests.agent.desk import Desk, context, events_of, open_desk

Effects = Callable[[], str]
"""Give what the tools did, a line each."""


@pytest.fixture(autouse=True)
def effects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Effects:
    path = tmp_path / "effects"
    path.touch()
    monkeypatch.setenv("EFFECTS", str(path))
    return path.read_text


def bring(name: str) -> AgentOptions:
    return AgentOptions(agent=f"tests.agent.graphs:{name}")


async def ask(desk: Desk, text: str, turn: TurnContext) -> tuple[Request, ...]:
    _, parked = await events_of(desk.runner.ask(Saying(text), turn))
    assert isinstance(parked, Parked)
    return parked.requests


async def decide(desk: Desk, request: Request, verdict: Verdict, turn: TurnContext) -> object:
    _, end = await events_of(desk.runner.resume(request, (verdict,), turn))
    return end


def answer(end: object) -> str:
    assert isinstance(end, Finished)
    return end.text


@pytest.mark.parametrize("name", ["loop", "compiled_loop", "made", "made_later", "hand_written"])
async def test_a_hand_written_loop_asks_and_acts_once(
    tmp_path: Path, effects: Effects, name: str
) -> None:
    async with open_desk(tmp_path, bring(name)) as desk:
        turn = context()
        (request,) = await ask(desk, "book a chair", turn)
        assert [(each.name, each.arguments) for each in request.actions] == [
            ("book", {"what": "a chair"})
        ]
        assert effects() == ""
        assert answer(await decide(desk, request, Approve(), turn)) == "booked a chair"
        assert effects() == "booked a chair\n"
        with pytest.raises(InterruptGone):
            await decide(desk, request, Approve(), turn)
        (entry,) = await desk.ledger.of_thread("t")
        assert (entry.tool, entry.outcome, entry.arguments) == ("book", "done", {"what": "a chair"})
        streamed, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert answer(end) == "Heard: hello."
        # With two nodes of its own nobody knows beforehand which one speaks to the person.
        assert streamed == ("" if name == "hand_written" else answer(end))


@pytest.mark.parametrize(
    ("name", "slow", "done"), [("loop", "pay", "paid"), ("hand_written", "book", "booked")]
)
async def test_two_calls_of_one_turn_are_asked_about_one_after_the_other(
    tmp_path: Path, effects: Effects, name: str, slow: str, done: str
) -> None:
    async with open_desk(tmp_path, bring(name)) as desk:
        turn = context()
        (first,) = await ask(desk, f"{slow} 3 and glance around and book a chair", turn)
        assert first.actions[0].arguments == {"what": "3"}
        parked = await decide(desk, first, Approve(), turn)
        assert isinstance(parked, Parked)
        (second,) = parked.requests
        assert second.actions[0].arguments == {"what": "a chair"}
        assert second.interrupt_id != first.interrupt_id
        end = await decide(desk, second, Approve(), turn)
        assert answer(end) == f"{done} 3; saw around; booked a chair"
        assert sorted(effects().splitlines()) == sorted([f"{done} 3", "booked a chair"])


@pytest.mark.parametrize(
    ("verdict", "text", "lines"),
    [
        (Edit({"what": "a table"}), "booked a table", "booked a table\n"),
        (Reject("too dear"), "too dear", ""),
        (Respond("it is booked already"), "it is booked already", ""),
    ],
)
async def test_a_gated_tool_takes_every_verdict(
    tmp_path: Path, effects: Effects, verdict: Verdict, text: str, lines: str
) -> None:
    async with open_desk(tmp_path, bring("loop")) as desk:
        turn = context()
        (request,) = await ask(desk, "book a chair", turn)
        assert text in answer(await decide(desk, request, verdict, turn))
        assert effects() == lines


async def test_two_interrupts_side_by_side_are_decided_one_by_one(tmp_path: Path) -> None:
    turn = context()
    async with open_desk(tmp_path, bring("parallel")) as desk:
        left, right = sorted(await ask(desk, "go", turn), key=lambda each: str(each.actions))
        assert left.actions[0].description == "May left?"
        parked = await decide(desk, right, Respond("may not"), turn)
        assert parked == Parked((left,))
    async with open_desk(tmp_path, bring("parallel")) as desk:
        assert (await desk.runner.look("t")).requests == (left,)
        with pytest.raises(InterruptGone):
            await decide(desk, right, Approve(), turn)
        assert answer(await decide(desk, left, Approve(), turn)) == "left True, right may not"


async def test_closing_one_of_two_interrupts_leaves_a_thread_at_rest(tmp_path: Path) -> None:
    async with open_desk(tmp_path, bring("parallel")) as desk:
        await ask(desk, "go", context())
        await desk.runner.close("t", "Expired.")
        state = await desk.runner.look("t")
        assert state.requests == ()
        assert state.finished is not None
        assert state.finished.text == "Expired."
        assert len(await ask(desk, "again", context())) == 2


async def test_a_graph_in_a_graph_asks_too(tmp_path: Path, effects: Effects) -> None:
    turn = context()
    async with open_desk(tmp_path, bring("nested")) as desk:
        (request,) = await ask(desk, "book a chair", turn)
    async with open_desk(tmp_path, bring("nested")) as desk:
        assert (await desk.runner.look("t")).requests == (request,)
        streamed, end = await events_of(desk.runner.resume(request, (Approve(),), turn))
        assert answer(end) == "The desk says: booked a chair"
        assert streamed in ("", answer(end))
        assert effects() == "booked a chair\n"


async def test_a_graph_that_was_cut_off_between_two_nodes_is_not_taken_for_finished(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path, bring("nested")) as desk:
        # As a crash after the first node would leave it: its message is no answer.
        await desk.runner._graph.ainvoke(
            {"messages": [HumanMessage("hello")]},
            {"configurable": {"thread_id": "t"}},
            interrupt_before=["goodbye"],
        )
        assert (await desk.runner.look("t")).finished is None
        _, end = await events_of(desk.runner.proceed(context()))
        assert answer(end) == "The desk says: Heard: hello."
        assert (await desk.runner.look("t")).finished == end


async def test_a_closed_request_inside_a_graph_does_not_come_back(
    tmp_path: Path, effects: Effects
) -> None:
    async with open_desk(tmp_path, bring("nested")) as desk:
        await ask(desk, "book a chair", context())
        await desk.runner.close("t", "Withdrawn.")
        assert (await desk.runner.look("t")).requests == ()
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert answer(end) == "The desk says: Heard: hello."
        assert effects() == ""


@pytest.mark.parametrize(
    ("verdict", "text"),
    [(Approve(), "True"), (Reject("no"), "False"), (Respond("later"), "'later'")],
)
async def test_any_other_interrupt_is_a_question(
    tmp_path: Path, verdict: Verdict, text: str
) -> None:
    async with open_desk(tmp_path, bring("asking")) as desk:
        turn = context()
        (request,) = await ask(desk, "go", turn)
        assert request.form == "value"
        assert "Really?" in request.actions[0].description
        assert answer(await decide(desk, request, verdict, turn)) == text


async def test_a_decision_about_another_call_runs_nothing(tmp_path: Path, effects: Effects) -> None:
    async with open_desk(tmp_path, bring("loop")) as desk:
        turn = context()
        (request,) = await ask(desk, "book a chair", turn)
        # As if the graph had given this interrupt to another call since it was shown.
        stale = {"decisions": [{"type": "approve"}], "tool_call_id": "another", "asked": []}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.agent.runner.resume_value", lambda *_: stale)
            end = await decide(desk, request, Approve(), turn)
        assert "did not run" in answer(end)
        assert effects() == ""


async def test_a_tool_that_was_killed_in_the_middle_is_not_started_again(
    tmp_path: Path, effects: Effects
) -> None:
    code = f"""
import asyncio, pathlib
from adapters.contract import Approve
from bot.agent.attachments import Saying
from tests.agent.desk import context, events_of, open_desk
from tests.agent.test_foreign_graphs import bring

async def main():
    turn = context(message_id="m1")
    async with open_desk(pathlib.Path({str(tmp_path)!r}), bring("loop")) as desk:
        _, parked = await events_of(desk.runner.ask(Saying("crash into it"), turn))
        await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))

asyncio.run(main())
"""
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await killed.wait() == -signal.SIGKILL
    assert effects() == "began into it\n"
    async with open_desk(tmp_path, bring("loop")) as desk:
        state = await desk.runner.look("t")
        turn = context(message_id="m1")
        assert state.human_ids == {"m1"}
        if state.requests:  # the decision was not on disk yet
            end = await decide(desk, state.requests[0], Approve(), turn)
        else:
            _, end = await events_of(desk.runner.proceed(turn))
        assert "outcome is unknown" in answer(end)
        assert effects() == "began into it\n"
        (entry,) = await desk.ledger.of_thread("t")
        assert entry.ended_at is None


async def test_only_nodes_tagged_answer_are_read_along_where_there_are_any(tmp_path: Path) -> None:
    async with open_desk(tmp_path, bring("tagged")) as desk:
        streamed, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert answer(end) == streamed == "Heard: hello."


async def test_text_of_several_untagged_nodes_is_not_shown_before_it_is_the_answer(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path, bring("planned")) as desk:
        streamed, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert streamed == ""
        assert answer(end) == "Heard: hello."


async def test_a_graph_that_fails_gives_a_sentence_and_the_thread_goes_on(tmp_path: Path) -> None:
    async with open_desk(tmp_path, bring("fragile")) as desk:
        with pytest.raises(AgentFailed, match="Please ask again") as failed:
            await events_of(desk.runner.ask(Saying("break"), context()))
        assert "secret" not in str(failed.value)
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert answer(end) == "Whole."


async def test_a_turn_that_is_stopped_keeps_what_was_asked(tmp_path: Path) -> None:
    async with open_desk(tmp_path, bring("loop")) as desk:
        turn = context()
        turn.stop.set()
        _, end = await events_of(desk.runner.ask(Saying("hello"), turn))
        assert isinstance(end, Finished)
        assert end.stopped
        first, *_ = await desk.runner._messages("t")
        assert first.text == "hello"
