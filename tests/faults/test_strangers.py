"""Many people at once, with restarts among them: nobody ever gets a word of another."""

import asyncio
import random
import re
from pathlib import Path

import pytest

from adapters.contract import Answer, ApprovalRequest, Reply
from adapters.memory import MemoryAdapter
from sessions.models import Place
from tests.agent.clerk import Clerk
from tests.faults.actions import happened
from tests.faults.lives import agree, until_quiet
from tests.stories.house import open_house

MARK = re.compile(r"mark\d{5}x")
TOOLS = "tests.faults.actions:TOOLS"


def mark_of(person: int) -> str:
    return f"mark{person:05}x"


def marks_in(replies: tuple[Reply, ...]) -> set[str]:
    return set(MARK.findall(repr(replies)))


async def chat(people: MemoryAdapter, person: int, chance: random.Random) -> None:
    """Do what people do: talk, write down, ask for something and decide about it."""
    name, mark = f"p{person}", mark_of(person)
    what = chance.choice(["Heard", "peek", "pay", "pay"])
    replies = await people.say(name, f"{what} {mark} {chance.getrandbits(40):x}")
    for reply in replies:
        if isinstance(reply, ApprovalRequest):
            if chance.random() < 0.5:
                await people.say(name, f"more of {mark}")  # it is held
            await people.tap(name, reply.approval_id)
    if chance.random() < 0.2:
        await people.say(name, "/new")


async def interleave(home: Path, people: int, rounds: int) -> None:
    chance = random.Random(people)
    screens = MemoryAdapter()
    for _ in range(rounds):
        settings = {"TOOLS": TOOLS, "SAFE_TOOLS": "peek", "MESSAGES_PER_MINUTE": "0"}
        async with open_house(home, recovering=True, people=screens, **settings) as house:
            crowd = list(range(people))
            chance.shuffle(crowd)
            async with asyncio.TaskGroup() as group:
                for person in crowd:
                    group.create_task(chat(screens, person, chance))
            await until_quiet(house.bot)
            await agree(house.bot)
            for person in range(people):
                await check(house.bot.conversations, screens, person)
    for line in happened(home / "effects"):
        assert len(MARK.findall(line)) == 1


async def check(conversations: object, screens: MemoryAdapter, person: int) -> None:
    name, own = f"p{person}", {mark_of(person)}
    seen = screens.screen(name)
    assert any(isinstance(reply, Answer) for reply in seen)
    assert marks_in(seen) <= own, f"{name} sees words of others"
    place = Place("memory", name, name)
    mail = await conversations.mailbox(place, after=0, limit=1000)  # type: ignore[attr-defined]
    assert set(MARK.findall("\n".join(message.text for message in mail))) <= own


@pytest.fixture(autouse=True)
def _clerk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))


@pytest.mark.timeout(180)
async def test_a_hundred_people_at_once_see_only_what_is_theirs(tmp_path: Path) -> None:
    await interleave(tmp_path, people=100, rounds=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_thousand_people_at_once_see_only_what_is_theirs(tmp_path: Path) -> None:
    await interleave(tmp_path, people=1000, rounds=4)
