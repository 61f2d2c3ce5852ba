"""What becomes of dead letters when somebody has them tried again."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete

from adapters.contract import Answer
from bot.dead_letters import GoneOn, try_again
from sessions.dead_letters import DeadLetter
from sessions.models import Message
from sessions.tables import messages
from tests.records.made_up import ANN, NOON
from tests.stories.house import House, open_house
from tests.stories.unreliable import UnreliableAdapter, fails


async def the_letter(house: House) -> DeadLetter:
    for _ in range(1000):
        if letters := await house.bot.conversations.dead.all():
            return letters[0]
        await asyncio.sleep(0.005)
    raise AssertionError("there is no dead letter")


async def until_answered(house: House, message_id: str) -> str:
    """Wait for the one answer to a message, and give it."""
    for _ in range(1000):
        row = await house.bot.conversations.get(message_id)
        assert row is not None
        if row.state == "answered":
            (answer,) = await house.bot.conversations.answers_to(message_id)
            return answer.text
        await asyncio.sleep(0.005)
    raise AssertionError(row)


async def test_a_message_of_the_bot_is_shown_when_it_is_tried_again(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, final=True))
    async with open_house(tmp_path, people=people) as house:
        await house.bot.turns.outbox.say(people.address("ann"), "The kettle boils.")
        letter = await the_letter(house)
        assert await try_again(house.bot, letter)
        await house.until_said("ann", "The kettle boils.")
        assert not await try_again(house.bot, letter), "it is none any more"


async def test_a_message_that_the_agent_never_saw_is_answered_also_later(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "Hello")
        asked = Message("1", "user", "What is your name?", ANN, NOON, "running")
        await house.bot.conversations.receive(asked)
        await house.bot.turns.endings.give_up(asked, "I could not.")
        await house.people.say("ann", "Never mind")
        assert await try_again(house.bot, await the_letter(house))
        answer = await until_answered(house, "1")
        await house.until_said("ann", answer)
        assert await house.bot.conversations.dead.all() == []


async def test_a_message_that_the_agent_was_working_on_is_taken_to_its_end(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "Hello")
        (answer,) = [each for each in house.people.screen("ann") if isinstance(each, Answer)]
        row = await house.bot.conversations.get(answer.message_id)
        assert row is not None
        # As if the bot had died, once too often, between the agent's answer and its being stored.
        await house.bot.conversations.dead.bury(row.answers, "why")
        lost = delete(messages).where(messages.c.id == row.id)
        await house.bot.office.database.write(lambda db: db.execute(lost))
        assert await try_again(house.bot, await the_letter(house))
        assert await until_answered(house, row.answers) == answer.text


async def test_what_the_conversation_has_gone_past_is_not_answered_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "Hello")
        mail = await house.bot.conversations.mailbox(ANN, after=0, limit=1)
        await house.people.say("ann", "Hello again")
        await house.bot.conversations.dead.bury(mail[0].answers, "why")
        with pytest.raises(GoneOn, match="has gone on since"):
            await try_again(house.bot, await the_letter(house))
        assert len(await house.bot.conversations.dead.all()) == 1
