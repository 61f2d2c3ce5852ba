"""Dead letters, what waits, and what is counted, as the database keeps them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sessions.approval_records import ApprovalRecords
from sessions.backlog import Queue, backlog
from sessions.cleanup import Cleanup
from sessions.conversations import Conversations
from sessions.database import Database
from sessions.erasing import erase_messages
from sessions.models import Place
from sessions.statistics import Figures, Statistics
from sessions.tables import messages
from tests.records.made_up import NOON, approval, message, reply

DAY = timedelta(days=1)
BOB = Place("telegram", "5", "5")


async def test_a_message_is_given_up_once_and_its_person_told_once(
    conversations: Conversations,
) -> None:
    asked = message("Hello")
    await conversations.receive(asked)
    told = reply("I could not.", answers=asked.id)
    assert await conversations.dead.bury(asked.id, "why", told)
    assert not await conversations.dead.bury(asked.id, "again", replace(told, id="another"))
    (letter,) = await conversations.dead.all()
    assert (letter.message.id, letter.message.state) == (asked.id, "dead")
    assert (letter.died_at, letter.reason) == (NOON, "why")
    assert [row.text for row in await conversations.answers_to(asked.id)] == ["I could not."]


async def test_who_is_tried_again_begins_anew_and_what_was_told_is_no_answer(
    conversations: Conversations,
) -> None:
    asked, said = message("Hello", attempts=4), reply("Ding", attempts=8)
    await conversations.receive(asked)
    await conversations.say(said)
    await conversations.dead.bury(asked.id, "why", reply("I could not.", answers=asked.id))
    await conversations.dead.bury(said.id, "no network")
    for row, state in ((asked, "received"), (said, "written")):
        assert await conversations.dead.revive(row.id)
        again = await conversations.get(row.id)
        assert again is not None
        assert (again.state, again.attempts) == (state, 0)
        assert not await conversations.dead.revive(row.id)
    assert await conversations.answers_to(asked.id) == []
    assert await conversations.dead.all() == []


async def test_what_was_dropped_stays_dead_and_is_listed_no_more(
    conversations: Conversations,
) -> None:
    said = reply("Ding")
    await conversations.say(said)
    await conversations.dead.bury(said.id, "no network")
    assert await conversations.dead.drop(said.id)
    assert not await conversations.dead.drop(said.id)
    assert not await conversations.dead.revive(said.id)
    row = await conversations.get(said.id)
    assert row is not None
    assert row.state == "dead"
    assert await conversations.dead.get(said.id) is None


async def test_dead_letters_come_in_pages_that_stay_right_when_some_are_taken_out(
    conversations: Conversations,
) -> None:
    for number in range(7):
        said = reply(str(number))
        await conversations.say(said)
        await conversations.dead.bury(said.id, "no network")
    first = await conversations.dead.all(limit=3)
    assert [each.message.text for each in first] == ["6", "5", "4"]
    await conversations.dead.drop(first[-1].message.id)
    rest = await conversations.dead.all(after=first[-1].position, limit=10)
    assert [each.message.text for each in rest] == ["3", "2", "1", "0"]


async def test_what_was_said_later_in_the_same_conversation_follows_a_message(
    conversations: Conversations,
) -> None:
    first = message("one", thread_id="t")
    await conversations.receive(first)
    await conversations.receive(message("elsewhere", thread_id="u"))
    await conversations.say(reply("from the bot", thread_id="t"))
    assert not await conversations.dead.is_followed(first.id)
    await conversations.receive(message("two", thread_id="t"))
    assert await conversations.dead.is_followed(first.id)


async def test_a_deleted_conversation_takes_its_dead_letters_along(
    database: Database, conversations: Conversations
) -> None:
    asked = message("Hello", thread_id="t")
    await conversations.receive(asked)
    await conversations.dead.bury(asked.id, "why")
    await Cleanup(database).remove_conversation("t")
    assert await conversations.dead.all() == []


async def test_who_erases_their_words_erases_them_from_the_dead_letters_too(
    database: Database, conversations: Conversations
) -> None:
    said = reply("Ding", thread_id="t")
    await conversations.say(said)
    await conversations.dead.bury(said.id, "the platform did not take 'Ding'")
    await database.write(lambda db: erase_messages(db, messages.c.thread_id == "t"))
    assert await conversations.dead.all() == []


async def test_what_waits_is_counted_with_the_age_of_the_oldest(
    database: Database, conversations: Conversations, records: ApprovalRecords
) -> None:
    await conversations.receive(message("one", created_at=NOON - DAY))
    await conversations.receive(message("two"))
    await conversations.receive(message("done", state="answered"))
    await conversations.say(reply("on its way", place=BOB))
    await conversations.say(reply("shown", state="delivered"))
    dead = reply("never")
    await conversations.say(dead)
    await conversations.dead.bury(dead.id, "no network")
    await records.ask(approval())
    found = await backlog(database)
    assert found.inbox == {"received": Queue(2, NOON - DAY)}
    assert found.inbox["received"].age(NOON) == DAY.total_seconds()
    assert found.outbox == {"telegram": Queue(1, NOON)}
    assert found.dead == {"assistant": 1}
    assert found.open_approvals == 1


@pytest.mark.parametrize("older", [0, 1, 50])
async def test_people_conversations_messages_and_approvals_are_counted_by_day_and_platform(
    database: Database, conversations: Conversations, records: ApprovalRecords, older: int
) -> None:
    for number in range(older):
        at = NOON - 40 * DAY + timedelta(minutes=number)
        await conversations.receive(message("long ago", created_at=at))
    await conversations.receive(
        message("Hello", created_at=NOON - DAY, thread_id="t", session_id="s")
    )
    await conversations.say(reply("Hi", created_at=NOON - DAY, thread_id="t", session_id="s"))
    await conversations.receive(message("Hello again", thread_id="u", session_id="s"))
    await conversations.receive(message("Hello", place=BOB, thread_id="v", session_id="s"))
    await records.ask(approval())
    await records.ask(approval("b", "j"))
    await records.claim("b", outcome="approved", by="x", where="", verdicts=(), at=NOON)
    report = await Statistics(database).since(date(2026, 11, 1))
    both = {"approved": 1, "open": 1}
    assert list(report.platforms) == [
        Figures("memory", 1, 2, 2, 1, both),
        Figures("telegram", 1, 1, 1, 0),
    ]
    assert [(each.day, each.figures) for each in report.days] == [
        (date(2026, 11, 21), Figures("memory", 1, 1, 1, 0, both)),
        (date(2026, 11, 21), Figures("telegram", 1, 1, 1, 0)),
        (date(2026, 11, 20), Figures("memory", 1, 1, 1, 1)),
    ]


async def test_where_nothing_was_said_there_is_nothing_to_count(database: Database) -> None:
    report = await Statistics(database).since(date(2026, 11, 1))
    assert (report.platforms, report.days) == ([], [])
