"""Somebody goes on in a copy of a conversation, and keeps the first one as it was."""

import asyncio
from pathlib import Path

from langchain_core.messages import HumanMessage

from adapters.contract import ApprovalSettled, Attachment, Notice
from sessions.models import Conversation
from sessions.shelf import Wanted
from tests.faults.lives import agree
from tests.stories.chats import said, sessions_by_chat
from tests.stories.house import House, answer_in, card_in, open_house
from tests.stories.words_left import MARKER, found, left_in

PHOTO = Attachment("photo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


async def history(house: House, person: str = "ann") -> list[str]:
    """Give the numbers and texts of what a person said, as /history shows them."""
    lines = said(await house.people.say(person, "/history 20")).splitlines()
    mine = [line.partition(" you: ") for line in lines if " you: " in line]
    return [f"{before.partition(' ')[0]} {text}" for before, _, text in mine]


async def remembered(house: House, chat: str = "ann") -> list[str]:
    """Give what people said as the agent has it in the conversation that is open in a chat."""
    thread_id = (await sessions_by_chat(house))[chat].thread_id
    messages = await house.bot.turns.runner._messages(thread_id)
    return [each.text for each in messages if each.type == "human"]


async def shelf(house: House) -> list[Conversation]:
    return list(await house.bot.library.shelf.page(Wanted(), limit=99))


async def test_one_goes_on_in_a_copy_that_the_agent_remembers(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        assert "Nothing was said" in said(await say("ann", "/fork"))
        await say("ann", "one")
        await say("ann", "/tag home")
        await say("ann", "two")
        told = said(await say("ann", "/fork"))
        assert "You are in a copy now: one" in told
        assert await history(house) == ["1. one", "2. two"]
        assert await remembered(house) == ["one", "two"]
        await say("ann", "three of the copy")
        assert await remembered(house) == ["one", "two", "three of the copy"]
        copy, first = await shelf(house)
        assert (copy.forked_from, first.forked_from) == (first.id, "")
        assert (copy.owner, copy.title, copy.tags) == (first.owner, "one", ("home",))
        assert "1. " in (listed := said(await say("ann", "/resume")))
        assert listed.endswith(": one"), "only the first is listed, and it is no copy"
        await say("ann", "/resume 1")
        assert await history(house) == ["1. one", "2. two"]
        assert await remembered(house) == ["one", "two"]
        assert said(await say("ann", "/resume")).endswith(": one (a copy)")
        await agree(house.bot)


async def test_a_copy_begins_at_the_exchange_that_history_counts(tmp_path: Path) -> None:
    async with open_house(tmp_path, MESSAGES_PER_MINUTE="100") as house:
        for number in range(1, 9):
            await house.people.say("ann", f"word {number}")
        shown = said(await house.people.say("ann", "/history 2")).splitlines()
        assert shown[0].startswith("7. ")
        assert "up to exchange 3: word 1" in said(await house.people.say("ann", "/fork 3"))
        assert await history(house) == ["1. word 1", "2. word 2", "3. word 3"]
        assert await remembered(house) == ["word 1", "word 2", "word 3"]
        for wrong in ("0", "4"):
            assert "3 exchanges" in said(await house.people.say("ann", f"/fork {wrong}"))
        assert "Write /fork" in said(await house.people.say("ann", "/fork all"))
        assert len(await shelf(house)) == 2
        assert "is undone" in said(await house.people.say("ann", "/undo"))
        assert await remembered(house) == ["word 1", "word 2"]
        await house.people.say("ann", "/retry")
        assert await history(house) == ["1. word 1", "2. word 2"]
        await house.people.say("ann", "/resume 1")
        assert len(await history(house)) == 8
        await agree(house.bot)


async def test_nothing_that_waits_is_copied(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "one")
        card = card_in(await house.people.say("ann", "send hello to me"))
        await house.people.say("ann", "this waits too")
        replies = await house.people.say("ann", "/fork 1")
        (settled,) = [each for each in replies if isinstance(each, ApprovalSettled)]
        assert (settled.approval_id, settled.outcome) == (card.approval_id, "withdrawn")
        assert await history(house) == ["1. one"]
        assert await remembered(house) == ["one"]
        assert "Nothing waits" in said(await house.people.say("ann", "/approvals"))
        assert (await sessions_by_chat(house))["ann"].pending_approval == ()
        assert answer_in(await house.people.say("ann", "go on"))
        await agree(house.bot)


async def test_files_stay_with_the_copy_when_the_first_one_is_cleared(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "", attachments=(PHOTO,))
        await house.people.say("ann", "write tea and milk to a file")
        await house.people.say("ann", "/fork")
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "/clear")
        assert "You are" not in said(await house.people.say("ann", "/resume 1"))
        (copy,) = await shelf(house)
        rows = await house.bot.library.shelf.messages(copy.id)
        files = [file for row in rows for file in await house.bot.conversations.files.of(row.id)]
        assert [each.name for each in files] == ["photo.png", "answer.txt"]
        assert files[0].content == PHOTO.content
        thread = await house.bot.turns.runner._messages(copy.id)
        (shown,) = thread[0].additional_kwargs["pictures"]
        assert shown == files[0].id
        await agree(house.bot)


async def test_of_a_copy_and_the_first_one_each_is_cleared_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        await say("ann", f"{MARKER} is my cat")
        await say("ann", "/fork")
        await say("ann", "/resume 1")
        await say("ann", "/clear")
        await say("ann", "/resume 1")
        assert await history(house) == [f"1. {MARKER} is my cat"]
        assert await remembered(house) == [f"{MARKER} is my cat"]
        assert "a copy" in said(await say("ann", f"/search {MARKER}"))
        await say("ann", "/clear")
        assert await left_in(tmp_path) == []


async def test_forgetting_somebody_takes_every_copy_along(tmp_path: Path) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS="chat", ADMINS="memory:eve") as house:
        say = house.people.say
        for chat in ("", "-100"):
            await say("ann", f"{MARKER} is my cat", chat=chat)
        await say("bob", "and mine is called Tom", chat="-100")
        await say("eve", "/fork", chat="-100")
        await say("bob", "/history", chat="-100")
        await say("bob", "/search cat", chat="-100")
        await say("ann", "/fork")
        await say("ann", "/forget")
        assert "2 conversations" in said(await say("ann", "/forget everything"))
        assert await left_in(tmp_path) == []
        assert [each.forked_from != "" for each in await shelf(house)] == [True, False]
        assert await remembered(house, "-100") == ["Bob: and mine is called Tom"]


