"""Somebody asks for something risky, and somebody decides."""

import asyncio
import json
from pathlib import Path

import pytest

from adapters.contract import (
    Answer,
    ApprovalSettled,
    Approve,
    Edit,
    Held,
    Notice,
    Refused,
    Reject,
)
from tests.stories.house import answer_in, card_in, only, open_house


async def test_an_action_waits_for_approval_and_then_runs_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        assert card.actions[0].arguments == {"to": "me", "text": "hello"}
        replies = await house.people.tap("ann", card.approval_id)
        assert isinstance(replies[0], ApprovalSettled)
        assert replies[0].outcome == "approved"
        assert "on its way" in answer_in(replies)
        await house.until_said("ann", "hello")


async def test_the_open_approval_stands_in_sessions_csv_and_leaves_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        (session,) = await house.bot.sessions.all()
        assert session.user_id == "memory_ann"
        assert [each.id for each in session.pending_approval] == [card.approval_id]
        await house.people.tap("ann", card.approval_id)
        (session,) = await house.bot.sessions.all()
        assert session.pending_approval == ()
    text = (tmp_path / "sessions.csv").read_text()
    assert "memory_ann,memory," in text


async def test_twenty_taps_at_once_run_the_action_once_and_19_are_told_the_outcome(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        taps = await asyncio.gather(*(house.people.tap("ann", card.approval_id) for _ in range(20)))
        refused = [r for replies in taps for r in replies if isinstance(r, Refused)]
        assert len(refused) == 19
        assert all(r.why == "settled" and "Approved by Ann (memory:ann)" in r.text for r in refused)
        await house.until_said("ann", "hello")
        hellos = [text for text in house.said("ann") if text == "hello"]
        assert len(hellos) == 1


async def test_a_second_tap_is_told_who_decided_what_and_when(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await house.people.tap("ann", card.approval_id, Reject("no"))
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert refused.settled is not None
        assert (refused.settled.outcome, refused.settled.by) == ("rejected", "memory:ann")
        assert "UTC" in refused.text


async def test_a_wrong_person_changes_nothing_and_is_told_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        refused = only(Refused, await house.people.tap("bob", card.approval_id))
        assert isinstance(refused, Refused)
        assert refused.why == "not_yours"
        assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))


