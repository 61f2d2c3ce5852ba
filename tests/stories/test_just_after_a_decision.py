"""What somebody writes in the moment between a decision and its being carried out."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import (
    Address,
    Answer,
    ApprovalSettled,
    Approve,
    Edit,
    Refused,
    Reject,
    Replies,
    Reply,
)
from adapters.memory import MemoryAdapter
from bot.errors import StartError
from tests.stories.house import card_in, open_house


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.003])
async def test_a_text_just_after_a_decision_does_not_undo_it(tmp_path: Path, pause: float) -> None:
    async with open_house(tmp_path) as house:
        people = [f"ann{n}" for n in range(10)]
        cards = {name: card_in(await house.people.say(name, "send hi to me")) for name in people}

        async def write_after(name: str) -> None:
            await asyncio.sleep(pause)
            await house.people.say(name, "Hello")

        for name, card in cards.items():
            await asyncio.gather(
                house.people.tap(name, card.approval_id),
                write_after(name),
            )
            await house.until_said(name, "hi")
            record = await house.bot.approvals.records.get(card.approval_id)
            assert record is not None
            assert record.ending == "send_message: done."
            row = await house.bot.conversations.get(record.message_id)
            assert row is not None
            assert row.state == "answered"


async def test_cancel_just_after_a_decision_tells_how_it_was_decided(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for n in range(10):
            card = card_in(await house.people.say(f"ann{n}", "send hi to me"))
            _, said = await asyncio.gather(
                house.people.tap(f"ann{n}", card.approval_id),
                house.people.say(f"ann{n}", "/cancel"),
            )
            record = await house.bot.approvals.records.get(card.approval_id)
            assert record is not None
            told = " ".join(str(getattr(reply, "text", "")) for reply in said)
            if record.outcome == "approved":
                await house.until_said(f"ann{n}", "hi")
                assert "nothing was run" not in told
            else:
                assert record.outcome == "withdrawn"
                assert "hi" not in house.said(f"ann{n}")


class SlowWithCards(MemoryAdapter):
    """A platform that has a chat wait while it edits a card, as Telegram does."""

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Read no further for a while after a card was decided."""
        await super().deliver(to, Dawdling(replies))


class Dawdling:
    """Replies, read slowly."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._dawdles = False

    def __aiter__(self) -> "Dawdling":
        return self

    async def __anext__(self) -> Reply:
        if self._dawdles:
            await asyncio.sleep(0.3)
        reply = await anext(self._replies)
        self._dawdles = isinstance(reply, ApprovalSettled) and not reply.ending
        return reply

    async def shown(self, part: str, of: str = "") -> None:
        await self._replies.shown(part, of)


async def test_what_was_held_is_answered_after_what_held_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, people=SlowWithCards()) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        await house.people.say("ann", "what are my notes?")
        await house.people.tap("ann", card.approval_id, Reject("not now"))
        await house.until_said("ann", "There are no notes.")
        assert house.said("ann") == ["send_message was rejected: not now", "There are no notes."]


async def test_a_grant_in_a_shared_chat_covers_nobody_else(tmp_path: Path) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS="chat") as house:
        card = card_in(await house.people.say("ann", "send hi to me", chat="room"))
        await house.people.tap("ann", card.approval_id, Approve(for_session=True), chat="room")
        await house.until_said("ann", "hi")
        again = await house.people.say("ann", "send ho to me", chat="room")
        assert not [reply for reply in again if hasattr(reply, "approval_id")]
        assert card_in(await house.people.say("bob", "send hey to me", chat="room"))


async def test_a_grant_ends_with_its_session(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        await house.people.tap("ann", card.approval_id, Approve(for_session=True))
        (session,) = await house.bot.sessions.all()
        await house.bot.end_session(session.session_id)
        assert await house.bot.approvals.records.granted(session.session_id) == frozenset()


async def test_an_admin_who_decides_again_has_changed_their_mind(tmp_path: Path) -> None:
    async with open_house(
        tmp_path, APPROVERS="send_message:two", ADMINS="memory:eve,memory:kim"
    ) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        await house.people.tap("eve", card.approval_id, Approve())
        safer = Edit({"to": "me", "text": "something safer"})
        await house.people.tap("eve", card.approval_id, safer)
        (told,) = await house.people.tap("kim", card.approval_id, Approve())
        assert isinstance(told, Refused), "Eve has taken her approval of 'hi' back"
        await house.people.tap("kim", card.approval_id, safer)
        await house.until_said("ann", "something safer")
        assert "hi" not in house.said("ann")


async def test_arguments_that_no_store_takes_spend_no_approval(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        for edited in ('{"to": "me", "text": NaN}', '{"to": "me", "text": "\\u0000"}', "[" * 7000):
            await house.people.say("ann", f"/edit {edited}")
            record = await house.bot.approvals.records.get(card.approval_id)
            assert record is not None
            assert record.decided_at is None
        await house.people.tap("ann", card.approval_id)
        await house.until_said("ann", "hi")


async def test_what_waits_in_a_conversation_that_ends_is_not_worked_on_in_secret(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "send one to me")
        await house.people.say("ann", "send two to me")
        await house.people.say("ann", "/new")
        told = await house.eventually("ann", Refused)
        assert isinstance(told, Refused)
        assert "its conversation has ended" in told.text
        assert await house.bot.approvals.records.open() == []
        assert [text for text in house.said("ann") if "two" in text] == []


async def test_what_was_edited_is_told_as_it_ran(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        said = await house.people.tap("ann", card.approval_id, Edit({"to": "me", "text": "ho"}))
        assert "send_message(to='me', text='ho') instead of send_message(" in str(said)
        answer = [reply.text for reply in said if isinstance(reply, Answer)]
        assert answer == ["Your message to me is on its way."]


async def test_an_approver_of_a_tool_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="APPROVERS names no tool that exists: send_mesage"):
        async with open_house(tmp_path, APPROVERS="send_mesage:admins", ADMINS="memory:eve"):
            pass


async def test_nothing_is_on_its_way_to_a_platform_that_is_not_here(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMINS="memory:eve") as house:
        card = card_in(await house.people.say("ann", "send hi to telegram:5"))
        await house.people.tap("eve", card.approval_id)
        await house.until_said("ann", "There is no platform 'telegram' here, only: memory.")
