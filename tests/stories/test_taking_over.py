"""Somebody goes on in one chat with what is open in another."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import Answer, ApprovalRequest, Held, Reject
from sessions.manager import SessionManager
from tests.faults.lives import agree, until_quiet
from tests.stories.chats import each_open_once, said, sessions_by_chat
from tests.stories.house import answer_in, card_in, only, open_house


async def test_a_conversation_that_is_open_elsewhere_is_taken_over_with_what_waits_in_it(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me", chat="-100"))
        held = asyncio.create_task(house.people.say("ann", "what are my notes", chat="-100"))
        await house.eventually("-100", Held)
        await held
        replies = await house.people.say("ann", "/resume 1")
        assert "open in another chat" in said(replies)
        shown = only(ApprovalRequest, replies)
        assert isinstance(shown, ApprovalRequest)
        assert shown.approval_id == card.approval_id
        sessions = await sessions_by_chat(house)
        assert [each.id for each in sessions["ann"].pending_approval] == [card.approval_id]
        assert sessions["-100"].pending_approval == ()
        await each_open_once(house)
        assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))
        await house.until_said("ann", "hello")
        await house.until_said("-100", "There are no notes.")
        assert (await sessions_by_chat(house))["ann"].pending_approval == ()
        fresh = await house.people.say("ann", "hello", chat="-100")
        assert any(isinstance(reply, Answer) for reply in fresh)
        assert "you: send hello" not in said(await house.people.say("ann", "/history", chat="-100"))


async def test_what_waits_in_a_conversation_that_was_taken_over_survives_a_restart(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me", chat="-100"))
        await house.people.say("ann", "/resume 1")
    async with open_house(tmp_path, recovering=True, people=house.people) as house:
        assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))
        await house.until_said("ann", "hello")
        assert (await sessions_by_chat(house))["ann"].pending_approval == ()


async def test_resumed_in_two_chats_at_once_a_conversation_is_open_in_one_of_them(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, ADMINS="memory:ann") as house:
        await house.people.say("ann", "the one subject", chat="-100")
        thread = (await sessions_by_chat(house))["-100"].thread_id
        await house.people.say("ann", "/new", chat="-100")
        for number in range(5):
            both = await asyncio.gather(
                house.people.say("ann", f"/resume {thread}"),
                house.people.say("ann", f"/resume {thread}", chat="-100"),
                house.people.say("ann", f"note: {number}"),
                house.people.say("ann", f"note: {number}", chat="-100"),
            )
            assert all("the one subject" in said(replies) for replies in both[:2])
            await each_open_once(house)
            open_now = {each.thread_id for each in await house.bot.sessions.all()}
            assert thread in open_now


async def test_two_chats_that_swap_their_conversations_do_not_wait_for_each_other_for_ever(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, ADMINS="memory:ann") as house:
        await house.people.say("ann", "one", chat="-100")
        one = (await sessions_by_chat(house))["-100"].thread_id
        await house.people.say("ann", f"/resume {one}")
        await house.people.say("ann", "two", chat="-100")
        two = (await sessions_by_chat(house))["-100"].thread_id
        for here, there in ((two, one), (one, two), (two, one)):
            async with asyncio.timeout(4):
                await asyncio.gather(
                    house.people.say("ann", f"/resume {here}"),
                    house.people.say("ann", f"/resume {there}", chat="-100"),
                )
            await each_open_once(house)
            assert "ann" in await sessions_by_chat(house)


async def test_a_text_that_waits_while_its_conversation_is_taken_over_is_answered_in_a_new_one(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "the subject", chat="-100")
        thread = (await sessions_by_chat(house))["-100"].thread_id
        async with house.bot.turns.lanes.exclusive(thread):
            taking = asyncio.create_task(house.people.say("ann", "/resume 1"))
            await asyncio.sleep(0.05)  # it waits for the thread, and the text behind it
            asking = asyncio.create_task(house.people.say("ann", "and then?", chat="-100"))
            await asyncio.sleep(0.05)
        assert "the subject" in said(await taking)
        assert answer_in(await asking)
        sessions = await sessions_by_chat(house)
        assert sessions["ann"].thread_id == thread
        history = said(await house.people.say("ann", "/history"))
        assert "and then?" not in history
        assert "and then?" in said(await house.people.say("ann", "/history", chat="-100"))


async def test_a_conversation_that_somebody_gave_to_two_sessions_stays_with_the_active_one(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "the subject")
        await house.people.say("bob", "hello")
        sessions = await sessions_by_chat(house)
    csv = tmp_path / "sessions.csv"
    text = csv.read_text().replace(sessions["ann"].thread_id, sessions["bob"].thread_id)
    csv.write_text(text)
    async with open_house(tmp_path, recovering=True) as house:
        await each_open_once(house)
        now = await sessions_by_chat(house)
        assert now["bob"].thread_id == sessions["bob"].thread_id
        assert now["ann"].session_id == sessions["ann"].session_id


async def test_a_decision_in_the_middle_of_taking_over_leaves_nothing_open_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, ADMINS="memory:eve") as house:
        card = card_in(await house.people.say("eve", "send hello to me", chat="-100"))
        taps: list[asyncio.Task[object]] = []
        leave = SessionManager.leave

        async def leave_while_somebody_decides(*args: str) -> bool:
            if not taps:
                tap = house.people.tap("eve", card.approval_id, Reject("no"), chat="-100")
                taps.append(asyncio.create_task(tap))
                for _ in range(1000):
                    if await house.bot.approvals.records.unfinished():
                        break
                    await asyncio.sleep(0.005)
            return await leave(*args)  # type: ignore[arg-type] # the first is the manager

        monkeypatch.setattr(SessionManager, "leave", leave_while_somebody_decides)
        await house.people.say("eve", "/resume 1")
        await asyncio.gather(*taps)
        await until_quiet(house.bot)
        assert [each.pending_approval for each in await house.bot.sessions.all()] == [(), ()]
        await agree(house.bot)
