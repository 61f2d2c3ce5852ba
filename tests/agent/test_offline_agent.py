"""The agent as it ships, without a key: chat, notes, actions that ask, and what decisions do."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import Approve, Edit, Reject, Respond
from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.errors import InterruptGone, MisshapenVerdict
from tests.agent.desk import Desk, context, events_of, open_desk


async def say(desk: Desk, text: str, person: str = "ann", thread: str = "t") -> str:
    _, end = await events_of(desk.runner.ask(Saying(text), context(thread, person)))
    assert isinstance(end, Finished)
    return end.text


async def test_it_says_honestly_that_no_model_is_configured(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        streamed, end = await events_of(desk.runner.ask(Saying("Hello"), context()))
        assert isinstance(end, Finished)
        assert "No language model is configured" in end.text
        assert "MODEL=" in end.text
        assert streamed == end.text


async def test_it_tells_the_time_where_one_asks(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        answer = await say(desk, "What time is it in Paris?")
        assert answer == "It is Saturday, 21 November 2026, 13:00 in Europe/Paris."
        assert "no time zone 'Atlantis'" in await say(desk, "what time is it in Atlantis")


async def test_notes_are_kept_for_each_person(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        assert await say(desk, "note: buy milk") == "Noted: buy milk"
        await say(desk, "note that bread is out", person="a.b")
        assert await say(desk, "what are my notes?") == "Your notes:\n- buy milk"
        assert "bread" in await say(desk, "what are my notes", person="a.b")


async def test_an_action_asks_and_runs_after_approval(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("send hello to me"), turn))
        assert isinstance(parked, Parked)
        (request,) = parked.requests
        assert [(a.name, a.arguments) for a in request.actions] == [
            ("send_message", {"to": "me", "text": "hello"})
        ]
        assert desk.sent == []
        assert (await desk.runner.look("t")).requests == parked.requests
        _, end = await events_of(desk.runner.resume(request, (Approve(),), turn))
        assert isinstance(end, Finished)
        assert end.text == "Sent to me."
        assert desk.sent == [("me", "hello")]
        assert (await desk.runner.look("t")).finished == end
        with pytest.raises(InterruptGone):
            await events_of(desk.runner.resume(request, (Approve(),), turn))
        assert desk.sent == [("me", "hello")]


@pytest.mark.parametrize(
    ("verdict", "sent", "answer"),
    [
        (Edit({"to": "me", "text": "bye"}), [("me", "bye")], "Sent to me."),
        (Reject("not now"), [], "not now"),
        (Respond("I told them myself"), [], "I told them myself"),
    ],
)
async def test_other_verdicts_do_what_they_say(
    tmp_path: Path, verdict: Edit | Reject | Respond, sent: list[tuple[str, str]], answer: str
) -> None:
    async with open_desk(tmp_path) as desk:
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("send hello to me"), turn))
        assert isinstance(parked, Parked)
        _, end = await events_of(desk.runner.resume(parked.requests[0], (verdict,), turn))
        assert isinstance(end, Finished)
        assert answer in end.text
        assert desk.sent == sent


async def test_several_actions_are_asked_about_together(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        turn = context()
        asked = "send a to me and note: milk and forget my notes"
        _, parked = await events_of(desk.runner.ask(Saying(asked), turn))
        assert isinstance(parked, Parked)
        names = [action.name for action in parked.requests[0].actions]
        assert names == ["send_message", "forget_notes"]
        verdicts = (Approve(), Reject("keep them"))
        _, end = await events_of(desk.runner.resume(parked.requests[0], verdicts, turn))
        assert isinstance(end, Finished)
        assert "keep them" in end.text
        assert desk.sent == [("me", "a")]
        assert "milk" in await say(desk, "what are my notes")


@pytest.mark.parametrize(
    ("verdicts", "problem"),
    [
        ((), "each needs one"),
        ((Approve(), Approve()), "each needs one"),
        ((Edit({"to": "me"}),), "text"),
        ((Edit({"to": "me", "text": 3}),), "text"),
        ((Edit({"to": "me", "text": "x", "cc": "you"}),), "no argument cc"),
    ],
)
async def test_a_misshapen_decision_changes_nothing(
    tmp_path: Path, verdicts: tuple[Approve | Edit, ...], problem: str
) -> None:
    async with open_desk(tmp_path) as desk:
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("send hello to me"), turn))
        assert isinstance(parked, Parked)
        with pytest.raises(MisshapenVerdict, match=problem):
            await events_of(desk.runner.resume(parked.requests[0], verdicts, turn))
        _, end = await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))
        assert isinstance(end, Finished)


async def test_a_closed_request_calls_no_model_and_the_conversation_goes_on(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        await events_of(desk.runner.ask(Saying("send hello to me"), context()))
        await desk.runner.close("t", "This request expired.")
        state = await desk.runner.look("t")
        assert state.requests == ()
        assert state.finished is not None
        assert state.finished.text == "This request expired."
        assert "Hello!" in await say(desk, "hello")
        assert desk.sent == []


async def test_it_all_survives_a_restart(tmp_path: Path) -> None:
    turn = context()
    async with open_desk(tmp_path) as desk:
        await events_of(desk.runner.ask(Saying("send hello to me"), turn))
    async with open_desk(tmp_path) as desk:
        (request,) = (await desk.runner.look("t")).requests
        await events_of(desk.runner.resume(request, (Approve(),), turn))
        assert desk.sent == [("me", "hello")]


async def test_a_stopped_turn_keeps_what_was_written(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        turn = context()
        turn.stop.set()
        _, end = await events_of(desk.runner.ask(Saying("hello"), turn))
        assert isinstance(end, Finished)
        assert end.stopped
        assert "Hello!" in await say(desk, "hello")


async def test_an_abandoned_turn_leaves_a_thread_that_goes_on(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("hello"), context())))
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert "Hello!" in await say(desk, "hello")
