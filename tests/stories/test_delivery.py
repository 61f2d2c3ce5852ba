"""What happens to answers when a platform, or the bot, fails while they are shown."""

import asyncio
from pathlib import Path

from adapters.contract import Answer
from adapters.memory import AGAIN
from adapters.platform import DeliveryFailed
from sessions.models import Message, Place
from tests.stories.house import House, card_in, open_house
from tests.stories.unreliable import UnreliableAdapter, fails

ANN = Place("memory", "ann", "ann")


async def until_settled(house: House) -> list[Message]:
    """Wait until nothing of the bot's is on its way to Ann any more, and give it all."""
    for _ in range(1000):
        mail = await house.bot.conversations.mailbox(ANN, after=0, limit=100)
        if mail and all(row.state in ("delivered", "dead") for row in mail):
            return list(mail)
        await asyncio.sleep(0.01)
    raise AssertionError([(row.text, row.state) for row in mail])


async def test_an_answer_that_the_platform_puts_off_is_shown_when_it_says(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, 2, 3, reason="flood", retry_after=0.05))
    async with open_house(tmp_path, people=people) as house:
        await people.say("ann", "Hello")
        (answer,) = await until_settled(house)
        assert answer.state == "delivered"
        assert house.said("ann") == [answer.text]  # once, and with no word of a repetition


async def test_what_may_have_arrived_is_sent_again_and_says_so(tmp_path: Path) -> None:
    people = UnreliableAdapter(lambda _: None, loses_its_word=True)
    async with open_house(tmp_path, people=people) as house:
        people.weather = fails(1)
        await house.bot.turns.outbox.say(people.address("ann"), "The kettle boils.")
        await until_settled(house)
        assert house.said("ann") == ["The kettle boils.", f"{AGAIN}The kettle boils."]


async def test_parts_of_a_long_answer_that_arrived_are_not_sent_again(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(3, reason="flood", retry_after=0.01), longest=10)
    async with open_house(tmp_path, people=people) as house:
        await house.bot.turns.outbox.say(people.address("ann"), "abcdefghijklmnopqrstuvwxyz1234")
        await until_settled(house)
        assert house.said("ann") == ["abcdefghij", "klmnopqrst", "uvwxyz1234"]
        assert people.sent == 4


async def test_what_is_never_taken_ends_among_the_dead_letters_and_the_next_is_shown(
    tmp_path: Path,
) -> None:
    people = UnreliableAdapter(fails(1, 2, 3, reason="no", retry_after=0.01))
    async with open_house(tmp_path, people=people, DELIVERY_ATTEMPTS="3") as house:
        outbox = house.bot.turns.outbox
        await outbox.say(people.address("ann"), "first")
        await outbox.say(people.address("ann"), "second")
        rows = await until_settled(house)
        assert [(row.text, row.state, row.attempts) for row in rows] == [
            ("first", "dead", 3),
            ("second", "delivered", 1),
        ]
        assert house.said("ann") == ["second"]


async def test_while_a_platform_says_that_it_is_away_nothing_is_given_up(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, 2, 3, reason="no network", retry_after=0.01))
    people.problem = "The platform cannot be reached."
    async with open_house(tmp_path, people=people, DELIVERY_ATTEMPTS="2") as house:
        await house.bot.turns.outbox.say(people.address("ann"), "first")
        (row,) = await until_settled(house)
        assert (row.state, row.attempts) == ("delivered", 4)


async def test_where_trying_again_is_useless_it_is_not_tried(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, reason="the person has blocked the bot", final=True))
    async with open_house(tmp_path, people=people) as house:
        await house.bot.turns.outbox.say(people.address("ann"), "Hello?")
        (row,) = await until_settled(house)
        assert (row.state, row.attempts) == ("dead", 1)


async def test_nothing_overtakes_what_waits_for_its_platform(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, reason="flood", retry_after=0.2))
    async with open_house(tmp_path, people=people) as house:
        await house.bot.turns.outbox.say(people.address("ann"), "first")
        await asyncio.sleep(0.05)  # it waits out the flood now
        replies = await people.say("ann", "Hello")
        (answer,) = [reply.text for reply in replies if isinstance(reply, Answer)]
        assert house.said("ann") == ["first", answer]


async def test_people_do_not_wait_for_one_another(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails(1, reason="flood", retry_after=30))
    async with open_house(tmp_path, people=people) as house:
        await house.bot.turns.outbox.say(people.address("ann"), "first")
        await asyncio.sleep(0.05)
        await people.say("bob", "Hello")
        assert len(house.said("bob")) == 1
        assert house.said("ann") == []


async def test_after_a_restart_what_was_not_shown_is_shown_in_order(tmp_path: Path) -> None:
    people = UnreliableAdapter(lambda _: DeliveryFailed("no network", retry_after=60))
    async with open_house(tmp_path, people=people) as house:
        for text in ("one", "two", "three"):
            await house.bot.turns.outbox.say(people.address("ann"), text)
        await asyncio.sleep(0.05)
        assert house.said("ann") == []
    people.weather = fails()
    async with open_house(tmp_path, people=people, recovering=True) as house:
        await until_settled(house)
        assert house.said("ann") == ["one", "two", "three"]


async def test_after_a_restart_the_preview_becomes_the_answer(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails())
    async with open_house(tmp_path, people=people) as house:
        await people.say("ann", "Hello")
        (answer,) = await house.bot.conversations.mailbox(ANN, after=0, limit=9)
        # As a kill leaves it that came while the preview stood there.
        (part,) = people._screens["ann", ""]
        people._screens["ann", ""][part] = Answer(answer.id, answer.text[:5])
        await house.bot.conversations.mark(answer.id, "showing")
        await house.bot.conversations.parts.add(answer.answers, part)
    async with open_house(tmp_path, people=people, recovering=True) as house:
        await until_settled(house)
        assert house.said("ann") == [answer.text]


async def test_a_card_that_was_never_shown_is_shown_after_the_restart(tmp_path: Path) -> None:
    people = UnreliableAdapter(fails())
    async with open_house(tmp_path, people=people) as house:
        card = card_in(await people.say("ann", "send hello to me"))
        # As a kill leaves it that came before the card was seen to be shown.
        people._screens["ann", ""].clear()
        await house.bot.conversations.cards.forget(card.approval_id, ANN)
    async with open_house(tmp_path, people=people, recovering=True) as house:
        again = await house.eventually("ann", type(card))
        assert again == card
        await people.tap("ann", card.approval_id)
        await house.until_said("ann", "hello")
    async with open_house(tmp_path, people=people, recovering=True) as house:
        await asyncio.sleep(0.1)
        assert house.said("ann").count("hello") == 1
