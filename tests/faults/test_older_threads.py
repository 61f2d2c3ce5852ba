"""An older threads.db put back while the bot is stopped: the records and people's words count."""

import asyncio
import shutil
from pathlib import Path

import pytest

from sessions.models import Place
from tests.agent.clerk import Clerk
from tests.faults.actions import happened
from tests.faults.lives import agree, findings, until_quiet
from tests.stories.house import answer_in, card_in, open_house


@pytest.fixture(autouse=True)
def _clerk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))


PLACE = Place("memory", "ann", "ann")
TOOLS = "tests.faults.actions:TOOLS"


def put_away(home: Path) -> None:
    shutil.copy(home / "data" / "threads.db", home / "old.db")


def put_back(home: Path) -> None:
    for each in (home / "data").glob("threads.db*"):
        each.unlink()
    shutil.copy(home / "old.db", home / "data" / "threads.db")


async def test_what_was_said_since_stays_in_the_transcript(tmp_path: Path) -> None:
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        await house.people.say("ann", "hello")
    await asyncio.to_thread(put_away, tmp_path)
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        await house.people.say("ann", "the second")
    await asyncio.to_thread(put_back, tmp_path)
    async with open_house(tmp_path, recovering=True, TOOLS=TOOLS) as house:
        assert [finding.rule for finding in await findings(house.bot)] == ["remembered"]
        assert answer_in(await house.people.say("ann", "the third")) == "Heard: the third."
        await agree(house.bot)
        said = await house.bot.conversations.mailbox(PLACE, after=0, limit=10)
        assert [message.text for message in said] == [
            "Heard: hello.",
            "Heard: the second.",
            "Heard: the third.",
        ]


async def test_an_approval_that_the_old_threads_do_not_know_is_asked_again_or_ended(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        await house.people.say("ann", "hello")
    await asyncio.to_thread(put_away, tmp_path)
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        old = card_in(await house.people.say("ann", "pay rent"))
    await asyncio.to_thread(put_back, tmp_path)
    async with open_house(tmp_path, recovering=True, TOOLS=TOOLS) as house:
        await until_quiet(house.bot)
        await agree(house.bot)
        for record in await house.bot.approvals.records.open():
            await house.people.tap("ann", record.id)
        await until_quiet(house.bot)
        await agree(house.bot)
        found = await house.bot.approvals.records.get(old.approval_id)
        assert found is not None
        answers = await house.bot.conversations.answers_to(found.message_id)
        assert len(answers) == 1
        assert answers[0].text == "paid rent"
        assert happened(tmp_path / "effects") == {"rent": 1}


async def test_a_decision_that_was_not_carried_out_is_asked_about_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        await house.people.say("ann", "hello")
    await asyncio.to_thread(put_away, tmp_path)
    async with open_house(tmp_path, TOOLS=TOOLS) as house:
        card = card_in(await house.people.say("ann", "pay rent"))
        _, decided = await house.bot.approvals.records.claim(
            card.approval_id,
            outcome="approved",
            by="memory:ann",
            where="memory:ann",
            verdicts=({"type": "approve"},),
            at=house.bot.clock(),
        )
    await asyncio.to_thread(put_back, tmp_path)
    async with open_house(tmp_path, recovering=True, TOOLS=TOOLS) as house:
        await until_quiet(house.bot)
        await agree(house.bot)
        (again,) = await house.bot.approvals.records.open()
        await house.people.tap("ann", again.id)
        (answer,) = await house.bot.conversations.answers_to(decided.message_id)
        assert answer.text == "paid rent"
        assert happened(tmp_path / "effects") == {"rent": 1}
        await agree(house.bot)
