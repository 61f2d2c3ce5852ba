"""What a turn used is counted: as the provider says it, or estimated where nobody does."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import Approve
from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions
from bot.errors import AgentFailed
from tests.agent.desk import Desk, context, events_of, open_desk
from tests.agent.provider import Call, Provider, Reply, open_provider

PROMPT = "p" * 400
"""What the model is told about itself: 100 tokens, as they are estimated."""

HELLO = 100 + 2
"""An estimate of the prompt and of ``hello``."""


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")


def model(provider: Provider, fallback: str = "") -> AgentOptions:
    return AgentOptions(
        ModelOptions("openai:m", fallback, provider.url, 10, 0), system_prompt=PROMPT
    )


async def say(desk: Desk, text: str = "hello") -> None:
    await events_of(desk.runner.ask(Saying(text), context()))
    await asyncio.sleep(0)


async def test_what_the_provider_says_is_counted(tmp_path: Path) -> None:
    said = Reply(("Hi.",), usage=(70, 5))
    async with open_provider(said) as provider, open_desk(tmp_path, model(provider)) as desk:
        await say(desk)
        assert desk.spent == [("memory:ann", 75)]


async def test_where_the_provider_says_nothing_it_is_estimated(tmp_path: Path) -> None:
    said = Reply(("H", "i" * 39))
    async with open_provider(said) as provider, open_desk(tmp_path, model(provider)) as desk:
        await say(desk)
        assert desk.spent == [("memory:ann", HELLO + 10)]


async def test_every_call_of_a_turn_is_counted_also_before_and_after_an_approval(
    tmp_path: Path,
) -> None:
    send = Call("send_message", '{"to": "me", "text": "hello"}')
    script = (Reply(calls=(send,), usage=(50, 10)), Reply(("Sent.",), usage=(80, 2)))
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("send it"), turn))
        assert isinstance(parked, Parked)
        assert desk.spent == [("memory:ann", 60)]
        await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))
        assert desk.spent == [("memory:ann", 60), ("memory:ann", 82)]


async def test_a_stopped_turn_counts_as_far_as_it_came(tmp_path: Path) -> None:
    slow = Reply(("w" * 20, "w" * 20), ending="waiting")
    async with open_provider(slow) as provider, open_desk(tmp_path, model(provider)) as desk:
        turn = context()
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("hello"), turn)))
        await provider.waiting.wait()
        await asyncio.sleep(0.1)
        turn.stop.set()
        streamed, end = await run
        assert isinstance(end, Finished)
        assert end.stopped
        assert streamed == "w" * 40
        assert desk.spent == [("memory:ann", HELLO + 10)]


async def test_a_turn_that_is_cut_off_with_the_bot_counts_as_far_as_it_came(
    tmp_path: Path,
) -> None:
    slow = Reply(("w" * 40,), ending="waiting")
    async with open_provider(slow) as provider, open_desk(tmp_path, model(provider)) as desk:
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("hello"), context())))
        await provider.waiting.wait()
        await asyncio.sleep(0.1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert desk.spent == [("memory:ann", HELLO + 10)]


async def test_a_call_that_failed_in_the_middle_counts_and_a_refused_one_does_not(
    tmp_path: Path,
) -> None:
    script = (Reply(("w" * 40,), ending="broken"), Reply(status=500))
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        with pytest.raises(AgentFailed):
            await say(desk)
        assert desk.spent == [("memory:ann", HELLO + 10)]
        with pytest.raises(AgentFailed):
            await say(desk)
        assert len(desk.spent) == 1


async def test_a_fallback_counts_for_itself(tmp_path: Path) -> None:
    script = (Reply(status=500), Reply(("Hi.",), usage=(9, 1)))
    options = "openai:n"
    async with (
        open_provider(*script) as provider,
        open_desk(tmp_path, model(provider, options)) as desk,
    ):
        await say(desk)
        assert desk.spent == [("memory:ann", 10)]


@pytest.mark.parametrize(("graph", "calls"), [("planned", 2), ("nested", 1), ("in_a_thread", 1)])
async def test_models_in_a_graph_of_ones_own_count_wherever_they_are(
    tmp_path: Path, graph: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))
    options = AgentOptions(agent=f"tests.agent.graphs:{graph}", ungated="allow")
    async with open_desk(tmp_path, options) as desk:
        await say(desk)
        assert len(desk.spent) == calls
        assert all(who == "memory:ann" and tokens > 0 for who, tokens in desk.spent)


async def test_people_who_talk_at_the_same_time_each_have_their_own_count(tmp_path: Path) -> None:
    script = [Reply(("Hi.",), usage=(10, 1), seconds=0.05) for _ in range(10)]
    async with open_provider(*script) as provider, open_desk(tmp_path, model(provider)) as desk:
        turns = [context(f"thread {n}", person=f"p{n}") for n in range(10)]
        await asyncio.gather(*(events_of(desk.runner.ask(Saying("hello"), turn)) for turn in turns))
        await asyncio.sleep(0)
        assert sorted(desk.spent) == [(f"memory:p{n}", 11) for n in range(10)]
