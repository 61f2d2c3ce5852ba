"""Bots in processes of their own until they die, and what is true when the next one has begun."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from adapters.contract import Approve, Decision
from bot.addresses import address_of
from bot.agreement import disagreements
from bot.bot import Bot
from sessions.agreement import Finding
from tests.faults.actions import happened
from tests.faults.client import Facts, People
from tests.faults.points import DIE_AT
from tests.faults.process import free_port
from tests.faults.program import run_in
from tests.forked import PROCESSES
from tests.stories.house import House, open_house

ENDED = ("answered", "rejected", "dead")
WAITS = ("parked", "held")

Scenario = Callable[[People, str], Awaitable[None]]


@dataclass
class Home:
    """One directory in which bots live one after another, and all that people were told there."""

    path: Path
    safe_tools: str = "time,note,notes,peek"
    facts: Facts = field(default_factory=Facts)
    deaths: int = 0

    @property
    def effects(self) -> Path:
        return self.path / "effects"

    @property
    def settings(self) -> dict[str, str]:
        return {"TOOLS": "tests.faults.actions:TOOLS", "SAFE_TOOLS": self.safe_tools}

    async def die(self, at: str, scenario: Scenario) -> int | None:
        """Let a bot live through a scenario until it dies at a point; give its exit status."""
        port = free_port()
        environment = {
            **self.settings,
            DIE_AT: at,
            "EFFECTS": str(self.effects),
            "PORT": str(port),
        }
        child = PROCESSES.Process(target=run_in, args=(self.path, environment))
        await asyncio.to_thread(child.start)
        try:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                await _ready(client, child)
                self.deaths += 1
                await scenario(People(client, self.facts), f"{self.deaths}-{at}")
        except httpx.TransportError:
            pass  # it died; what was not confirmed is no fact
        finally:
            await asyncio.to_thread(child.join, 5)
            if child.exitcode is None:
                child.kill()
                await asyncio.to_thread(child.join)
                child = None  # type: ignore[assignment] # it did not die by itself
        return child.exitcode if child is not None else None

    @asynccontextmanager
    async def next_life(self) -> AsyncIterator[House]:
        """Open the bot again in this process, and wait until it has gone on with everything."""
        settings = self.settings
        async with open_house(self.path, recovering=True, people=None, **settings) as house:
            await until_quiet(house.bot)
            yield house

    async def check(self, house: House) -> Counter[str]:
        """Compare the records with each other, and with everything that people were told."""
        bot = house.bot
        await agree(bot)
        counted: Counter[str] = Counter()
        for message_id in self.facts.acknowledged:
            counted[await _checked(bot, message_id, self.facts)] += 1
        for approval_id in self.facts.decided:
            record = await bot.approvals.records.get(approval_id)
            assert record is not None, f"approval {approval_id} is lost"
            assert record.ended_at is not None, f"approval {approval_id} was not carried out"
        actions = await asyncio.to_thread(happened, self.effects)
        assert [token for token, times in actions.items() if times > 1] == [], "it ran twice"
        counted["actions"] = len(actions)
        return counted


async def findings(bot: Bot) -> list[Finding]:
    """Give what the checker finds in a bot that is at rest."""
    database, sessions = bot.conversations._database, await bot.sessions.all()
    return list(await disagreements(database, sessions, bot.turns.runner))


async def agree(bot: Bot) -> None:
    """Fail unless the records of a bot at rest agree; what a crash may leave is no error."""
    wrong = [finding for finding in await findings(bot) if finding.severity == "error"]
    assert not wrong, "\n".join(map(str, wrong))


async def _checked(bot: Bot, message_id: str, facts: Facts) -> str:
    """Check one acknowledged message, and say how it stands."""
    row = await bot.conversations.get(message_id)
    assert row is not None, f"message {message_id} was acknowledged and is lost"
    answers = await bot.conversations.answers_to(message_id)
    if row.state in WAITS:
        assert list(answers) == []
    elif row.state != "dead":
        assert row.state in ENDED, f"message {message_id} is {row.state}"
        assert len(answers) == 1, f"message {message_id} has {len(answers)} answers"
        said = facts.answers.get(answers[0].id)
        assert said is None or said == answers[0].text, "what was said is not what is stored"
    return row.state


async def until_quiet(bot: Bot) -> None:
    """Wait until nothing is at work: what is left waits for a person."""
    for _ in range(2000):
        if not bot.turns.lanes._tasks:
            break
        await asyncio.sleep(0.005)
    busy = [row for row in await bot.conversations.unfinished() if row.state not in WAITS]
    decided = await bot.approvals.records.unfinished()
    assert [*busy, *decided] == []


async def approve_everything(bot: Bot) -> None:
    """Decide what is open, as those who asked, until nothing is."""
    while records := await bot.approvals.records.open():
        for record in records:
            sender = address_of(record.place)
            decision = Decision(sender, record.id, (Approve(),), bot.clock())
            async with bot.handle(decision) as replies:
                async for _ in replies:
                    pass
        await until_quiet(bot)


async def _ready(client: httpx.AsyncClient, child: BaseProcess) -> None:
    for _ in range(1000):
        if not child.is_alive():
            raise httpx.ConnectError("it died while it started")
        try:
            if (await client.get("/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.02)
    raise AssertionError("the bot did not become ready")
