"""Somebody chats, and uses the commands."""

import asyncio
from datetime import datetime
from pathlib import Path

from adapters.contract import Accepted, Answer, Notice, Refused, TextDelta
from tests.stories.house import answer_in, card_in, open_house


async def said(replies: tuple[object, ...]) -> str:
    (notice,) = [reply for reply in replies if isinstance(reply, Notice)]
    return notice.text


async def test_the_answer_streams_and_is_stored_before_it_is_the_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        replies = await house.people.say("ann", "hello")
        assert isinstance(replies[0], Accepted)
        preview = "".join(r.text for r in replies if isinstance(r, TextDelta))
        answer = replies[-1]
        assert isinstance(answer, Answer)
        assert preview == answer.text
        stored = await house.bot.conversations.get(answer.message_id)
        assert stored is not None
        assert stored.state == "delivered"


async def test_the_same_message_twice_is_answered_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: milk", message_id="7")
        assert await house.people.say("ann", "note: milk", message_id="7") == ()
        assert answer_in(await house.people.say("ann", "what are my notes")).count("milk") == 1


async def test_messages_of_one_person_are_answered_in_order(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await asyncio.gather(*(house.people.say("ann", f"note: {n}") for n in range(10)))
        notes = answer_in(await house.people.say("ann", "what are my notes"))
        assert notes == "Your notes:\n" + "\n".join(f"- {n}" for n in range(10))
        assert len(await house.bot.sessions.all()) == 1


async def test_people_never_see_one_anothers_notes(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        people = [f"p{n}" for n in range(20)]
        await asyncio.gather(*(house.people.say(p, f"note: secret of {p}.") for p in people))
        for person in people:
            notes = answer_in(await house.people.say(person, "what are my notes"))
            assert notes == f"Your notes:\n- secret of {person}."


async def test_too_many_waiting_messages_are_refused_and_the_person_is_told(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, MAX_WAITING_MESSAGES="2") as house:
        replies = await asyncio.gather(*(house.people.say("ann", f"note: {n}") for n in range(9)))
        refused = [r for each in replies for r in each if isinstance(r, Refused)]
        answers = [r for each in replies for r in each if isinstance(r, Answer)]
        assert refused
        assert all(r.why == "busy" for r in refused)
        assert len(answers) + len(refused) == 9


async def test_new_begins_a_new_conversation_in_the_same_session(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        (before,) = await house.bot.sessions.all()
        assert "new conversation" in await said(await house.people.say("ann", "/new@somebot"))
        (after,) = await house.bot.sessions.all()
        assert after.session_id == before.session_id
        assert after.thread_id != before.thread_id


async def test_the_commands_say_what_they_are_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path, BOT_NAME="Ada", ADMINS="memory:eve") as house:
        assert "I am Ada" in await said(await house.people.say("ann", "/start"))
        assert "/approve" in await said(await house.people.say("ann", "/help"))
        assert await said(await house.people.say("ann", "/whoami")) == "You are memory:ann."
        assert "admin" in await said(await house.people.say("eve", "/WhoAmI"))
        assert "no session" in await said(await house.people.say("ann", "/status"))
        assert "no such command" in await said(await house.people.say("ann", "/dance"))
        assert "Nothing" in await said(await house.people.say("ann", "/stop"))
        assert "Nothing is open" in await said(await house.people.say("ann", "/approve"))
        card = card_in(await house.people.say("ann", "send hello to me"))
        assert card.approval_id in await said(await house.people.say("ann", "/approvals"))
        assert card.approval_id in await said(await house.people.say("ann", "/status"))
        assert card.approval_id in await said(await house.people.say("eve", "/approvals"))
        assert "Nothing waits" in await said(await house.people.say("bob", "/approvals"))


async def test_people_in_a_group_have_their_own_sessions_or_share_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for person in ("ann", "bob"):
            await house.people.say(person, "hello", chat="-100")
        found = {session.user_id for session in await house.bot.sessions.all()}
        assert found == {"memory_ann", "memory_bob"}
    (tmp_path / "sessions.csv").unlink()
    async with open_house(tmp_path, GROUP_SESSIONS="chat") as house:
        for person in ("ann", "bob"):
            await house.people.say(person, "hello", chat="-100")
        (session,) = await house.bot.sessions.all()
        assert session.user_id == "memory_chat_-100"
        assert "Idle" in await said(await house.people.say("ann", "/status", chat="-100"))


async def test_only_what_a_person_does_keeps_their_session_alive(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:

        async def active() -> datetime:
            (session,) = await house.bot.sessions.all()
            return session.last_activity

        card = card_in(await house.people.say("ann", "send hello to me"))
        asked = await active()
        await house.people.say("ann", "/status")
        commanded = await active()
        await house.people.tap("ann", card.approval_id)
        assert asked < commanded < await active()


async def test_help_tells_about_one_command_too(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        one = "/undo - Forget the last exchange"
        assert await said(await house.people.say("ann", "/help undo")) == one
        assert await said(await house.people.say("ann", "/help /undo")) == one
        everything = await said(await house.people.say("ann", "/help nonsense"))
        assert {one, "/new - Begin a new conversation"} <= set(everything.splitlines())
