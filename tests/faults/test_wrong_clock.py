"""A clock that jumps an hour, forward and back: everybody is answered, and nothing is decided."""

from datetime import timedelta
from pathlib import Path

import pytest

import bot.app
from adapters.memory import MemoryAdapter
from tests.faults.lives import agree, until_quiet
from tests.stories.house import answer_in, card_in, open_house

HOUR = timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_when_the_clock_jumps_people_are_answered_and_records_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    wrong = timedelta()
    right = bot.app.now

    def now() -> object:
        return right() + wrong

    monkeypatch.setattr(bot.app, "now", now)
    people = MemoryAdapter(clock=now)  # type: ignore[arg-type] # it is a time
    settings = {"MESSAGES_PER_MINUTE": "0"}
    async with open_house(tmp_path, recovering=True, people=people, **settings) as house:
        card = card_in(await people.say("ann", "send hello to me"))
        assert "welcome" in answer_in(await people.say("bob", "thanks"))
        wrong = jump
        await house.bot.decisions.expire()
        assert "welcome" in answer_in(await people.say("bob", "thanks"))
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert record.outcome == ("expired" if jump > timedelta() else "")
        await people.tap("ann", card.approval_id)
        await until_quiet(house.bot)
        await agree(house.bot)
    wrong = timedelta()
    settings = {"MESSAGES_PER_MINUTE": "0"}
    async with open_house(tmp_path, recovering=True, people=people, **settings) as house:
        await until_quiet(house.bot)
        await agree(house.bot)
        assert "welcome" in answer_in(await people.say("ann", "thanks"))
        assert house.said("ann").count("hello") == (0 if jump > timedelta() else 1)
