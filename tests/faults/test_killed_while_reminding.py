"""Killed between any two durable steps of asking for a reminder and saying it: it comes, once."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.dying import be_reminded
from tests.forked import PROCESSES
from tests.stories.clock_tower import ANN, mail_of_ann, open_tower
from tests.stories.house import House

CONFIRMED = ("I will remind you on", "This reminder has come already")


def _die(home: Path, at: int, *, after: bool) -> int:
    child = PROCESSES.Process(target=be_reminded, args=(home, at), kwargs={"after": after})
    child.start()
    child.join(30)
    assert child.exitcode is not None
    return child.exitcode


async def _to_the_end(house: House) -> None:
    """Wait until nothing is unfinished, to come, or not yet shown."""
    conversations = house.bot.conversations
    for _ in range(500):
        left = (
            await conversations.unfinished(),
            await house.bot.reminding.next_due(),
            await conversations.undelivered("memory"),
        )
        if not any(left):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not ended: {left}")


# Dying before a step is dying after the one before it, but for the first: the long form does both.
BEFORE = pytest.param(False, marks=pytest.mark.soak)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("after", [BEFORE, True], ids=["before", "after"])
async def test_killed_at_every_step_a_reminder_that_was_asked_for_is_said_once(
    tmp_path: Path, *, after: bool
) -> None:
    steps = Counter[int]()
    step = 0
    while True:
        step += 1
        home = tmp_path / str(step)
        home.mkdir()
        code = await asyncio.to_thread(_die, home, step, after=after)
        async with open_tower(home, recovering=True) as house:
            await _to_the_end(house)
            mail = await mail_of_ann(house)
            said = sum(text.startswith("Reminder: drink tea") for text in mail)
            # A turn that goes on after the restart may be slower than what it asked for.
            confirmed = sum(text.startswith(CONFIRMED) for text in mail)
            asked = await house.bot.conversations.find_copy(ANN, "7")
            expected = 0 if asked is None else 1
            assert (confirmed, said) == (expected, expected), f"killed at step {step}: {mail}"
            steps[said] += 1
        if code == 0:  # it lived to the end of the story
            break
        assert code == -signal.SIGKILL
    assert step > 6, "the story has more steps than that"
    assert steps[1] > steps[0]
