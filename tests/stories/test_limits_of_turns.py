"""Many people at once, and turns that would work for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.contract import Notice
from adapters.contract import Reply as Replied
from tests.agent import risky_tools
from tests.agent.clerk import Clerk
from tests.agent.provider import Call, Provider, Reply, open_provider
from tests.stories.house import House, answer_in, card_in, open_house

FOR_EVER = Reply(("One, ", "two, "), ending="waiting")
TOO_LONG = "(I stopped here: this took longer than 1 second.)"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


@asynccontextmanager
async def asking(
    home: Path, *script: Reply, at_once: int = 16, seconds: float = 60
) -> AsyncIterator[tuple[House, Provider]]:
    """Open a bot whose model says this, with so many turns at once and seconds for each."""
    async with (
        open_provider(*script) as provider,
        open_house(
            home,
            MODEL="openai:m",
            MODEL_BASE_URL=provider.url,
            MODEL_RETRIES="0",
            MAX_CONCURRENT_TURNS=str(at_once),
            TURN_TIMEOUT_SECONDS=str(seconds),
        ) as house,
    ):
        yield house, provider


async def begin(house: House, person: str) -> "asyncio.Task[tuple[Replied, ...]]":
    """Let somebody say who they are, and wait until their turn has been taken."""
    before = len(await house.bot.conversations.unfinished())
    turn = asyncio.create_task(house.people.say(person, f"I am {person}"))
    for _ in range(1000):
        rows = await house.bot.conversations.unfinished()
        if [row.state for row in rows] == ["running"] * (before + 1):
            return turn
        await asyncio.sleep(0.005)
    raise AssertionError(f"{person}'s turn was not taken: {rows}")


# ------------------------------------------------------------ turns at once


async def test_fifty_people_at_once_are_all_answered_two_at_a_time(tmp_path: Path) -> None:
    script = [Reply(("Here I am.",), seconds=0.02) for _ in range(50)]
    async with asking(tmp_path, *script, at_once=2) as (house, provider):
        all_said = await asyncio.gather(*(house.people.say(f"p{n}", "hello") for n in range(50)))
        assert [answer_in(replies) for replies in all_said] == ["Here I am."] * 50
        assert provider.most_at_once == 2


async def test_who_waits_for_a_turn_gets_one_in_order_of_arrival(tmp_path: Path) -> None:
    script = [FOR_EVER, *(Reply(("Yes?",)) for _ in range(3))]
    async with asking(tmp_path, *script, at_once=1) as (house, provider):
        ann = await begin(house, "ann")
        await provider.waiting.wait()
        others = [await begin(house, person) for person in ("bob", "cid", "dan")]
        assert len(provider.requests) == 1
        await house.people.say("ann", "/stop")
        await asyncio.gather(ann, *others)
        asked = [request["messages"][-1]["content"] for request in provider.requests]
        assert asked == ["I am ann", "I am bob", "I am cid", "I am dan"]


async def test_a_turn_that_is_stopped_while_it_waits_never_reaches_the_model(
    tmp_path: Path,
) -> None:
    async with asking(tmp_path, FOR_EVER, at_once=1) as (house, provider):
        ann = await begin(house, "ann")
        await provider.waiting.wait()
        bob = await begin(house, "bob")
        for _ in range(500):  # his turn may not have begun to wait yet
            if "Nothing is running." not in str(await house.people.say("bob", "/stop")):
                break
            await asyncio.sleep(0.02)
        replies = await bob
        assert "Stopped before anything" in answer_in(replies)
        assert isinstance(replies[-1], Notice)
        assert not ann.done()
        await house.people.say("ann", "/stop")
        assert answer_in(await ann) == "One, two, "
        assert len(provider.requests) == 1


async def test_a_turn_that_waits_for_a_decision_takes_nobodys_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, MAX_CONCURRENT_TURNS="1") as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        assert answer_in(await house.people.say("bob", "hello"))
        assert answer_in(await house.people.tap("ann", card.approval_id))


# ------------------------------------------------------------ seconds a turn


async def test_a_model_that_hangs_is_ended_and_the_next_message_works(tmp_path: Path) -> None:
    script = (FOR_EVER, Reply(("Three.",)))
    async with asking(tmp_path, *script, seconds=1) as (house, provider):
        replies = await house.people.say("ann", "count")
        assert answer_in(replies) == f"One, two, \n\n{TOO_LONG}"
        assert not any(isinstance(reply, Notice) for reply in replies)
        assert answer_in(await house.people.say("ann", "go on")) == "Three."
        said = [message["content"] for message in provider.requests[-1]["messages"]]
        assert said[-3:] == ["count", "One, two, ", "go on"]


async def test_an_action_that_has_begun_ends_before_the_turn_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = tmp_path / "effects"
    monkeypatch.setenv("EFFECTS", str(effects))
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setattr(risky_tools, "begun", asyncio.Event())
    monkeypatch.setattr(risky_tools, "go_on", asyncio.Event())
    async with open_house(
        tmp_path,
        TOOLS="tests.agent.risky_tools:TOOLS",
        SAFE_TOOLS="build",
        TURN_TIMEOUT_SECONDS="1",
    ) as house:
        turn = asyncio.create_task(house.people.say("ann", "build a wall"))
        await risky_tools.begun.wait()
        await asyncio.sleep(1.2)
        assert not turn.done()
        risky_tools.go_on.set()
        assert TOO_LONG in answer_in(await turn)
        assert await asyncio.to_thread(effects.read_text) == "built a wall\n"
        assert answer_in(await house.people.say("ann", "hello")) == "Heard: hello."


async def test_waiting_for_others_is_not_counted(tmp_path: Path) -> None:
    slow = Reply(("Here I am.",), seconds=0.7)
    async with asking(tmp_path, slow, slow, slow, at_once=1, seconds=1) as (house, _):
        said = await asyncio.gather(*(house.people.say(p, "hello") for p in ("ann", "bob", "cid")))
        assert [answer_in(replies) for replies in said] == ["Here I am."] * 3


async def test_waiting_for_a_decision_is_not_counted(tmp_path: Path) -> None:
    async with open_house(tmp_path, TURN_TIMEOUT_SECONDS="1") as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await asyncio.sleep(1.2)
        answer = answer_in(await house.people.tap("ann", card.approval_id))
        assert answer == "Your message to me is on its way."


# ------------------------------------------------------------ tokens a turn


async def test_what_a_turn_used_is_on_disk_before_it_ends_as_it_may_be_killed(
    tmp_path: Path,
) -> None:
    script = (Reply(calls=(Call("time", "{}"),), usage=(50, 10)), FOR_EVER)
    async with asking(tmp_path, *script) as (house, provider):
        ann = await begin(house, "ann")
        await provider.waiting.wait()
        limits = house.bot.turns.limits
        used = await limits.usage.since("memory:ann", limits.today())
        assert list(used.values()) == [60]
        await house.people.say("ann", "/stop")
        await ann
