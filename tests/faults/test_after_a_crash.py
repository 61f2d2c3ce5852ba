"""What the next start makes of what a crash has left, where two could take it up at once."""

from pathlib import Path

from tests.faults.lives import agree, until_quiet
from tests.stories.house import card_in, open_house


async def test_a_request_that_was_withdrawn_as_the_bot_died_is_answered_once(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        records = house.bot.approvals.records
        _, record = await records.claim(
            card.approval_id,
            outcome="withdrawn",
            by="memory:ann",
            where="",
            verdicts=(),
            at=house.bot.clock(),
        )
    async with open_house(tmp_path, recovering=True) as house:
        await until_quiet(house.bot)
        (answer,) = await house.bot.conversations.answers_to(record.message_id)
        assert answer.text.startswith("This request was withdrawn and was not run")
        await agree(house.bot)
