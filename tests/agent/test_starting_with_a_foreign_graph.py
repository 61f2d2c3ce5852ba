"""What the start says about a graph that somebody brings."""

import asyncio
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from bot.agent.attachments import Saying
from bot.agent.events import Finished
from bot.agent.opening import AgentOptions
from bot.errors import StartError
from tests.agent.desk import context, events_of, open_desk

Logged = list[MutableMapping[str, Any]]


@pytest.mark.parametrize(
    ("agent", "problem"),
    [
        ("tests.agent.nowhere:graph", "module tests.agent.nowhere cannot be imported"),
        ("tests.agent.graphs:nothing", "has no 'nothing'"),
        ("tests.agent.graphs", "package.module:name"),
        ("tests.agent.graphs:a_number", "is a int"),
        ("tests.agent.graphs:failing", "OSError: no such database"),
        ("tests.agent.graphs:wordless", "has no messages"),
        ("tests.agent.graphs:overwritten", "add_messages"),
        ("tests.agent.graphs:broken_off", "interrupt_before"),
        ("tests.agent.graphs:ungated_loop", "ledger: book. Wrap"),
        ("tests.agent.graphs:nested_ungated", "ledger: book. Wrap"),
        ("tests.agent.graphs:ungated_in_a_function", "ledger: book. Wrap"),
    ],
)
async def test_a_graph_that_cannot_be_used_is_refused_with_a_sentence(
    tmp_path: Path, agent: str, problem: str
) -> None:
    with pytest.raises(StartError, match=problem):
        async with open_desk(tmp_path, AgentOptions(agent=agent)):
            pass


async def test_ungated_tools_run_only_where_that_is_allowed(
    tmp_path: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = AgentOptions(agent="tests.agent.graphs:ungated_loop", ungated="allow")
    effects = tmp_path / "effects"
    monkeypatch.setenv("EFFECTS", str(effects))
    async with open_desk(tmp_path, options) as desk:
        _, end = await events_of(desk.runner.ask(Saying("book a chair"), context()))
        assert isinstance(end, Finished)
        assert end.text == "booked a chair"
        assert await asyncio.to_thread(effects.read_text) == "booked a chair\n"
    (line,) = [each for each in logged if each["log_level"] == "warning"]
    assert line["tools"] == ["book"]


async def test_a_checkpointer_of_the_graphs_own_is_replaced_with_a_log_line(
    tmp_path: Path, logged: Logged
) -> None:
    async with open_desk(tmp_path, AgentOptions(agent="tests.agent.graphs:compiled_loop")) as desk:
        await events_of(desk.runner.ask(Saying("book a chair"), context()))
    assert "checkpointer is replaced" in logged[0]["event"]
    async with open_desk(tmp_path, AgentOptions(agent="tests.agent.graphs:loop")) as desk:
        assert (await desk.runner.look("t")).exists


async def test_importing_the_package_for_its_gate_stays_light() -> None:
    code = "import bot.agent, sys; sys.exit('langchain_core' in sys.modules)"
    asked = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await asked.wait() == 0
