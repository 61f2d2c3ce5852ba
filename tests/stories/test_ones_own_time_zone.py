"""Somebody sets a time zone, and is told times in it."""

from pathlib import Path

import pytest

from adapters.cards import card_of
from adapters.contract import ApprovalSettled, Refused
from tests.stories.chats import said
from tests.stories.house import answer_in, card_in, open_house


async def test_the_time_is_told_in_ones_own_zone_unless_another_is_named(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert "in UTC." in answer_in(await house.people.say("ann", "what time is it?"))
        await house.people.say("ann", "/settings zone Asia/Kolkata")
        assert "in Asia/Kolkata." in answer_in(await house.people.say("ann", "what time is it?"))
        other = answer_in(await house.people.say("ann", "what time is it in Paris?"))
        assert "in Europe/Paris." in other
        assert "in UTC." in answer_in(await house.people.say("bob", "what time is it?"))


async def test_what_waits_and_since_when_is_told_in_ones_own_zone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/settings zone Asia/Kolkata")
        await house.people.say("ann", "send hello to me")
        for command in ("/status", "/approvals"):
            told = said(await house.people.say("ann", command))
            assert " IST" in told
            assert " UTC" not in told


async def test_a_card_and_its_outcome_tell_times_in_the_zone_of_the_one_who_asked(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/settings zone Asia/Kolkata")
        card = card_in(await house.people.say("ann", "send hello to me"))
        assert card_of(card, 1000)[0].endswith(" IST.")
        (first, *_) = await house.people.tap("ann", card.approval_id)
        assert isinstance(first, ApprovalSettled)
        assert " IST: send_message(" in first.text
        (late,) = await house.people.tap("ann", card.approval_id)
        assert isinstance(late, Refused)
        assert " IST: send_message(" in late.text


@pytest.mark.parametrize(
    ("written", "zone"),
    [("paris", "Europe/Paris"), ("New York", "America/New_York"), ("utc", "UTC")],
)
async def test_a_city_is_enough(tmp_path: Path, written: str, zone: str) -> None:
    async with open_house(tmp_path) as house:
        told = said(await house.people.say("ann", f"/settings zone {written}"))
        assert told.startswith(f"Time zone: {zone};")


async def test_what_is_no_zone_is_told_with_what_would_be_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        told = said(await house.people.say("ann", "/settings zone +02:00"))
        assert told == (
            "There is no time zone +02:00. Write a city such as Paris, or a name such as "
            "Europe/Paris."
        )
        both = said(await house.people.say("ann", "/settings zone Istanbul"))
        assert both.endswith("Did you mean Asia/Istanbul or Europe/Istanbul?")
