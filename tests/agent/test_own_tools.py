"""Tools that people bring: they ask unless they are safe, and their errors are sentences."""

from pathlib import Path

import pytest

from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from bot.errors import StartError
from tests.agent.clerk import Clerk
from tests.agent.desk import context, events_of, open_desk

OWN = ("tests.agent.own_tools:TOOLS",)
SAFE = ("book", "explode", "refuse", "dawdle", "leave", "vanish", "cancel", "halve")


@pytest.fixture
def _clerk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a model that calls any tool, in place of the one that knows only ours."""
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)


@pytest.mark.usefixtures("_clerk")
async def test_a_tool_of_ones_own_asks_unless_it_is_safe(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AgentOptions(tools=OWN)) as desk:
        _, end = await events_of(desk.runner.ask(Saying("book a chair"), context()))
        assert isinstance(end, Parked)
    async with open_desk(tmp_path, AgentOptions(tools=OWN, safe_tools=SAFE)) as desk:
        _, end = await events_of(desk.runner.ask(Saying("book a chair"), context("another")))
        assert isinstance(end, Finished)
        assert end.text == "booked a chair"


@pytest.mark.usefixtures("_clerk")
async def test_the_same_call_id_in_another_answer_is_another_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some providers number the calls of each answer anew."""
    monkeypatch.setattr("tests.agent.clerk._id", lambda _: "call_0")
    async with open_desk(tmp_path, AgentOptions(tools=OWN, safe_tools=SAFE)) as desk:
        for what in ("a chair", "a table"):
            _, end = await events_of(desk.runner.ask(Saying(f"book {what}"), context()))
            assert isinstance(end, Finished)
            assert end.text == f"booked {what}"
        assert len(await desk.ledger.of_thread("t")) == 2


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("explode it", "explode failed (RuntimeError)."),
        ("refuse it", "it is sold out."),
        ("leave it", "leave failed (SystemExit)."),
        ("vanish it", "vanish failed (ToolGaveUp)."),
        ("cancel it", "cancel failed (CancelledError)."),
        (
            "dawdle it",
            "dawdle did not end within 0.1 seconds. Whether it took effect is not known.",
        ),
    ],
)
@pytest.mark.usefixtures("_clerk")
async def test_a_failing_tool_is_a_message_without_a_trace(
    tmp_path: Path, asked: str, answer: str
) -> None:
    options = AgentOptions(tools=OWN, safe_tools=SAFE, tool_timeout_seconds=0.1)
    async with open_desk(tmp_path, options) as desk:
        _, end = await events_of(desk.runner.ask(Saying(asked), context()))
        assert isinstance(end, Finished)
        assert end.text == answer
        (entry,) = await desk.ledger.of_thread("t")
        assert entry.outcome == "failed"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (AgentOptions(tools=("nowhere:TOOLS",)), "module nowhere cannot be imported"),
        (AgentOptions(tools=("tests.agent.own_tools:NONE",)), "has no 'NONE'"),
        (AgentOptions(tools=("tests.agent.own_tools:NOT_A_LIST",)), "not a list of tools"),
        (
            AgentOptions(tools=("tests.agent.own_tools:NO_TOOLS",)),
            "holds something that is no tool",
        ),
        (AgentOptions(safe_tools=("time", "fly")), "SAFE_TOOLS names no tool that exists: fly"),
        (AgentOptions(system_prompt="nowhere.md"), "SYSTEM_PROMPT=nowhere.md cannot be read"),
    ],
)
async def test_a_wrong_setting_is_refused_with_a_sentence(
    tmp_path: Path, options: AgentOptions, problem: str
) -> None:
    with pytest.raises(StartError, match=problem):
        async with open_desk(tmp_path, options):
            pass


@pytest.mark.usefixtures("_clerk")
async def test_a_result_that_no_store_takes_is_mended(tmp_path: Path) -> None:
    options = AgentOptions(tools=OWN, safe_tools=SAFE)
    async with open_desk(tmp_path, options) as desk:
        _, end = await events_of(desk.runner.ask(Saying("halve it"), context()))
        assert isinstance(end, Finished)
        assert end.text == "it ?"
        (entry,) = await desk.ledger.of_thread("t")
        assert entry.outcome == "done"
