"""Killed while an answer is shown: all of it is shown, and what comes twice says so."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.contract import Address, IncomingMessage
from bot.app import open_bot
from bot.recovery import recover
from config.loading import load_settings
from tests.faults import points
from tests.faults.lives import agree
from tests.faults.paper import LONGEST, Paper, printed
from tests.forked import PROCESSES

ANN = Address("paper", "ann", "ann")


async def chat(home: Path, *texts: str) -> None:
    """Open the bot, go on with what is there, say these texts, and wait until all is shown."""
    settings = (await asyncio.to_thread(load_settings, home)).settings
    async with open_bot(settings) as bot:
        paper = Paper(home / "paper")
        bot.turns.outbox.connect(paper)
        await recover(bot)
        async with paper.serve(bot.handle, bot.commands):
            for text in texts:
                await paper.say(IncomingMessage(ANN, text, uuid4().hex, datetime.now(UTC)))
            for _ in range(500):
                waiting = await bot.conversations.undelivered("paper")
                if not waiting and not bot.turns.lanes._tasks:
                    break
                await asyncio.sleep(0.01)
        assert list(await bot.conversations.undelivered("paper")) == []
        await agree(bot)


#: These happen once for each of the two answers, the others for each of their three parts.
ANSWERS = {"showing", "all parts delivered"}


def live(home: Path, at: str) -> None:
    """Chat until the death, in a process of its own."""
    os.environ[points.DIE_AT] = at
    points.arm()
    asyncio.run(chat(home, "thanks", "hello"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("when", points.WHEN)
@pytest.mark.parametrize(
    ("point", "call"),
    [
        pytest.param(point, call, id=f"{point.name} {call}")
        for point in points.PUSHED
        for call in (1, 2, 3)
        if call <= (2 if point.name in ANSWERS else 3)
    ],
)
async def test_killed_while_showing_all_of_an_answer_is_shown_in_order(
    tmp_path: Path, point: points.Point, when: str, call: int
) -> None:
    child = PROCESSES.Process(target=live, args=(tmp_path, f"{point.name}/{when}/{call}"))
    await asyncio.to_thread(child.start)
    await asyncio.to_thread(child.join, 30)
    assert child.exitcode == -signal.SIGKILL
    await chat(tmp_path, "thanks")
    lines = printed(tmp_path / "paper")
    for answer in dict.fromkeys(line["answer"] for line in lines):
        parts = [line for line in lines if line["answer"] == answer]
        texts = [line["text"] for line in parts]
        again = [line for line in parts if line["again"]]
        twice = len(texts) - len(set(texts))
        assert twice <= 1, "what may come twice is at most one part"
        assert twice <= len(again), "and it says so"
        assert all(len(str(text)) == LONGEST for text in list(dict.fromkeys(texts))[:-1])
    assert lines[-1]["text"] == "You are welcome."
