"""Somebody writes too fast, too much or too long, and is told when it will work again."""

from pathlib import Path

import pytest

from adapters.contract import ApprovalSettled, Held, Notice, Refused, Reject, Reply
from adapters.memory import MemoryAdapter
from bot.addresses import place_of
from tests.stories.clock import Clock, stopped_clock
from tests.stories.house import House, answer_in, card_in, only, open_house


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return stopped_clock(monkeypatch)


@pytest.fixture
def people(clock: Clock) -> MemoryAdapter:
    return MemoryAdapter(clock=clock)


def refused(replies: tuple[Reply, ...]) -> Refused:
    found = only(Refused, replies)
    assert isinstance(found, Refused)
    return found


def told(replies: tuple[Reply, ...]) -> str:
    found = only(Notice, replies)
    assert isinstance(found, Notice)
    return found.text


async def kept(house: House, message_id: str) -> tuple[str, list[str]]:
    """Give the state of ann's message, and what was answered to it."""
    place = place_of(house.people.address("ann"))
    row = await house.bot.conversations.find_copy(place, message_id)
    assert row is not None
    return row.state, [each.text for each in await house.bot.conversations.answers_to(row.id)]


# ------------------------------------------------------------ messages a minute


async def test_who_writes_too_fast_is_told_when_it_will_work_and_then_it_works(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="3") as house:
        for _ in range(3):
            assert answer_in(await people.say("ann", "hello"))
        no = refused(await people.say("ann", "note: milk", message_id="4"))
        assert no.retry_after == 20
        assert "in 20 seconds" in no.text
        assert await kept(house, "4") == ("rejected", [no.text])
        clock.passes(seconds=19)
        assert "in 1 second." in refused(await people.say("ann", "note: milk")).text
        clock.passes(seconds=1)
        assert answer_in(await people.say("ann", "what are my notes?")) == "There are no notes."
        clock.passes(minutes=10)
        for _ in range(3):
            assert answer_in(await people.say("ann", "hello"))
        assert refused(await people.say("ann", "hello"))


async def test_who_writes_after_the_clock_was_set_back_waits_no_longer_for_it(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="2"):
        assert answer_in(await people.say("ann", "hello"))
        clock.is_set(hours=-1)
        assert answer_in(await people.say("ann", "hello"))
        assert refused(await people.say("ann", "hello")).retry_after == 30
        clock.is_set(hours=2)
        assert refused(await people.say("ann", "hello")).retry_after == 30


async def test_one_persons_haste_is_nobody_elses(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="1"):
        assert answer_in(await people.say("ann", "hello", chat="-100"))
        assert refused(await people.say("ann", "hello"))  # in any chat
        assert answer_in(await people.say("bob", "hello", chat="-100"))


async def test_a_second_copy_of_a_message_does_not_count(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="2"):
        for _ in range(5):
            await people.say("ann", "hello", message_id="1")
        assert answer_in(await people.say("ann", "hello", message_id="2"))
        assert refused(await people.say("ann", "hello", message_id="3"))


def ended(replies: tuple[Reply, ...]) -> bool:
    return any(isinstance(reply, ApprovalSettled) and reply.ending for reply in replies)


async def test_what_decides_or_stops_is_never_too_fast(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="2"):
        first = card_in(await people.say("ann", "send hello to me"))
        assert ended(await people.say("ann", f"/reject {first.approval_id}"))
        second = card_in(await people.say("ann", "send hello to me"))
        assert refused(await people.say("ann", "hello"))
        assert refused(await people.say("ann", "/help"))
        assert "Idle" in told(await people.say("ann", "/status"))
        assert "Nothing" in told(await people.say("ann", "/stop"))
        assert ended(await people.tap("ann", second.approval_id, Reject()))
        for command in ("/approve", "/reject", "/edit {}", "/respond yes", "/cancel"):
            assert "Nothing is open" in told(await people.say("ann", command))


async def test_without_a_limit_anybody_writes_as_fast_as_they_like(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, MESSAGES_PER_MINUTE="0"):
        for _ in range(50):
            assert told(await people.say("ann", "/whoami"))


# ------------------------------------------------------------ characters


async def test_a_message_that_is_too_long_is_refused_with_both_numbers(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, MAX_MESSAGE_CHARS="10") as house:
        assert answer_in(await house.people.say("ann", "0123456789"))
        no = refused(await house.people.say("ann", "0123456789!", message_id="long"))
        assert "11 characters" in no.text
        assert "at most 10" in no.text
        assert await kept(house, "long") == ("rejected", [no.text])


