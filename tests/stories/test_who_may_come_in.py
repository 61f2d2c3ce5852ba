"""Strangers are told once, in a line; a code that an operator accepts lets them in."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.contract import Address, IncomingMessage
from bot.reception import MOST_CODES, Doors, PlatformReception, Stores
from sessions.arrivals import Arrivals, SetAside
from sessions.guests import Guests
from sessions.moving import Moving
from tests.stories.clock import Clock, stopped_clock
from tests.stories.house import House, open_house

ANN = Address("memory", "ann", "ann")
IN_A_GROUP = Address("memory", "group", "ann")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return stopped_clock(monkeypatch)


def reception(house: House, clock: Clock, doors: Doors) -> PlatformReception:
    database = house.bot.office.database

    return PlatformReception(
        "memory",
        doors,
        Stores(Guests(database), Arrivals(database), Moving(database), house.bot.sessions),
        admins=frozenset({"memory:boss"}),
        alarms=house.bot.alarms,
        approvals=house.bot.approvals,
        clock=clock,
    )


def code_in(text: str | None) -> str:
    found = re.search(r"pair accept (\w+)", text or "")
    assert found is not None, text
    return found[1]


async def test_without_any_door_everybody_comes_in(tmp_path: Path, clock: Clock) -> None:
    async with open_house(tmp_path) as house:
        assert await reception(house, clock, Doors()).turned_away(ANN) is None


@pytest.mark.parametrize(
    ("doors", "server"),
    [
        (Doors(users=frozenset({"ann"})), ""),
        (Doors(chats=frozenset({"group"})), ""),
        (Doors(users=frozenset({"bob"}), servers=frozenset({"guild"})), "guild"),
    ],
)
async def test_who_is_on_a_list_comes_in(
    tmp_path: Path, clock: Clock, doors: Doors, server: str
) -> None:
    async with open_house(tmp_path) as house:
        assert await reception(house, clock, doors).turned_away(IN_A_GROUP, server=server) is None


async def test_admins_always_come_in(tmp_path: Path, clock: Clock) -> None:
    boss = Address("memory", "boss", "boss")
    async with open_house(tmp_path) as house:
        doors = Doors(users=frozenset({"bob"}))
        assert await reception(house, clock, doors).turned_away(boss) is None


async def test_a_stranger_is_told_once_a_day_in_a_direct_chat_and_never_in_a_group(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors(users=frozenset({"bob"})))
        assert await door.turned_away(IN_A_GROUP) == ""
        assert "let in" in (await door.turned_away(ANN) or "")
        assert await door.turned_away(ANN) == ""
        clock.now += timedelta(days=1, minutes=1)
        assert "let in" in (await door.turned_away(ANN) or "")


async def test_a_code_lets_in_whoever_was_given_it_also_after_a_restart(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_house(tmp_path) as house:
        code = code_in(await reception(house, clock, Doors(pairs=True)).turned_away(ANN))
        assert code.encode() not in (tmp_path / "data" / "conversations.db-wal").read_bytes()
    async with open_house(tmp_path) as house:
        guests, door = Guests(house.bot.office.database), reception(house, clock, Doors(pairs=True))
        assert await guests.accept("WRONG234", by="api:ops", at=clock()) is None
        assert await door.turned_away(ANN) == ""
        guest = await guests.accept(f" {code.lower()} ", by="api:ops", at=clock())
        assert guest is not None
        assert guest.person == "memory:ann"
        assert await door.turned_away(ANN) is None
        assert await guests.accept(code, by="api:ops", at=clock()) is None, "it works once"
        assert await guests.remove("memory:ann")
        assert await door.turned_away(ANN) is not None


async def test_a_code_that_nobody_accepted_for_an_hour_is_worth_nothing(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_house(tmp_path) as house:
        guests, door = Guests(house.bot.office.database), reception(house, clock, Doors(pairs=True))
        old = code_in(await door.turned_away(ANN))
        clock.now += timedelta(hours=1, seconds=1)
        assert await guests.accept(old, by="api:ops", at=clock()) is None
        assert code_in(await door.turned_away(ANN)) != old


async def test_a_crowd_of_strangers_is_not_given_codes_without_end(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors(pairs=True))
        told = [
            await door.turned_away(Address("memory", f"s{n}", f"s{n}"))
            for n in range(MOST_CODES + 5)
        ]
        assert sum("pair accept" in (each or "") for each in told) == MOST_CODES
        assert all(told)


async def test_no_code_is_said_where_others_read_along(tmp_path: Path, clock: Clock) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors(pairs=True))
        assert await door.turned_away(IN_A_GROUP) == ""


async def test_what_cannot_be_handled_is_kept_once_with_its_reason(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors())
        for _ in range(2):
            await door.set_aside("77", 'half a \ud800 and {"json"', "it cannot be read")
        (kept,) = await Arrivals(house.bot.office.database).all_set_aside()
        assert kept == SetAside(
            "memory", "77", 'half a \\ud800 and {"json"', "it cannot be read", clock()
        )


async def test_marks_move_forward_only(tmp_path: Path, clock: Clock) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors())
        for mark in ("9", "10", "7"):
            await door.mark("room", mark)
        assert await door.marks() == {"room": "10"}


@pytest.mark.parametrize("groups", ["person", "chat"])
async def test_a_chat_that_moves_keeps_its_sessions_conversations_and_reminders(
    tmp_path: Path, clock: Clock, groups: str
) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS=groups) as house:
        await house.people.say("ann", "hello", chat="group", message_id="1")
        await house.people.say("ann", "/remind in 1 hour: tea", chat="group")
        (before,) = await house.bot.sessions.all()
        await reception(house, clock, Doors()).moved("group", "supergroup")
        (after,) = await house.bot.sessions.all()
        assert (after.session_id, after.thread_id) == (before.session_id, before.thread_id)
        assert after.key.chat_id == "supergroup"
        # The new chat counts from one again: its first message is no copy of the old one's.
        assert await house.people.say("ann", "hello", chat="supergroup", message_id="1")
        assert [each.session_id for each in await house.bot.sessions.all()] == [before.session_id]
        history = await house.people.say("ann", "/history", chat="supergroup")
        assert "hello" in str(history)
        assert "tea" in str(await house.people.say("ann", "/remind", chat="supergroup"))


async def test_an_old_chat_and_its_name_leave_others_alone(tmp_path: Path, clock: Clock) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello", chat="group2")
        await house.people.say("ann", "hello")
        before = await house.bot.sessions.all()
        await reception(house, clock, Doors()).moved("group", "supergroup")
        assert await house.bot.sessions.all() == before


async def test_what_is_stored_of_a_message_in_pieces_is_known(tmp_path: Path, clock: Clock) -> None:
    async with open_house(tmp_path) as house:
        door = reception(house, clock, Doors())
        album = IncomingMessage(ANN, "our garden", "7", clock(), pieces=("8",))
        async with house.bot.handle(album) as replies:
            async for _ in replies:
                pass
        assert set(await door.taken(ANN.chat_id, ["7", "8", "9"])) == {"7", "8"}
        assert await door.taken("elsewhere", ["7", "8", "9"]) == set()