async def test_what_a_crash_left_of_a_copy_is_forgotten_too(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        await house.people.say("bob", "the words of bob")
        half = [HumanMessage(f"{MARKER} is my cat", id="1")]
        await house.bot.turns.runner.append("a copy of which there is no record", half)
        assert await asyncio.to_thread(found, tmp_path)
        await house.people.say("ann", "/forget")
        await house.people.say("ann", "/forget everything")
        assert await left_in(tmp_path) == []
        assert await remembered(house, "bob") == ["the words of bob"]


async def test_in_a_group_only_an_admin_copies_and_nobody_gets_another_chats_words(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, ADMINS="memory:eve") as house:
        await house.people.say("bob", "words of bob", chat="-100")
        assert "only an admin" in said(await house.people.say("bob", "/fork", chat="-100"))
        await house.people.say("eve", "words of eve", chat="-100")
        assert "copy now: words of eve" in said(await house.people.say("eve", "/fork", chat="-100"))
        assert len(await shelf(house)) == 3


async def test_the_same_message_twice_makes_one_copy(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "one")
        first, second = await asyncio.gather(
            house.people.say("ann", "/fork", message_id="7"),
            house.people.say("ann", "/fork", message_id="7"),
        )
        assert min(len(first), len(second)) == 0
        assert len(await shelf(house)) == 2
        assert any(isinstance(each, Notice) for each in (*first, *second))
