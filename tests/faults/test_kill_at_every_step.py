"""Killed between any two durable steps of asking, deciding and acting: at most once, and an end."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from adapters.contract import Answer, ApprovalRequest
from sessions.models import Place
from tests.faults.dying import ask_and_approve
from tests.forked import PROCESSES
from tests.stories.house import House, open_house


def _die(home: Path, at: int, *, after: bool) -> int:
    child = PROCESSES.Process(target=ask_and_approve, args=(home, at), kwargs={"after": after})
    child.start()
    child.join(30)
    assert child.exitcode is not None
    return child.exitcode


async def _counts(house: House) -> Counter[str]:
    """Count what ann was sent and what is noted, from the records."""
    mail = await house.bot.conversations.mailbox(_ann(house), after=0, limit=100)
    return Counter(message.text for message in mail)


def _ann(house: House) -> Place:
    address = house.people.address("ann")
    return Place(address.platform, address.chat_id, address.user_id)


async def _to_the_end(house: House) -> None:
    """Do what ann would do after a restart: approve what is open, and ask if nothing is there."""
    for _ in range(200):
        open_now = await house.bot.approvals.records.open()
        for record in open_now:
            await house.people.tap("ann", record.id)
        busy = await house.bot.conversations.unfinished()
        decided = await house.bot.approvals.records.unfinished()
        if not (open_now or busy or decided):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not ended: {busy} {decided}")


# Dying before a step is dying after the one before it, but for the first: the long form does both.
BEFORE = pytest.param(False, marks=pytest.mark.soak)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("after", [BEFORE, True], ids=["before", "after"])
async def test_killed_at_every_step_an_action_runs_at_most_once_and_every_message_ends(
    tmp_path: Path, *, after: bool
) -> None:
    ran = Counter[int]()
    step = 0
    while True:
        step += 1
        home = tmp_path / str(step)
        home.mkdir()
        code = await asyncio.to_thread(_die, home, step, after=after)
        async with open_house(home, recovering=True) as house:
            await _to_the_end(house)
            mail = await _counts(house)
            ran[mail["hello"]] += 1
            assert mail["hello"] <= 1, f"killed at step {step}, the action ran twice"
            said = await house.people.say("ann", "what are my notes?")
            notes = next(reply.text for reply in said if isinstance(reply, Answer))
            assert notes.count("milk") <= 1, f"killed at step {step}, the note stands twice"
            assert not any(isinstance(reply, ApprovalRequest) for reply in said)
            (session,) = await house.bot.sessions.all()
            assert session.pending_approval == ()
        if code == 0:  # it lived to the end of the story
            break
        assert code == -signal.SIGKILL
    assert step > 10, "the story has more steps than that"
    assert ran[1] > ran[0], "mostly the action runs"
