"""Somebody wants to be told later, and is."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract import Notice
from adapters.memory import MemoryAdapter
from bot.times.reading import shown
from tests.stories.clock_tower import mail_of_ann, open_tower, was_asked_for
from tests.stories.house import House, answer_in, only, open_house

DAILY = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0"


async def told(house: House, person: str, text: str, chat: str = "") -> str:
    """Send a command and give what was said to it."""
    notice = only(Notice, await house.people.say(person, text, chat=chat))
    assert isinstance(notice, Notice)
    return notice.text


async def test_what_was_asked_for_in_plain_words_stands_in_the_chat_when_it_is_due(
    tmp_path: Path,
) -> None:
    async with open_tower(tmp_path) as house:
        said = answer_in(await house.people.say("ann", "remind me in 1 second to drink tea"))
        assert said.startswith("I will remind you on ")
        await house.until_said("ann", "Reminder: drink tea")
        assert "There are no reminders." in await told(house, "ann", "/remind")
        # The next one, asked for while the bot waits for nothing, or for a later one.
        await told(house, "ann", "/remind in 2 hours: sleep")
        await told(house, "ann", "/remind in 1 second: coffee")
        await house.until_said("ann", "Reminder: coffee")
        assert (await mail_of_ann(house)).count("Reminder: drink tea") == 1


async def test_reminders_are_listed_with_numbers_and_cancelled(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        await told(house, "ann", "/remind every day at 8:30: take a pill")
        await told(house, "ann", "/remind in 1 second: tea")
        await house.people.say("ann", "remind me on 3 March at noon to call Bob")
        await house.until_said("ann", "Reminder: tea")
        listed = (await told(house, "ann", "/remind")).splitlines()
        assert re.fullmatch(
            r"1\. every day at 08:30 \(UTC\), next on .+ at 08:30 \(UTC\): take a pill", listed[0]
        )
        assert re.fullmatch(r"3\. \w+, 3 March 20\d\d at 12:00 \(UTC\): call Bob", listed[1])
        assert await told(house, "ann", "/remind cancel 1") == "Cancelled: take a pill"
        assert "no reminder 1" in await told(house, "ann", "/remind cancel 1")
        assert "no reminder 2" in await told(house, "ann", "/remind cancel 2")
        assert "the number" in await told(house, "ann", "/remind cancel")
        assert (await told(house, "ann", "/remind")).splitlines()[:-1] == listed[1:2]


async def test_a_cancelled_reminder_does_not_come(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        await told(house, "ann", "/remind in 1 hour: later")
        await told(house, "ann", "/remind in 3 seconds: wrong")
        assert await told(house, "ann", "/remind cancel 2") == "Cancelled: wrong"
        await told(house, "ann", "/remind in 3 seconds: right")
        await house.until_said("ann", "Reminder: right")
        assert "Reminder: wrong" not in await mail_of_ann(house)


async def test_times_are_those_of_the_persons_clock(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        in_utc = await told(house, "bob", "/remind tomorrow at 9: call")
        assert "at 09:00 (UTC): call" in in_utc
        assert "/settings zone" in in_utc
        assert "/settings zone" not in await told(house, "bob", "/remind tomorrow at 9: run")


async def test_a_time_in_india_comes_when_it_is_so_late_in_india(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        await house.bot.turns.people.set_zone("memory:ann", "Asia/Kolkata")
        in_india = await told(house, "ann", "/remind tomorrow at 9: call")
        assert in_india.endswith("at 09:00 (Asia/Kolkata): call")
        due = await house.bot.reminding.next_due()
        assert due is not None
        assert (due.hour, due.minute) == (3, 30)


async def test_what_cannot_be_kept_is_said_in_a_sentence(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        assert "Write for example" in await told(house, "ann", "/remind tea")
        assert "no time that I can read" in await told(house, "ann", "/remind some day: tea")
        assert "may mean two days" in await told(house, "ann", "/remind 3/4: tea")
        assert "is over" in await told(house, "ann", "/remind 1 March 2025: tea")
        assert "what the reminder is about" in await told(house, "ann", "/remind tomorrow:")
        assert "at most 1000" in await told(house, "ann", f"/remind tomorrow: {'x' * 1001}")
        said = await house.people.say("ann", "remind me on 31 February to skip")
        assert answer_in(said).startswith("remind_me was not done: There is no day such as")
        assert "no reminders" in await told(house, "ann", "/remind")


async def test_a_hundred_are_enough(tmp_path: Path) -> None:
    async with open_tower(tmp_path, MESSAGES_PER_MINUTE="1000") as house:
        asked = (told(house, "ann", f"/remind tomorrow: {n}") for n in range(100))
        await asyncio.gather(*asked)
        refused = "You have 100 reminders already. Cancel one: /remind lists them."
        assert await told(house, "ann", "/remind tomorrow: one more") == refused
        said = answer_in(await house.people.say("ann", "remind me in 1 hour to count"))
        assert said == f"remind_me was not done: {refused}"
        assert "I will remind you" in await told(house, "bob", "/remind tomorrow: his own")


async def test_the_same_message_twice_makes_one_reminder(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        for _ in range(2):
            await house.people.say("ann", "remind me tomorrow to rest", message_id="7")
            await house.people.say("ann", "/remind tomorrow: walk", message_id="8")
        listed = (await told(house, "ann", "/remind")).splitlines()
        assert [line.rpartition(": ")[2] for line in listed[:-1]] == ["rest", "walk"]


async def test_people_never_see_one_anothers_reminders(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        people = [f"p{n}" for n in range(10)]
        for when in ("tomorrow", "in 1 second"):
            await asyncio.gather(
                *(told(house, each, f"/remind {when}: secret of {each}") for each in people)
            )
        for each in people:
            await house.until_said(each, f"Reminder: secret of {each}")
            listed = await told(house, each, "/remind")
            assert listed.count("secret of") == 1
            assert f"secret of {each}\n" in listed
            assert house.said(each) == [f"Reminder: secret of {each}"]
        assert "no reminder 2" in await told(house, "p1", "/remind cancel 2")


async def test_a_group_hears_only_what_was_asked_for_in_it(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        await told(house, "ann", "/remind tomorrow: a surprise for bob")
        await told(house, "ann", "/remind tomorrow: the picnic", chat="-100")
        in_group = await told(house, "ann", "/remind", chat="-100")
        assert "the picnic" in in_group
        assert "surprise" not in in_group
        assert "no reminder 1" in await told(house, "ann", "/remind cancel 1", chat="-100")
        assert "no reminders" in await told(house, "bob", "/remind", chat="-100")
        await told(house, "ann", "/remind in 1 second: look up", chat="-100")
        await house.until_said("-100", "Reminder: look up")
        assert house.said("ann") == []


async def test_what_is_due_soon_after_a_restart_comes_then(tmp_path: Path) -> None:
    people = MemoryAdapter()
    async with open_tower(tmp_path, people=people) as house:
        await told(house, "ann", "/remind in 1 second: stretch")
    async with open_tower(tmp_path, people=people, recovering=True) as house:
        await house.until_said("ann", "Reminder: stretch")


@pytest.mark.parametrize("rule", ["", DAILY, "FREQ=HOURLY;INTERVAL=1"])
async def test_what_was_missed_comes_once_and_says_that_it_is_late(
    tmp_path: Path, rule: str
) -> None:
    async with open_tower(tmp_path):
        pass
    due = await was_asked_for(tmp_path, "the plants", timedelta(days=10), rule)
    at = await asyncio.to_thread(shown, due, "Europe/Paris")
    again = ", and again since" if rule else ""
    late = f"Reminder: the plants\n(This is late: it was due on {at}{again}.)"
    async with open_tower(tmp_path, recovering=True) as house:
        await house.until_said("ann", late)
        await told(house, "ann", "/remind in 1 second: done")
        await house.until_said("ann", "Reminder: done")
        assert [text for text in await mail_of_ann(house) if "plants" in text] == [late]
        upcoming = await house.bot.reminding.next_due()
        assert (upcoming is not None) == bool(rule)
        if upcoming is not None:
            ahead = upcoming - datetime.now(UTC)
            assert timedelta(0) < ahead <= timedelta(days=1, hours=1)
    async with open_tower(tmp_path, recovering=True) as house:
        assert (await mail_of_ann(house)).count(late) == 1


async def test_one_that_cannot_be_read_does_not_keep_the_others_from_coming(
    tmp_path: Path,
) -> None:
    async with open_tower(tmp_path):
        pass
    await was_asked_for(tmp_path, "odd", timedelta(minutes=1), "FREQ=NEVER")
    await was_asked_for(tmp_path, "plain", timedelta(seconds=1))
    async with open_tower(tmp_path, recovering=True) as house:
        await house.until_said("ann", "Reminder: odd")
        await house.until_said("ann", "Reminder: plain")
        assert await house.bot.reminding.next_due() is None


async def test_start_says_that_it_can_remind(tmp_path: Path) -> None:
    async with open_tower(tmp_path) as house:
        assert "remind you" in await told(house, "ann", "/start")
        assert "/remind [when: what | cancel n]" in await told(house, "ann", "/help")


async def test_somebody_who_is_blocked_is_reminded_once_they_are_not(tmp_path: Path) -> None:
    await was_asked_for(tmp_path, "tea", timedelta(minutes=10))
    async with open_house(tmp_path) as house:
        await house.bot.turns.people.block("memory:ann", by="memory:eve", at=house.bot.clock())
    async with open_tower(tmp_path) as house:
        await told(house, "bob", "/remind in 1 second: coffee")
        await house.until_said("bob", "Reminder: coffee")
        assert await mail_of_ann(house) == []
        await house.bot.turns.people.unblock("memory:ann")
        await house.bot.reminding.look_again()
        for _ in range(500):
            if mail := await mail_of_ann(house):
                break
            await asyncio.sleep(0.01)
        assert mail[0].startswith("Reminder: tea\n(This is late")
