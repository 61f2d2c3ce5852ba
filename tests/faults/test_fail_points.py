"""Killed with SIGKILL at every named step, with people who use it over HTTP: nothing is lost."""

import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.agent.clerk import Clerk
from tests.faults.client import People
from tests.faults.lives import Home, Scenario, approve_everything
from tests.faults.points import APPROVAL, TURN, UNASKED, WHEN, Point

EXIT = "time,note,notes,peek"
SYNC = "time,note,notes,peek,jot"
"""With a safe tool that must not run twice, each step of a turn is written before the next."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    home = Home(tmp_path)
    monkeypatch.setenv("EFFECTS", str(home.effects))
    return home


async def a_turn(people: People, mark: str) -> None:
    """Ask for something that needs a tool, which runs unasked."""
    await people.say(f"ann{mark.partition('-')[0]}", f"peek {mark}")


async def a_turn_with_effects(people: People, mark: str) -> None:
    """Ask for something that needs a tool with effects, which runs unasked."""
    await people.say(f"ann{mark.partition('-')[0]}", f"jot {mark}")


async def approvals(people: People, mark: str) -> None:
    """Ask for actions: one is approved for the session, one is granted by that, one withdrawn."""
    ann, bob = (f"{name}{mark.partition('-')[0]}" for name in ("ann", "bob"))
    asked = await people.say(ann, f"pay one {mark}")
    await people.say(ann, "hello")  # it is held
    await people.approve(asked.approval, **{"for": "session"})
    await people.say(ann, f"pay two {mark}")
    await people.say(bob, f"pay three {mark}")
    await people.say(bob, "/new")


async def die_at_each(
    home: Home, points: Sequence[Point], scenario: Scenario, whens: Sequence[str] = ("after",)
) -> Counter[str]:
    """Die at each of them. Before a step is mostly after the one before it; the soak does both."""
    counted: Counter[str] = Counter()
    for point in points:
        for when in whens:
            status = await home.die(f"{point.name}/{when}", scenario)
            assert status == -signal.SIGKILL, f"nobody came {when} “{point.name}”"
            async with home.next_life() as house:
                counted = await home.check(house)
    async with home.next_life() as house:
        await approve_everything(house.bot)
        counted = await home.check(house)
    assert counted["parked"] + counted["held"] == 0
    return counted


@pytest.mark.timeout(180)
async def test_killed_at_every_step_of_a_turn_every_message_has_one_answer(home: Home) -> None:
    counted = await die_at_each(home, TURN, a_turn)
    assert counted["answered"] > len(TURN) // 2


@pytest.mark.timeout(180)
async def test_killed_at_every_step_of_a_turn_what_runs_unasked_runs_once(home: Home) -> None:
    home.safe_tools = SYNC
    counted = await die_at_each(home, UNASKED, a_turn_with_effects)
    assert counted["answered"] > len(TURN) // 2
    assert counted["actions"] > len(TURN) // 2


@pytest.mark.timeout(240)
async def test_killed_at_every_step_of_an_approval_no_action_runs_twice(home: Home) -> None:
    counted = await die_at_each(home, APPROVAL, approvals)
    assert counted["actions"] > len(APPROVAL) // 2


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("time", range(5))
async def test_killed_at_every_step_five_times(home: Home, time: int) -> None:
    await die_at_each(home, TURN, a_turn, WHEN)
    await die_at_each(home, APPROVAL, approvals, WHEN)
    home.safe_tools = SYNC
    await die_at_each(home, UNASKED, a_turn_with_effects, WHEN)
