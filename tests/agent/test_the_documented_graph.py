"""The example in docs/bring-your-own-graph.md runs as it stands there."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from adapters.contract import Approve
from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from tests.agent.desk import context, events_of, open_desk

GUIDE = Path(__file__).parents[2] / "docs" / "bring-your-own-graph.md"


def write_example(place: Path) -> None:
    example = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (place / "my_graph.py").write_text(example[1], encoding="utf-8")


async def test_the_documented_graph_asks_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(write_example, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_graph", raising=False)
    async with open_desk(tmp_path, AgentOptions(agent="my_graph:graph")) as desk:
        _, end = await events_of(desk.runner.ask(Saying("hello"), context()))
        assert isinstance(end, Finished)
        assert end.text == "You said: hello"
        turn = context()
        _, parked = await events_of(desk.runner.ask(Saying("order two chairs"), turn))
        assert isinstance(parked, Parked)
        _, end = await events_of(desk.runner.resume(parked.requests[0], (Approve(),), turn))
        assert isinstance(end, Finished)
        assert end.text == "Ordered: two chairs."
