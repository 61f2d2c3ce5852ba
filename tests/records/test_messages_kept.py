"""Messages are transcript, inbox and outbox at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from sqlalchemy.exc import IntegrityError

from sessions.cleanup import Cleanup
from sessions.conversations import Conversations
from sessions.database import Database
from sessions.models import MessageState, Place
from sessions.tables import BOTS_STATES, PERSONS_STATES
from tests.records.made_up import ANN, NOON, message, reply


async def test_a_message_comes_back_as_it_was_said(conversations: Conversations) -> None:
    said = message("Grüße ☕\x00\n'\"", platform_message_id="7", sender_name="Ann")
    stored = await conversations.receive(said)
    assert stored == replace(said, number=1)
    assert await conversations.get(said.id) == stored
    assert await conversations.find_copy(ANN, "7") == stored
    assert await conversations.get("another") is None
    assert await conversations.find_copy(ANN, "8") is None


async def test_times_come_back_in_utc_to_the_microsecond(conversations: Conversations) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    for at in (
        datetime(2026, 11, 21, 17, 30, 0, 123457, tzinfo=india),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ):
        stored = await conversations.receive(message(created_at=at))
        assert stored is not None
        read = await conversations.get(stored.id)
        assert read is not None
        assert read.created_at == stored.created_at == at
        assert read.created_at.tzinfo is stored.created_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(conversations: Conversations) -> None:
    with pytest.raises(TypeError):
        await conversations.receive(message(created_at=NOON.replace(tzinfo=None)))


async def test_a_second_copy_of_a_message_is_dropped(conversations: Conversations) -> None:
    first = await conversations.receive(message("one", platform_message_id="7"))
    assert first is not None
    assert await conversations.receive(message("two", platform_message_id="7")) is None
    assert await conversations.receive(message(platform_message_id="8"))
    elsewhere = Place("memory", "bob", "bob")
    assert await conversations.receive(message(platform_message_id="7", place=elsewhere))
    assert await conversations.find_copy(ANN, "7") == first


async def test_of_twenty_copies_at_once_one_is_taken(conversations: Conversations) -> None:
    taken = await asyncio.gather(
        *(conversations.receive(message(f"{n}", platform_message_id="7")) for n in range(20))
    )
    assert len([one for one in taken if one is not None]) == 1
    assert len(await conversations.unfinished()) == 1


async def test_messages_without_a_platform_id_are_never_copies(
    conversations: Conversations,
) -> None:
    assert await conversations.receive(message())
    assert await conversations.receive(message())


async def test_an_answer_and_its_mark_are_one_step_and_answering_again_changes_nothing(
    conversations: Conversations,
) -> None:
    asked = message()
    await conversations.receive(asked)
    answer = reply()
    first, *others = await asyncio.gather(
        *(conversations.answer(asked.id, replace(answer, text=f"Hi {n}")) for n in range(20))
    )
    assert {each.text for each in others} == {first.text}
    await conversations.mark(first.id, "delivered")
    again = await conversations.answer(asked.id, replace(answer, text="Something else"))
    assert again == replace(first, state="delivered")
    assert await conversations.answers_to(asked.id) == [again]
    assert (await conversations.get(asked.id) or asked).state == "answered"


async def test_answering_again_does_not_undo_what_happened_since(
    conversations: Conversations,
) -> None:
    asked, answer = message(), reply()
    await conversations.receive(asked)
    await conversations.answer(asked.id, answer)
    await conversations.mark(asked.id, "dead")
    await conversations.answer(asked.id, answer)
    assert (await conversations.get(asked.id) or asked).state == "dead"


async def test_a_message_that_has_ended_takes_no_second_answer(
    conversations: Conversations,
) -> None:
    asked, ended_without_a_word = message(), message()
    await conversations.receive(asked)
    await conversations.receive(ended_without_a_word)
    first = await conversations.answer(asked.id, reply("Hi"))
    for state in ("answered", "rejected"):
        again = await conversations.answer(asked.id, reply("Something went wrong."), state=state)
        assert again == first
    assert await conversations.answers_to(asked.id) == [first]
    assert (await conversations.get(asked.id) or asked).state == "answered"
    await conversations.mark(ended_without_a_word.id, "rejected")
    with pytest.raises(KeyError):
        await conversations.answer(ended_without_a_word.id, reply())


async def test_an_answer_to_a_message_that_is_not_there_stores_nothing(
    conversations: Conversations,
) -> None:
    answer = reply()
    with pytest.raises(KeyError):
        await conversations.answer("gone", answer)
    assert await conversations.get(answer.id) is None


async def test_an_answer_that_cannot_be_stored_leaves_its_message_unanswered(
    conversations: Conversations,
) -> None:
    asked = message()
    await conversations.receive(asked)
    with pytest.raises(IntegrityError):
        await conversations.answer(asked.id, reply(state="received"))
    assert [each.state for each in await conversations.unfinished()] == ["received"]


async def test_what_the_bot_says_twice_is_said_once(conversations: Conversations) -> None:
    notice = reply("Your turn")
    first = await conversations.say(notice)
    assert await conversations.say(replace(notice, text="Other words")) == first


async def test_held_texts_come_back_in_order_of_arrival(conversations: Conversations) -> None:
    for words in ("one", "two", "three"):
        row = message(words)
        await conversations.receive(row)
        await conversations.bind(
            replace(row, session_id="s", thread_id="t", state="held"), owner="memory:ann"
        )
    held = await conversations.held("t")
    assert [(each.text, each.session_id) for each in held] == [
        ("one", "s"),
        ("two", "s"),
        ("three", "s"),
    ]
    await conversations.mark(held[0].id, "running")
    assert [each.text for each in await conversations.held("t")] == ["two", "three"]
    assert [each.text for each in await conversations.unfinished()] == ["one", "two", "three"]
    assert await conversations.held("another") == []


async def test_attempts_are_counted(conversations: Conversations) -> None:
    row = message()
    await conversations.receive(row)
    assert [await conversations.attempt(row.id) for _ in range(3)] == [1, 2, 3]
    assert (await conversations.get(row.id) or row).attempts == 3


async def test_a_message_that_is_not_there_cannot_be_marked(conversations: Conversations) -> None:
    with pytest.raises(KeyError):
        await conversations.mark("gone", "answered")
    with pytest.raises(KeyError):
        await conversations.bind(message(thread_id="t", state="running"), owner="memory:ann")
    with pytest.raises(KeyError):
        await conversations.attempt("gone")


async def test_a_mailbox_has_what_the_bot_said_to_a_person_in_one_place(
    conversations: Conversations,
) -> None:
    await conversations.receive(message("mine"))
    said = [await conversations.say(reply(f"{n}")) for n in range(5)]
    await conversations.say(reply("in a topic", place=replace(ANN, topic_id="4")))
    await conversations.say(reply("to Bob", place=Place("memory", "bob", "bob")))
    assert await conversations.mailbox(ANN, after=0, limit=3) == said[:3]
    assert await conversations.mailbox(ANN, after=said[2].number, limit=9) == said[3:]
    assert await conversations.mailbox(ANN, after=said[4].number, limit=9) == []


async def test_what_no_platform_has_shown_is_undelivered(conversations: Conversations) -> None:
    rows = [await conversations.say(reply(state)) for state in BOTS_STATES]
    for row, state in zip(rows, BOTS_STATES, strict=True):
        await conversations.mark(row.id, state)  # type: ignore[arg-type]
    await conversations.say(reply("elsewhere", place=Place("other", "ann", "ann")))
    undelivered = await conversations.undelivered("memory")
    assert [row.text for row in undelivered] == ["written", "showing"]


async def test_a_removed_conversation_is_gone_and_others_are_not(
    database: Database, conversations: Conversations
) -> None:
    asked, other = message(thread_id="t"), message(thread_id="u")
    await conversations.receive(asked)
    await conversations.receive(other)
    await conversations.answer(asked.id, reply(thread_id="t"))
    elsewhere = await conversations.say(reply("later", thread_id="u", answers=asked.id))
    assert await Cleanup(database).remove_conversation("t") == 2
    assert await Cleanup(database).remove_conversation("t") == 0
    assert await conversations.get(asked.id) is None
    assert await conversations.get(other.id) is not None
    assert await conversations.get(elsewhere.id) == replace(elsewhere, answers="")


async def test_numbers_are_never_used_again(
    database: Database, conversations: Conversations
) -> None:
    last = await conversations.receive(message(thread_id="t"))
    assert last is not None
    await Cleanup(database).remove_conversation("t")
    new = await conversations.receive(message())
    assert new is not None
    assert new.number > last.number


async def test_a_person_and_the_bot_have_states_of_their_own(
    conversations: Conversations,
) -> None:
    assert {*PERSONS_STATES, *BOTS_STATES} == set(get_args(MessageState))
    asked, said = message(), reply()
    await conversations.receive(asked)
    await conversations.say(said)
    with pytest.raises(IntegrityError):
        await conversations.mark(asked.id, "delivered")
    with pytest.raises(IntegrityError):
        await conversations.mark(said.id, "answered")
