"""Somebody sends what nobody expects: no text at all, half characters, numbers without an end."""

from pathlib import Path

import pytest

from adapters.contract import Notice, Reply
from adapters.contract import Refused as Refusal
from bot.addresses import place_of
from sessions.models import Message
from tests.faults.lives import until_quiet
from tests.stories.house import answer_in, card_in, only, open_house

ENDLESS = "9" * 5000


def told(replies: tuple[Reply, ...]) -> str:
    found = only(Notice, replies)
    assert isinstance(found, Notice)
    return found.text


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x1c", "\u3000"])
async def test_a_message_without_a_text_is_refused_and_the_bot_starts_again(
    tmp_path: Path, text: str
) -> None:
    async with open_house(tmp_path) as house:
        refused = only(Refusal, await house.people.say("ann", text))
        assert isinstance(refused, Refusal)
        assert refused.text.startswith("There is no text in your message")
        assert list(await house.bot.conversations.unfinished()) == []
    async with open_house(tmp_path, recovering=True) as house:
        assert answer_in(await house.people.say("ann", "hello"))


async def test_a_text_that_was_stored_empty_before_a_crash_does_not_stop_the_next_start(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        row = Message(
            id="e6a1e3de-8b4e-4a58-9c0e-0f6b8f6f1a11",
            role="user",
            text="   ",
            place=place_of(house.people.address("ann")),
            created_at=house.bot.clock(),
            state="received",
            platform_message_id="7",
        )
        assert await house.bot.conversations.receive(row)
    async with open_house(tmp_path, recovering=True) as house:
        await until_quiet(house.bot)
        assert answer_in(await house.people.say("ann", "hello"))


async def test_half_a_character_and_nul_are_read_as_unknown_characters(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: a\0b \ud83d c")
        assert "a\ufffdb \ufffd c" in answer_in(await house.people.say("ann", "what are my notes"))
        assert "a\ufffdb \ufffd c" in told(await house.people.say("ann", "/history"))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (f"/history {ENDLESS}", "a number from 1 to 20"),
        (f"/resume {ENDLESS}", "There is no earlier conversation 999"),
        (f"/remind cancel {ENDLESS}", "Write when, a colon, and what"),
        ("/remind 9999-12-31 at 23:59: tea", "after the last day of the calendar"),
    ],
)
async def test_a_number_that_is_too_large_for_anything_is_told_in_a_sentence(
    tmp_path: Path, command: str, answer: str
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/settings zone America/New_York")
        sentence = told(await house.people.say("ann", command))
        assert answer in sentence
        assert len(sentence) < 500


async def test_an_edit_of_an_action_with_an_endless_number_is_told_in_a_sentence(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        answer = told(await house.people.say("ann", f"/edit {card.approval_id} {ENDLESS} {{}}"))
        assert "as JSON" in answer
