"""Those who run the bot hear of it when something goes wrong."""

import asyncio
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.contract import Address, Notice, Replies
from adapters.memory import MemoryAdapter
from adapters.platform import DeliveryFailed
from bot.alarms import Alarms
from bot.health import Part
from bot.recovery import GIVEN_UP, MOST_CRASHES
from bot.sweeper import make_scheduler
from sessions.database import DatabaseFailed
from sessions.models import Message
from tests.records.made_up import ANN, NOON
from tests.stories.house import House, answer_in, open_house

BOSS = "memory:boss"
SECRET = "my heart is broken"


async def until_alarmed(house: House, many: int = 1) -> list[str]:
    """Wait until so many alarms stand on the screen of the boss, and give them."""
    for _ in range(1000):
        if len(house.said("boss")) >= many:
            break
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)  # for one too many
    assert len(house.said("boss")) == many
    return house.said("boss")


async def until_dead(house: House, many: int) -> None:
    for _ in range(1000):
        if len(await house.bot.conversations.dead.all()) == many:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(await house.bot.conversations.dead.all())


class WithoutAnn(MemoryAdapter):
    """A platform on which Ann cannot be reached, and others are named who cannot either."""

    def __init__(self, *others: str) -> None:
        super().__init__()
        self._away = {"ann", *others}
        self.tried = 0

    async def deliver(self, to: Address, replies: Replies) -> None:
        if to.chat_id in self._away:
            self.tried += 1
            raise DeliveryFailed(f"refused: {SECRET}", final=True)
        await super().deliver(to, replies)


async def test_a_message_that_cannot_be_delivered_is_told_without_a_word_of_it(
    tmp_path: Path,
) -> None:
    people = WithoutAnn()
    async with open_house(tmp_path, people=people, ADMIN_CHAT=BOSS) as house:
        await house.bot.turns.outbox.say(people.address("ann"), SECRET)
        (alarm,) = await until_alarmed(house)
        assert "could not be delivered on memory" in alarm
        assert "dead list" in alarm
        assert SECRET not in alarm
        assert "ann" not in alarm


async def test_the_same_alarm_comes_once_in_an_hour(tmp_path: Path) -> None:
    people = WithoutAnn()
    async with open_house(tmp_path, people=people, ADMIN_CHAT=BOSS) as house:
        for number in range(3):
            await house.bot.turns.outbox.say(people.address("ann"), f"{number}")
            await until_dead(house, number + 1)
        await until_alarmed(house, 1)
        house.bot.alarms.look_at([Part("disk", ok=False, text="2 MB are free.")])
        assert (await until_alarmed(house, 2))[1] == "Alarm: Not working: disk. 2 MB are free."


async def test_after_an_hour_it_comes_again_and_counts_what_came_between(tmp_path: Path) -> None:
    time = NOON
    people, broken = MemoryAdapter(), [Part("disk", ok=False, text="2 MB are free.")]
    async with open_house(tmp_path, people=people) as house:
        alarms = Alarms([people.address("boss")], clock=lambda: time)
        alarms.connect(house.bot.turns.outbox)
        for minutes in (0, 20, 59, 60):
            time = NOON + timedelta(minutes=minutes)
            alarms.look_at(broken)
        again = (await until_alarmed(house, 2))[1]
        assert again == "Alarm: Not working: disk. 2 MB are free. (2 more since the last alarm.)"


async def test_an_alarm_that_cannot_be_delivered_makes_no_other(tmp_path: Path) -> None:
    people = WithoutAnn("boss")
    async with open_house(tmp_path, people=people, ADMIN_CHAT=BOSS) as house:
        house.bot.alarms.look_at([Part("disk", ok=False, text="2 MB are free.")])
        await until_dead(house, 1)
        await asyncio.sleep(0.1)
        (letter,) = await house.bot.conversations.dead.all()
        assert letter.message.text.startswith("Alarm: Not working: disk.")
        assert people.tried == 1


async def test_a_periodic_job_that_fails_is_told(tmp_path: Path) -> None:
    async def tidy_up() -> None:
        raise ValueError(SECRET)

    async with open_house(tmp_path, ADMIN_CHAT=BOSS) as house:
        scheduler = make_scheduler(house.bot.alarms)
        scheduler.add_job(tidy_up, "interval", id="tidy up", seconds=0.01)
        scheduler.start()
        try:
            alarms = await until_alarmed(house)
        finally:
            scheduler.shutdown(wait=False)
        text = "Alarm: The periodic job tidy up failed (ValueError); the log says why."
        assert alarms == [text]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file take anything more."""
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)


async def test_a_full_disk_is_told_though_nothing_can_be_written(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMIN_CHAT=BOSS) as house:
        assert answer_in(await house.people.say("ann", "Hello"))
        with capture_logs() as logs, full_disk():
            with pytest.raises(DatabaseFailed, match="could not be written"):
                await house.people.say("ann", "Is anybody there?")
            for _ in range(3):
                await house.bot.look_around()
                await asyncio.sleep(0.05)
            shown = [each for each in house.people.screen("boss") if isinstance(each, Notice)]
            (alarm,) = [each.text for each in shown if "conversations" in each.text]
            assert alarm.startswith("Alarm: Not working: conversations. The database could not be")
        assert "an alarm could not be written" in [line["event"] for line in logs]
        for _ in range(500):
            if all(part.ok for part in await house.bot.ready()):
                break
            await asyncio.sleep(0.01)
        assert [part for part in await house.bot.ready() if not part.ok] == []
        assert answer_in(await house.people.say("ann", "And now?"))


async def test_a_message_that_stops_the_bot_again_and_again_is_given_up_and_told(
    tmp_path: Path,
) -> None:
    row = Message("1", "user", SECRET, ANN, NOON, "running", attempts=MOST_CRASHES - 1)
    async with open_house(tmp_path) as house:
        await house.bot.conversations.receive(row)
    async with open_house(tmp_path, recovering=True, ADMIN_CHAT=BOSS) as house:
        await house.until_said("ann", GIVEN_UP)
        (alarm,) = await until_alarmed(house)
        assert "stopped the bot too often" in alarm
        assert SECRET not in alarm
        (letter,) = await house.bot.conversations.dead.all()
        assert letter.message.id == "1"
        assert answer_in(await house.people.say("ann", "Hello"))


async def test_a_chat_that_cannot_be_reached_is_named_in_the_log(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMIN_CHAT="memory:boss,telegram:5") as house:
        with capture_logs() as logs:
            house.bot.alarms.note_unreached()
        assert [line["chat"] for line in logs] == ["telegram:5"]
        waiting = Address("telegram", "5", "5")
        house.bot.alarms.look_at([Part("disk", ok=False, text="2 MB are free.")])
        await until_alarmed(house)
        rows = await house.bot.conversations.undelivered(waiting.platform)
        assert [row.state for row in rows] == ["written"]