async def test_the_reason_of_a_rejection_reaches_the_agent(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send hello to me")
        assert "too late at night" in answer_in(
            await house.people.say("ann", "/reject too late at night")
        )


async def test_arguments_can_be_edited_before_the_action_runs(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send hello to me")
        await house.people.say("ann", '/edit {"to": "me", "text": "good evening"}')
        await house.until_said("ann", "good evening")
        assert "hello" not in house.said("ann")


async def test_a_message_to_somebody_else_is_for_admins_to_decide(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMINS="memory:eve") as house:
        card = card_in(await house.people.say("ann", "send hello to memory:bob"))
        assert card.decider == "admins"
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert refused.why == "not_yours"
        replies = await house.people.tap("eve", card.approval_id)
        assert not [r for r in replies if isinstance(r, Answer)], "eve reads ann's words"
        await house.until_said("bob", "Message from memory:ann (Ann):\nhello")
        answer = await house.eventually("ann", Answer)
        assert isinstance(answer, Answer)
        assert "on its way" in answer.text


async def test_an_edit_cannot_make_of_an_own_message_one_to_somebody_else(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        edit = Edit({"to": "memory:bob", "text": "hello"})
        refused = only(Refused, await house.people.tap("ann", card.approval_id, edit))
        assert isinstance(refused, Refused)
        assert "an admin must decide" in refused.text
        assert house.people.screen("bob") == ()


async def test_two_different_admins_decide_where_two_are_asked_for(tmp_path: Path) -> None:
    admins = "memory:eve,memory:fay"
    async with open_house(tmp_path, APPROVERS="forget_notes:two", ADMINS=admins) as house:
        await house.people.say("ann", "note: milk")
        card = card_in(await house.people.say("ann", "forget my notes"))
        first = only(Notice, await house.people.tap("eve", card.approval_id))
        assert isinstance(first, Notice)
        assert "One of two" in first.text
        again = only(Notice, await house.people.tap("eve", card.approval_id))
        assert isinstance(again, Notice)
        settled = only(ApprovalSettled, await house.people.tap("fay", card.approval_id))
        assert isinstance(settled, ApprovalSettled)
        assert settled.outcome == "approved"


async def test_a_grant_for_the_session_settles_the_next_without_a_card(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send one to me"))
        await house.people.tap("ann", card.approval_id, Approve(for_session=True))
        assert "on its way" in answer_in(await house.people.say("ann", "send two to me"))
        await house.until_said("ann", "two")
        page = await house.bot.approvals.records.page()
        assert [record.decided_by for record in page] == [
            "a grant for this session",
            "memory:ann",
        ]
        await house.people.say("ann", "/new")
        assert card_in(await house.people.say("ann", "send three to me"))


async def test_a_text_while_an_approval_is_open_is_held_and_answered_in_order(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        held = only(Held, await house.people.say("ann", "note: one"))
        assert isinstance(held, Held)
        assert card.approval_id in held.text
        assert "/cancel" in held.text
        await house.people.say("ann", "note: two")
        await house.people.tap("ann", card.approval_id)
        notes = answer_in(await house.people.say("ann", "what are my notes?"))
        assert notes == "Your notes:\n- one\n- two"
        answers = [r.text for r in house.people.screen("ann") if isinstance(r, Answer)]
        assert answers[-3:] == ["Noted: one", "Noted: two", notes]


@pytest.mark.parametrize("command", ["/cancel", "/new"])
async def test_what_is_open_can_be_withdrawn(tmp_path: Path, command: str) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        settled = only(ApprovalSettled, await house.people.say("ann", command))
        assert isinstance(settled, ApprovalSettled)
        assert settled.outcome == "withdrawn"
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert "hello" not in house.said("ann")
        assert "Hello!" in answer_in(await house.people.say("ann", "hello"))


async def test_an_approval_that_nobody_decides_expires_and_says_so(tmp_path: Path) -> None:
    async with open_house(tmp_path, APPROVAL_TTL_MINUTES="0.0001") as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await asyncio.sleep(0.02)
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert "expired" in refused.text
        assert await house.bot.decisions.expire() == 1
        settled = await house.eventually("ann", ApprovalSettled)
        assert isinstance(settled, ApprovalSettled)
        assert settled.outcome == "expired"
        assert "Hello!" in answer_in(await house.people.say("ann", "hello"))


async def test_a_restart_between_card_and_tap_changes_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await house.people.say("ann", "note: held before the restart")
    async with open_house(tmp_path, recovering=True) as house:
        assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))
        await house.until_said("ann", "hello")
        notes = answer_in(await house.people.say("ann", "what are my notes"))
        assert "held before the restart" in notes


async def test_an_approval_taken_out_of_the_file_while_stopped_is_withdrawn(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
    (tmp_path / "sessions.csv").unlink()
    async with open_house(tmp_path, recovering=True) as house:
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert refused.settled is not None
        assert refused.settled.outcome == "withdrawn"
        settled = await house.eventually("ann", ApprovalSettled)
        assert settled == refused.settled


async def test_a_row_cannot_bring_a_decided_approval_back(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
    before = (tmp_path / "sessions.csv").read_text()
    async with open_house(tmp_path, recovering=True) as house:
        await house.people.tap("ann", card.approval_id)
    (tmp_path / "sessions.csv").write_text(before)
    async with open_house(tmp_path, recovering=True) as house:
        (session,) = await house.bot.sessions.all()
        assert session.pending_approval == ()
        refused = only(Refused, await house.people.tap("ann", card.approval_id))
        assert isinstance(refused, Refused)
        assert refused.why == "settled"


async def test_every_decision_is_kept_with_what_ran(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await house.people.tap("ann", card.approval_id)
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert record.decided_by == "memory:ann"
        assert record.decided_where == "memory:ann"
        assert record.ending == "send_message: done."
        assert json.dumps(list(record.verdicts)) == '[{"type": "approve"}]'
        assert (
            record.asked_at
            <= (record.decided_at or record.asked_at)
            <= (record.ended_at or record.asked_at)
        )


async def test_in_a_shared_conversation_nobody_ends_what_another_asked_for_with_new(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS="chat", ADMINS="memory:eve") as house:
        card = card_in(await house.people.say("ann", "send hello to me", chat="-100"))
        told = only(Notice, await house.people.say("bob", "/new", chat="-100"))
        assert isinstance(told, Notice)
        assert "somebody else asked for" in told.text
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert record.decided_at is None
        settled = only(ApprovalSettled, await house.people.say("eve", "/new", chat="-100"))
        assert isinstance(settled, ApprovalSettled)
        assert settled.outcome == "withdrawn"
