"""What a conversation says about actions after a stop or a crash is what happened."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from langchain_core.messages import ToolMessage

from bot.agent.attachments import Saying
from bot.agent.events import Finished
from bot.agent.opening import AgentOptions
from bot.errors import StartError
from tests.agent import risky_tools
from tests.agent.clerk import Clerk
from tests.agent.desk import Desk, context, events_of, open_desk

OPTIONS = AgentOptions(
    tools=("tests.agent.risky_tools:TOOLS",), safe_tools=("build", "crash", "weigh")
)


@pytest.fixture(autouse=True)
def effects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "effects"
    path.touch()
    monkeypatch.setenv("EFFECTS", str(path))
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setattr(risky_tools, "begun", asyncio.Event())
    monkeypatch.setattr(risky_tools, "go_on", asyncio.Event())
    return path


async def results(desk: Desk) -> Sequence[ToolMessage]:
    messages = await desk.runner._messages("t")
    return [each for each in messages if isinstance(each, ToolMessage)]


async def lines(path: Path) -> list[str]:
    return (await asyncio.to_thread(path.read_text)).splitlines()


async def test_a_stop_lets_a_begun_action_end_and_says_that_it_ran(
    tmp_path: Path, effects: Path
) -> None:
    async with open_desk(tmp_path, OPTIONS) as desk:
        turn = context()
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("build a wall"), turn)))
        await risky_tools.begun.wait()
        turn.stop.set()
        risky_tools.go_on.set()
        _, end = await run
        assert isinstance(end, Finished)
        assert end.stopped
        assert await lines(effects) == ["built a wall"]
        (result,) = await results(desk)
        assert (result.text, result.status) == ("built a wall", "success")
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert isinstance(end, Finished)
        assert end.text == "Heard: hello."


async def test_a_turn_cancelled_in_an_action_does_not_claim_that_nothing_happened(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path, OPTIONS) as desk:
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("build a wall"), context())))
        await risky_tools.begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await events_of(desk.runner.ask(Saying("hello"), context()))
        for result in await results(desk):
            assert "outcome is unknown" in result.text


async def test_a_cancelled_turn_is_cancelled_though_it_was_stopped(tmp_path: Path) -> None:
    async with open_desk(tmp_path, OPTIONS) as desk:
        turn = context()
        run = asyncio.create_task(events_of(desk.runner.ask(Saying("build a wall"), turn)))
        await risky_tools.begun.wait()
        turn.stop.set()
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_a_safe_action_that_was_killed_in_the_middle_is_not_started_again(
    tmp_path: Path, effects: Path
) -> None:
    code = f"""
import asyncio, pathlib
import bot.agent.models
from bot.agent.attachments import Saying
from tests.agent.clerk import Clerk
from tests.agent.desk import context, events_of, open_desk
from tests.agent.test_stops_and_crashes import OPTIONS

bot.agent.models.OfflineModel = Clerk

async def main():
    async with open_desk(pathlib.Path({str(tmp_path)!r}), OPTIONS) as desk:
        await events_of(desk.runner.ask(Saying("crash into it"), context(message_id="m1")))

asyncio.run(main())
"""
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await killed.wait() == -signal.SIGKILL
    async with open_desk(tmp_path, OPTIONS) as desk:
        assert (await desk.runner.look("t")).human_ids == {"m1"}
        _, end = await events_of(desk.runner.proceed(context(message_id="m1")))
        assert isinstance(end, Finished)
        assert "outcome is unknown" in end.text
        assert await lines(effects) == ["began into it"]


async def test_asking_again_with_the_same_message_changes_nothing(
    tmp_path: Path, effects: Path
) -> None:
    risky_tools.go_on.set()
    async with open_desk(tmp_path, OPTIONS) as desk:
        first = await events_of(desk.runner.ask(Saying("build a wall"), context(message_id="m1")))
        again = await events_of(desk.runner.ask(Saying("build a wall"), context(message_id="m1")))
        assert again[1] == first[1]
        assert await lines(effects) == ["built a wall"]


async def test_a_tool_that_answers_by_itself_ends_the_turn(tmp_path: Path) -> None:
    async with open_desk(tmp_path, OPTIONS) as desk:
        _, end = await events_of(desk.runner.ask(Saying("weigh a stone"), context()))
        assert isinstance(end, Finished)
        assert end.text == "a stone weighs 3 kg"
        assert (await desk.runner.look("t")).finished == end
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert isinstance(end, Finished)


async def test_a_tool_of_ones_own_cannot_take_the_name_of_one_that_ships(tmp_path: Path) -> None:
    options = AgentOptions(tools=("tests.agent.risky_tools:TAKEN",))
    with pytest.raises(StartError, match="two tools are named note"):
        async with open_desk(tmp_path, options):
            pass
