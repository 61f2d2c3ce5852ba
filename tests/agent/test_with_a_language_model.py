"""A real provider client against a server that does what providers do, also on bad days."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import Approve, TextDelta
from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.graph import Limits
from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions
from bot.errors import AgentFailed
from tests.agent.desk import Desk, context, events_of, open_desk
from tests.agent.provider import Call, Provider, Reply, open_provider

SEND = Call("send_message", '{"to": "me", "text": "hello"}')
WELL = Reply(words=("All ", "is ", "well."))


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")


def model(provider: Provider, timeout_seconds: float = 10, retries: int = 0) -> AgentOptions:
    return AgentOptions(
        ModelOptions("openai:m", "", provider.url, timeout_seconds, retries),
        Limits(model_calls=3, tool_calls=2),
    )


async def say(desk: Desk, text: str = "hello") -> str:
    _, end = await events_of(desk.runner.ask(Saying(text), context()))
    assert isinstance(end, Finished)
    return end.text


async def test_an_answer_streams_as_it_is_written(tmp_path: Path) -> None:
    async with open_provider(WELL) as provider, open_desk(tmp_path, model(provider)) as desk:
        events = [event async for event in desk.runner.ask(Saying("how is it?"), context())]
        assert events[:-1] == [TextDelta("All "), TextDelta("is "), TextDelta("well.")]
        assert isinstance(events[-1], Finished)
        assert events[-1].text == "All is well."


async def test_an_approved_action_runs_and_the_provider_takes_the_thread(tmp_path: Path) -> None:
    script = (Reply(("I send it.",), (SEND,)), Reply(("Sent.",)))
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        streamed, parked = await events_of(desk.runner.ask(Saying("send it"), turn))
        assert streamed == "I send it."
        assert isinstance(parked, Parked)
        _, end = await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))
        assert isinstance(end, Finished)
        assert end.text == "Sent."
        assert desk.sent == [("me", "hello")]


@pytest.mark.parametrize("ending", ["silent", "broken"])
@pytest.mark.parametrize("calls", [(), (SEND,), (Call("send_message", '{"to": "me", '),)])
async def test_an_answer_that_is_cut_off_is_no_answer_and_runs_nothing(
    tmp_path: Path, ending: str, calls: tuple[Call, ...]
) -> None:
    cut = Reply(("The answer ", "is "), calls, ending=ending)  # type: ignore[arg-type]
    async with open_provider(cut, WELL) as provider, open_desk(tmp_path, model(provider)) as desk:
        with pytest.raises(AgentFailed, match="ask again"):
            await say(desk)
        assert (await desk.runner.look("t")).requests == ()
        assert (await desk.runner.look("t")).finished is None
        assert await say(desk) == "All is well."
        assert desk.sent == []


async def test_arguments_that_are_no_json_do_not_spoil_the_conversation(tmp_path: Path) -> None:
    odd = Reply(calls=(Call("send_message", '{"to": me}'),))
    script = (odd, WELL, WELL)
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        with pytest.raises(AgentFailed, match="ask again"):
            await say(desk)
        assert await say(desk) == "All is well."
        assert await say(desk) == "All is well."


async def test_an_answer_at_the_models_length_limit_says_that_it_is_not_whole(
    tmp_path: Path,
) -> None:
    long = Reply(("One, two, ",), finish="length")
    async with open_provider(long) as provider, open_desk(tmp_path, model(provider)) as desk:
        assert "not whole" in await say(desk)


async def test_a_call_at_the_models_length_limit_is_not_mended_into_another_one(
    tmp_path: Path,
) -> None:
    half = Reply(calls=(Call("send_message", '{"to": "me", "text": "do not com'),), finish="length")
    async with open_provider(half, WELL) as provider, open_desk(tmp_path, model(provider)) as desk:
        with pytest.raises(AgentFailed, match="cut off"):
            await say(desk)
        assert (await desk.runner.look("t")).requests == ()
        assert await say(desk) == "All is well."


async def test_a_server_that_numbers_the_calls_of_each_answer_anew_is_understood(
    tmp_path: Path,
) -> None:
    twice = (Call("time", "{}", "0"), Call("time", "{}", "0"))
    script = (Reply(calls=twice), WELL, Reply(calls=(Call("notes", "{}", "0"),)), WELL, WELL)
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        for _ in range(3):
            assert await say(desk) == "All is well."
        sent = provider.requests[-1]["messages"]
        ids = [call["id"] for each in sent for call in each.get("tool_calls", ())]
        assert len(set(ids)) == 3
        assert [each["tool_call_id"] for each in sent if each["role"] == "tool"] == ids


async def test_the_count_of_calls_goes_on_after_a_decision(tmp_path: Path) -> None:
    script = [
        Reply(calls=(Call(SEND.name, SEND.arguments, f"call_{number}"),)) for number in range(3)
    ]
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        _, end = await events_of(desk.runner.ask(Saying("send it for ever"), turn))
        for _ in range(2):
            assert isinstance(end, Parked)
            _, end = await events_of(desk.runner.resume(end.requests[0], (Approve(),), turn))
        assert isinstance(end, Finished)
        assert "too many steps" in end.text
        assert len(desk.sent) == 2


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "refused our key"), (429, "too much to do"), (500, "failed"), (400, "failed")],
)
async def test_a_provider_that_refuses_is_told_in_a_sentence(
    tmp_path: Path, status: int, sentence: str
) -> None:
    script = (Reply(status=status), WELL)
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        with pytest.raises(AgentFailed, match=sentence) as failed:
            await say(desk)
        assert "sk-secret" not in str(failed.value)
        assert await say(desk) == "All is well."


async def test_a_failing_provider_is_asked_again(tmp_path: Path) -> None:
    script = (Reply(status=500), WELL)
    async with (
        open_provider(*script) as provider,
        open_desk(tmp_path, model(provider, retries=1)) as desk,
    ):
        assert await say(desk) == "All is well."


async def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    script = (Reply(("One ",), ending="waiting"), WELL)
    async with (
        open_provider(*script) as provider,
        open_desk(tmp_path, model(provider, timeout_seconds=0.3)) as desk,
    ):
        with pytest.raises(AgentFailed, match="in time"):
            await say(desk)
        assert await say(desk) == "All is well."


async def test_the_fallback_answers_where_the_model_fails(tmp_path: Path) -> None:
    script = (Reply(("Half an ",), ending="silent"), WELL)
    async with open_provider(*script) as provider:
        options = AgentOptions(ModelOptions("openai:m", "openai:other", provider.url, 10, 0))
        async with open_desk(tmp_path, options) as desk:
            assert await say(desk) == "All is well."
        assert [each["model"] for each in provider.requests] == ["m", "other"]


async def test_a_stopped_answer_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    script = (Reply(("One, ", "two, "), ending="waiting"), WELL)
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        heard = ""
        async for event in desk.runner.ask(Saying("count"), turn):
            if isinstance(event, TextDelta):
                heard += event.text
            if heard == "One, two, ":
                turn.stop.set()
        assert isinstance(event, Finished)
        assert event == Finished(event.message_id, "One, two, ", stopped=True)
        assert (await desk.runner.look("t")).finished == Finished(event.message_id, "One, two, ")
        assert await say(desk, "go on") == "All is well."
        roles = [each["role"] for each in provider.requests[-1]["messages"]]
        assert roles == ["system", "user", "assistant", "user"]


async def test_a_turn_that_is_cancelled_leaves_a_thread_that_the_provider_takes(
    tmp_path: Path,
) -> None:
    script = (Reply(("One, ",), ending="waiting"), WELL)
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("count"), context())))
        await provider.waiting.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert await say(desk, "go on") == "All is well."


async def test_a_model_that_calls_tools_without_end_is_stopped_in_a_sentence(
    tmp_path: Path,
) -> None:
    script = [Reply(calls=(Call("time", "{}", f"call_{number}"),)) for number in range(9)]
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        answer = await say(desk, "what time is it?")
        assert "too many steps" in answer
        assert len(provider.requests) == 3


async def test_nobody_is_asked_about_a_call_beyond_the_limit(tmp_path: Path) -> None:
    calls = tuple(Call(SEND.name, SEND.arguments, f"call_{number}") for number in range(5))
    script = (Reply(calls=calls), Reply(("Two were sent.",)))
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("send it five times"), turn))
        assert isinstance(parked, Parked)
        (request,) = parked.requests
        assert len(request.actions) == 2
        _, end = await events_of(desk.runner.resume(request, (Approve(), Approve()), turn))
        assert isinstance(end, Finished)
        assert len(desk.sent) == 2


async def test_whole_turns_leave_the_thread_when_it_grows(tmp_path: Path) -> None:
    script = [Reply(("word " * 100,)) for _ in range(6)]
    async with open_provider(*script) as provider:
        options = AgentOptions(
            ModelOptions("openai:m", "", provider.url), Limits(history_max_chars=1_200)
        )
        async with open_desk(tmp_path, options) as desk:
            for number in range(6):
                await say(desk, f"turn {number}")
            assert len((await desk.runner.look("t")).human_ids) == 3
        first = provider.requests[-1]["messages"][1]
        assert (first["role"], first["content"]) == ("user", "turn 3")
