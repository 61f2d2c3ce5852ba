"""Somebody types a decision, and makes the mistakes that people make."""

from pathlib import Path

from adapters.contract import Accepted, Answer, ApprovalSettled, Approve, Notice, Refused, Reject
from tests.stories.chats import said
from tests.stories.house import answer_in, card_in, only, open_house

NEVER_GIVEN = "abcdefghjkmnpq"


async def test_a_mistyped_id_decides_about_nothing_else(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        for command in ("/reject {}", "/respond {} yes", "/approve {}", '/edit {} {{"to": "me"}}'):
            told = said(await house.people.say("ann", command.format(NEVER_GIVEN)))
            assert told.startswith(f"There is no approval {NEVER_GIVEN}.")
        assert card.approval_id in said(await house.people.say("ann", "/approvals"))


async def test_an_id_may_be_typed_in_capitals(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        told = answer_in(await house.people.say("ann", f"/approve {card.approval_id.upper()}"))
        assert told == "Your message to me is on its way."


async def test_words_behind_approve_that_are_no_id_are_named(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send hello to me")
        told = said(await house.people.say("ann", "/approve please"))
        assert told.startswith("Nothing waits under 'please'. Write /approve")


async def test_a_tool_keeps_its_name_in_what_is_wrong_with_an_edit(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send hello to me")
        refused = only(Refused, await house.people.say("ann", '/edit {"to": 5}'))
        assert isinstance(refused, Refused)
        assert refused.text.startswith("send_message: ")


async def test_who_asked_and_may_not_decide_is_told_how_to_withdraw(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to memory:bob"))
        refused = only(Refused, await house.people.say("ann", "/approve"))
        assert isinstance(refused, Refused)
        assert refused.text == "Only an admin may decide this. /cancel withdraws it."
        others = only(Refused, await house.people.tap("bob", card.approval_id))
        assert isinstance(others, Refused)
        assert others.text == "Only an admin may decide this."


async def test_who_may_not_decide_is_offered_no_button_to_approve(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMINS="memory:kim") as house:
        card = card_in(await house.people.say("ann", "send hello to memory:bob"))
        listed = only(Notice, await house.people.say("ann", "/approvals"))
        assert isinstance(listed, Notice)
        assert card.approval_id in listed.text
        assert listed.suggestions == ()
        listed = only(Notice, await house.people.say("kim", "/approvals"))
        assert isinstance(listed, Notice)
        assert listed.suggestions == (f"/approve {card.approval_id}",)


async def test_a_withdrawal_is_told_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send hello to me")
        replies = await house.people.say("ann", "/cancel")
        accepted, settled = replies
        assert isinstance(accepted, Accepted)
        assert isinstance(settled, ApprovalSettled)
        assert settled.text.startswith("Withdrawn by Ann (memory:ann) at ")
        assert await house.bot.conversations.undelivered("memory") == []
        assert not any(isinstance(each, Answer) for each in house.people.screen("ann"))


async def test_what_was_decided_one_by_one_says_of_each_action_how(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me and forget my notes"))
        settled, *_ = await house.people.tap("ann", card.approval_id, Approve(), Reject())
        assert isinstance(settled, ApprovalSettled)
        assert settled.text.startswith("Decided by Ann (memory:ann) at ")
        assert " UTC: approved send_message(" in settled.text
        assert "; rejected forget_notes: " in settled.text