# ------------------------------------------------------------ tokens a day


async def test_who_has_used_up_the_day_is_told_when_the_next_begins(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, TOKENS_PER_DAY="20") as house:
        assert answer_in(await people.say("ann", "hello"))
        no = refused(await people.say("ann", "and again?", message_id="2"))
        assert no.retry_after == 12 * 3600
        assert "after 2026-11-22 00:00 UTC" in no.text
        assert await kept(house, "2") == ("rejected", [no.text])
        assert answer_in(await people.say("bob", "hello"))
        assert "of 20 tokens, until 2026-11-22 00:00 UTC" in told(await people.say("ann", "/usage"))
        clock.passes(hours=12)
        assert answer_in(await people.say("ann", "hello"))


async def test_who_may_not_ask_again_today_keeps_the_answer_that_they_have(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, TOKENS_PER_DAY="20"):
        first = answer_in(await people.say("ann", "hello"))
        assert "used up your 20 tokens" in refused(await people.say("ann", "/retry")).text
        assert first[:100] in told(await people.say("ann", "/history"))
        clock.passes(hours=12)
        assert answer_in(await people.say("ann", "/retry")) == first


async def test_a_restart_does_not_give_the_days_tokens_back(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, TOKENS_PER_DAY="20"):
        assert answer_in(await people.say("ann", "hello"))
        before = told(await people.say("ann", "/usage"))
    async with open_house(tmp_path, people=people, TOKENS_PER_DAY="20"):
        assert told(await people.say("ann", "/usage")) == before
        assert refused(await people.say("ann", "hello"))


async def test_usage_tells_today_and_the_days_before_and_that_it_is_estimated(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people):
        nothing = told(await people.say("ann", "/usage")).splitlines()
        assert nothing[:2] == [
            "Today you have used 0 tokens; there is no limit.",
            "The last 7 days: 0.",
        ]
        assert "estimated" in nothing[-1]
        await people.say("ann", "hello")
        clock.passes(days=6)
        await people.say("ann", "hello")
        today, sum_, newer, older, _ = told(await people.say("ann", "/usage")).splitlines()
        used = int(newer.removeprefix("  2026-11-27: "))
        assert used > 100
        assert older.startswith("  2026-11-21: ")
        assert today == f"Today you have used {used} tokens; there is no limit."
        assert sum_ == f"The last 7 days: {used + int(older.split()[1])}."
        clock.passes(days=1)
        lines = told(await people.say("ann", "/usage")).splitlines()
        assert [line[2:12] for line in lines if line.startswith("  ")] == ["2026-11-27"]


async def test_a_text_that_was_held_is_refused_when_the_day_is_used_up_meanwhile(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people, TOKENS_PER_DAY="250") as house:
        card = card_in(await people.say("ann", "send hello to me"))
        await people.say("ann", "note: milk", message_id="held")
        assert (await kept(house, "held"))[0] == "held"
        await house.bot.turns.limits.usage.add("memory:ann", clock().date(), 250)
        assert answer_in(await people.tap("ann", card.approval_id))
        assert isinstance(await house.eventually("ann", Refused), Refused)
        state, (text,) = await kept(house, "held")
        assert state == "rejected"
        assert "Write again after" in text


# ------------------------------------------------------------ people who are blocked


async def test_a_blocked_person_is_told_once_a_day_and_nothing_they_send_is_done(
    tmp_path: Path, clock: Clock, people: MemoryAdapter
) -> None:
    async with open_house(tmp_path, people=people) as house:
        card = card_in(await people.say("ann", "send hello to me"))
        await house.bot.turns.people.block("memory:ann", by="memory:eve", at=clock())
        no = refused(await people.say("ann", "hello", message_id="1"))
        assert no.why == "blocked"
        assert await kept(house, "1") == ("rejected", [no.text])
        assert await people.say("ann", f"/approve {card.approval_id}", message_id="2") == ()
        assert await kept(house, "2") == ("rejected", [])
        assert refused(await people.tap("ann", card.approval_id)).why == "blocked"
        assert answer_in(await people.say("bob", "hello"))
        clock.passes(days=1)
        assert refused(await people.say("ann", "hello")).text == no.text
        await house.bot.turns.people.unblock("memory:ann")
        assert only(Held, await people.say("ann", "hello"))  # nothing was decided
