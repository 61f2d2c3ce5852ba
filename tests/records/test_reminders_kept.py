"""Reminders as rows: kept once, numbered for each person, and said in one transaction."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sessions.conversations import Conversations
from sessions.database import Database
from sessions.forgotten import Forgotten
from sessions.models import Place, Reminder
from sessions.people import People
from sessions.reminders import Reminders
from tests.records.made_up import ANN, NOON, reply

BOB = Place("memory", "bob", "bob")
SOON = NOON + timedelta(minutes=10)
LATER = NOON + timedelta(days=1)


def reminder(text: str = "tea", **other: Any) -> Reminder:
    asked = Reminder(str(uuid4()), ANN, text, "Europe/Paris", "", SOON, NOON)
    return replace(asked, **other)


async def kept(reminders: Reminders, asked: Reminder, most: int = 100) -> Reminder:
    found = await reminders.add(asked, most=most)
    assert found is not None
    return found


async def texts(reminders: Reminders, place: Place, *, everywhere: bool = True) -> list[str]:
    return [each.text for each in await reminders.of(place, everywhere=everywhere)]


async def test_a_reminder_comes_back_as_it_was_asked_for(reminders: Reminders) -> None:
    asked = reminder("Grüße ☕", rule="FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0")
    assert await kept(reminders, asked) == replace(asked, number=1)
    assert await reminders.of(ANN, everywhere=True) == [replace(asked, number=1)]
    assert await reminders.get(ANN, asked.id) == replace(asked, number=1)
    assert await reminders.next_due() == SOON


async def test_the_same_reminder_asked_for_again_is_the_first(reminders: Reminders) -> None:
    asked = await kept(reminders, reminder())
    again = replace(asked, text="coffee", due_at=LATER)
    assert await asyncio.gather(*(kept(reminders, again) for _ in range(5))) == [asked] * 5
    assert await texts(reminders, ANN) == ["tea"]


async def test_who_has_too_many_gets_no_more_until_one_is_over(reminders: Reminders) -> None:
    for number in range(3):
        await kept(reminders, reminder(str(number)), most=3)
    assert await reminders.add(reminder("one more"), most=3) is None
    await kept(reminders, reminder("of another", place=BOB), most=3)
    assert await reminders.cancel(ANN, 2, everywhere=True) is not None
    await kept(reminders, reminder("one more"), most=3)
    assert await texts(reminders, ANN) == ["0", "2", "one more"]


async def test_many_at_once_are_no_more_than_are_allowed(reminders: Reminders) -> None:
    asked = [reminders.add(reminder(str(n)), most=10) for n in range(30)]
    found = [each for each in await asyncio.gather(*asked) if each is not None]
    assert len(found) == len(await texts(reminders, ANN)) == 10


async def test_numbers_are_a_persons_own_and_stay(reminders: Reminders) -> None:
    for text in ("a", "b", "c"):
        await kept(reminders, reminder(f"{text} of bob", place=BOB))
        await kept(reminders, reminder(text))
    assert await reminders.cancel(ANN, 1, everywhere=True) is not None
    listed = await reminders.of(ANN, everywhere=True)
    assert [(each.number, each.text) for each in listed] == [(2, "b"), (3, "c")]
    assert await reminders.cancel(ANN, 1, everywhere=True) is None
    cancelled = await reminders.cancel(ANN, 3, everywhere=True)
    assert cancelled is not None
    assert cancelled.text == "c"
    assert len(await texts(reminders, BOB)) == 3


async def test_in_a_group_one_sees_only_what_one_asked_for_there(reminders: Reminders) -> None:
    group = Place("memory", "-100", "ann")
    await kept(reminders, reminder("private"))
    await kept(reminders, reminder("in the group", place=group))
    await kept(reminders, reminder("bob's", place=replace(group, user_id="bob")))
    assert await texts(reminders, group, everywhere=False) == ["in the group"]
    assert await texts(reminders, ANN) == ["private", "in the group"]
    assert await reminders.cancel(group, 1, everywhere=False) is None


async def test_it_is_said_and_moved_as_one_step_and_only_once(
    reminders: Reminders, conversations: Conversations
) -> None:
    asked = await kept(reminders, reminder())
    assert await reminders.due(SOON - timedelta(seconds=1), most=9) == []
    (due,) = await reminders.due(SOON, most=9)
    said = [reply("Reminder: tea") for _ in range(5)]
    came = await asyncio.gather(*(reminders.come(due, each, LATER) for each in said))
    assert sorted(came) == [False] * 4 + [True]
    (message,) = await conversations.undelivered_to(ANN)
    assert message.text == "Reminder: tea"
    (moved,) = await reminders.of(ANN, everywhere=True)
    assert moved == replace(asked, due_at=LATER)
    assert await reminders.come(moved, reply("the last time"), None)
    assert await reminders.of(ANN, everywhere=True) == []
    assert await reminders.next_due() is None


async def test_what_was_cancelled_meanwhile_is_not_said(
    reminders: Reminders, conversations: Conversations
) -> None:
    asked = await kept(reminders, reminder())
    assert await reminders.cancel(ANN, 1, everywhere=True) == asked
    assert not await reminders.come(asked, reply("Reminder: tea"), None)
    assert await conversations.undelivered_to(ANN) == []
    over = await reminders.get(ANN, asked.id)
    assert over is not None
    assert over.due_at is None


async def test_a_message_that_cannot_be_written_leaves_the_reminder_due(
    reminders: Reminders, database: Database
) -> None:
    asked = await kept(reminders, reminder())
    with pytest.raises(Exception, match="constraint"):
        await reminders.come(asked, replace(reply("Reminder: tea"), state="lost"), None)  # type: ignore[arg-type]
    assert await reminders.due(SOON, most=9) != []
    assert await reminders.next_due() == SOON


async def test_reminders_are_there_after_a_restart(path: Path) -> None:
    asked = reminder()
    async with Database.open(path) as database:
        await kept(Reminders(database), asked)
    async with Database.open(path) as database:
        assert await texts(Reminders(database), ANN) == ["tea"]
        assert await Reminders(database).next_due() == SOON


async def test_what_falls_due_for_somebody_who_is_blocked_waits_until_they_are_not(
    database: Database, reminders: Reminders
) -> None:
    people = People(database)
    await kept(reminders, reminder("tea"))
    await kept(reminders, reminder("of bob", place=BOB, due_at=LATER))
    await people.block("memory:ann", by="memory:eve", at=NOON)
    assert await reminders.next_due() == LATER
    assert [each.text for each in await reminders.due(LATER, most=9)] == ["of bob"]
    await people.unblock("memory:ann")
    assert await reminders.next_due() == SOON
    assert [each.text for each in await reminders.due(LATER, most=9)] == ["tea", "of bob"]


async def test_one_that_comes_while_its_person_is_forgotten_is_forgotten_too(
    reminders: Reminders, conversations: Conversations, database: Database
) -> None:
    asked = await kept(reminders, reminder("tea with milk"))
    come = reply("Reminder: tea with milk", created_at=SOON)
    assert await reminders.come(asked, come, LATER)
    others = replace(asked, id="of bob", place=BOB)
    of_bob = replace(come, id=str(uuid4()), place=BOB)
    assert await reminders.come(await kept(reminders, others), of_bob, None)
    await Forgotten(database, [bytes(32)]).take_out("memory:ann", NOON)
    assert await texts(reminders, ANN) == []
    left = [await conversations.get(each.id) for each in (come, of_bob)]
    assert [each and each.text for each in left] == ["", "Reminder: tea with milk"]
