"""Somebody comes back to what they said before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract import ApprovalSettled, Held, Notice
from adapters.memory import MemoryAdapter
from bot.sweeper import sweep_sessions
from tests.stories.chats import said, sessions_by_chat
from tests.stories.house import card_in, only, open_house

TTL = 60


class Watch:
    """What time it is for the people; the bot's own clock goes on."""

    def __init__(self) -> None:
        self.ago = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.ago


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def people(watch: Watch) -> MemoryAdapter:
    return MemoryAdapter(clock=watch)


async def test_after_an_hour_the_last_conversation_is_named_with_the_way_back(
    tmp_path: Path, watch: Watch, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people) as house:
        watch.ago = timedelta(minutes=TTL + 1)
        first = await house.people.say("ann", "my cat is Tom")
        assert not any(isinstance(reply, Notice) for reply in first), "she never spoke before"
        watch.ago = timedelta()
        replies = await house.people.say("ann", "hello")
        assert replies[0] == Notice(
            "This is a new conversation; the last one ended after 1 hour without a word. "
            "/resume 1 goes on with it.",
            ("/resume 1",),
        )
        assert "my cat is Tom" in said(await house.people.say("ann", "/resume 1"))
        assert "my cat is Tom" in said(await house.people.say("ann", "/history"))
        again = await house.people.say("ann", "hello again")
        assert not any(isinstance(reply, Notice) for reply in again)


async def test_it_is_the_same_after_the_sweep_and_after_a_restart(
    tmp_path: Path, watch: Watch, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people) as house:
        watch.ago = timedelta(minutes=TTL + 1)
        await house.people.say("ann", "my cat is Tom")
        assert await sweep_sessions(house.bot.turns) == 1
    async with open_house(tmp_path, recovering=True, people=people) as house:
        watch.ago = timedelta()
        notice = (await house.people.say("ann", "hello"))[0]
        assert isinstance(notice, Notice)
        assert notice.suggestions == ("/resume 1",)
        assert not any(isinstance(r, Notice) for r in await house.people.say("bob", "hello"))


async def test_a_session_that_somebody_deleted_is_named_as_ended(
    tmp_path: Path, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people) as house:
        await house.people.say("ann", "my cat is Tom")
    (tmp_path / "sessions.csv").unlink()
    async with open_house(tmp_path, people=people) as house:
        notice = (await house.people.say("ann", "hello"))[0]
        assert isinstance(notice, Notice)
        assert "the last one has ended" in notice.text


async def test_what_was_only_sent_to_a_chat_is_no_conversation_that_has_ended_there(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hi to me", chat="room"))
        await house.people.tap("ann", card.approval_id, chat="room")
        await house.until_said("ann", "hi")
        assert not any(isinstance(r, Notice) for r in await house.people.say("ann", "hello"))


async def test_nobody_is_told_of_it_after_new_in_a_live_session(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "my cat is Tom")
        await house.people.say("ann", "/new")
        assert not any(isinstance(r, Notice) for r in await house.people.say("ann", "hello"))


async def test_resume_as_the_first_word_after_an_hour_goes_on_with_the_last(
    tmp_path: Path, watch: Watch, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people) as house:
        watch.ago = timedelta(minutes=TTL + 1)
        await house.people.say("ann", "my cat is Tom")
        before = (await sessions_by_chat(house))["ann"].thread_id
        watch.ago = timedelta()
        assert "my cat is Tom" in said(await house.people.say("ann", "/resume 1"))
        assert (await sessions_by_chat(house))["ann"].thread_id == before


async def test_resume_lists_conversations_newest_first_and_at_most_ten(tmp_path: Path) -> None:
    async with open_house(tmp_path, MESSAGES_PER_MINUTE="1000") as house:
        assert "no earlier" in said(await house.people.say("ann", "/resume"))
        for number in range(12):
            await house.people.say("ann", f"subject {number}")
            await house.people.say("ann", "/new")
        replies = await house.people.say("ann", "/resume")
        _, *lines = said(replies).splitlines()
        assert [line.partition(" UTC: ")[2] for line in lines] == [
            f"subject {number}" for number in range(11, 1, -1)
        ]
        assert lines[0].startswith("1. 20")
        assert "subject 10" in said(await house.people.say("ann", "/resume 2"))
        assert "subject 10" in said(await house.people.say("ann", "/history"))
        for wrong in ("0", "11", "tom"):
            told = said(await house.people.say("ann", f"/resume {wrong}"))
            assert "no earlier conversation" in told
        assert "no earlier" in said(await house.people.say("bob", "/resume"))


async def test_nobody_resumes_what_is_not_theirs(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "my cat is Tom")
        thread = (await sessions_by_chat(house))["ann"].thread_id
        await house.people.say("ann", "/new")
        assert "no earlier" in said(await house.people.say("bob", f"/resume {thread}"))
        assert "Tom" in said(await house.people.say("ann", f"/resume {thread}"))


async def test_the_same_message_to_resume_twice_goes_back_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "my cat is Tom")
        await house.people.say("ann", "/new")
        await house.people.say("ann", "my dog is Rex")
        await house.people.say("ann", "/resume 1", message_id="7")
        assert await house.people.say("ann", "/resume 1", message_id="7") == ()
        assert "Tom" in said(await house.people.say("ann", "/history"))


async def test_what_is_open_in_the_conversation_that_is_left_is_withdrawn(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "my cat is Tom")
        await house.people.say("ann", "/new")
        card = card_in(await house.people.say("ann", "send hello to me"))
        held = await house.people.say("ann", "and what now?")
        assert any(isinstance(reply, Held) for reply in held)
        replies = await house.people.say("ann", "/resume 1")
        settled = only(ApprovalSettled, replies)
        assert isinstance(settled, ApprovalSettled)
        assert (settled.approval_id, settled.outcome) == (card.approval_id, "withdrawn")
        session = (await sessions_by_chat(house))["ann"]
        assert session.pending_approval == ()
        assert "hello" not in house.said("ann")
        assert not await house.bot.conversations.unfinished()


async def test_a_group_is_not_shown_what_was_said_elsewhere(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMINS="memory:ann") as house:
        await house.people.say("ann", "a private matter")
        thread = (await sessions_by_chat(house))["ann"].thread_id
        await house.people.say("ann", "/new")
        await house.people.say("ann", "hello all", chat="-100")
        for command in ("/resume", "/resume 1", f"/resume {thread}"):
            told = said(await house.people.say("ann", command, chat="-100"))
            assert "no earlier" in told
            assert "private" not in told
        assert "hello all" in said(await house.people.say("ann", "/resume"))
