"""The rules: who has a session, what it waits for, and when it ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sessions.csv_store import CsvStore
from sessions.manager import SessionManager
from sessions.memory_store import MemoryStore
from sessions.models import SessionKey
from sessions.store import NoSuchSession
from tests.sessions.people import NOON, approval

ANNA = SessionKey("telegram", "telegram_1")
GROUP = SessionKey("telegram", "telegram_1", chat_id="-100", topic_id="7")


@pytest.fixture(params=["memory", "csv"])
async def manager(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionManager]:
    ttl = timedelta(minutes=60)
    if request.param == "memory":
        yield SessionManager(MemoryStore(), ttl=ttl, clock=lambda: at(120))
    else:
        async with CsvStore.open(tmp_path / "sessions.csv") as store:
            yield SessionManager(store, ttl=ttl, clock=lambda: at(120))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def test_the_first_message_opens_a_session(manager: SessionManager) -> None:
    arrival = await manager.arrive(ANNA, NOON)
    assert arrival.opened
    assert arrival.expired is None
    assert arrival.session.key == ANNA
    assert arrival.session.metadata == {}
    assert arrival.session.created_at == arrival.session.last_activity == NOON
    assert await manager.find(ANNA) == arrival.session
    assert await manager.get(arrival.session.session_id) == arrival.session


async def test_a_group_has_its_own_session(manager: SessionManager) -> None:
    arrival = await manager.arrive(GROUP, NOON)
    assert arrival.session.key == GROUP
    assert arrival.session.metadata == {"chat_id": "-100", "topic_id": "7"}
    assert (await manager.arrive(ANNA, NOON)).opened


async def test_the_next_message_resumes_it_and_counts_as_activity(manager: SessionManager) -> None:
    first = await manager.arrive(ANNA, NOON)
    second = await manager.arrive(ANNA, at(60))
    assert not second.opened
    assert second.session == replace(first.session, last_activity=at(60))


async def test_an_older_message_does_not_turn_the_clock_back(manager: SessionManager) -> None:
    await manager.arrive(ANNA, at(5))
    assert (await manager.arrive(ANNA, NOON)).session.last_activity == at(5)


async def test_a_message_after_an_idle_hour_opens_another_session(manager: SessionManager) -> None:
    first = await manager.arrive(ANNA, NOON)
    second = await manager.arrive(ANNA, at(60.1))
    assert second.opened
    assert second.expired == first.session
    assert second.session.session_id != first.session.session_id
    assert second.session.thread_id != first.session.thread_id
    assert list(await manager.all()) == [second.session]


async def test_a_session_that_waits_for_an_approval_does_not_expire(
    manager: SessionManager,
) -> None:
    first = await manager.arrive(ANNA, NOON)
    await manager.park(first.session.session_id, approval())
    second = await manager.arrive(ANNA, at(90))
    assert not second.opened
    assert await manager.sweep(keep=lambda _: False) == []


async def test_ten_messages_at_once_open_one_session(manager: SessionManager) -> None:
    arrivals = await asyncio.gather(*(manager.arrive(ANNA, at(n)) for n in range(10)))
    assert len({arrival.session.session_id for arrival in arrivals}) == 1
    assert sum(arrival.opened for arrival in arrivals) == 1
    late = await asyncio.gather(*(manager.arrive(ANNA, at(200)) for n in range(10)))
    assert len({arrival.session.session_id for arrival in late}) == 1
    assert sum(arrival.opened for arrival in late) == 1
    assert sum(arrival.expired is not None for arrival in late) == 1


async def test_an_approval_is_parked_once_and_settled_once(manager: SessionManager) -> None:
    session_id = (await manager.arrive(ANNA, NOON)).session.session_id
    await manager.park(session_id, approval(1))
    await manager.park(session_id, approval(1))
    parked = await manager.park(session_id, approval(2))
    assert [one.id for one in parked.pending_approval] == ["approval-1", "approval-2"]
    settled = await manager.settle(session_id, "approval-1")
    assert settled is not None
    assert [one.id for one in settled.pending_approval] == ["approval-2"]
    assert await manager.settle(session_id, "approval-1") == settled
    assert await manager.settle("nobody", "approval-1") is None


async def test_a_long_summary_is_brought_on_one_line(manager: SessionManager) -> None:
    session_id = (await manager.arrive(ANNA, NOON)).session.session_id
    parked = await manager.park(
        session_id, replace(approval(), actions=("one\ntwo", "x" * 300, "y" * 200))
    )
    (shown,) = parked.pending_approval
    assert shown.actions == ("one two", "x" * 199 + "…", "y" * 200)
    assert await manager.get(session_id) == parked


async def test_parking_in_a_session_that_ended_is_told(manager: SessionManager) -> None:
    with pytest.raises(NoSuchSession):
        await manager.park("nobody", approval())


async def test_a_new_conversation_keeps_the_session_and_what_is_pending(
    manager: SessionManager,
) -> None:
    first = (await manager.arrive(ANNA, NOON)).session
    parked = await manager.park(first.session_id, approval())
    assert await manager.leave(first.session_id, first.thread_id)
    fresh = await manager.get(first.session_id)
    assert fresh is not None
    assert fresh.thread_id != first.thread_id
    assert replace(fresh, thread_id=parked.thread_id) == parked


async def test_who_has_left_a_conversation_leaves_no_other_instead(manager: SessionManager) -> None:
    first = (await manager.arrive(ANNA, NOON)).session
    assert await manager.leave(first.session_id, first.thread_id)
    fresh = await manager.get(first.session_id)
    assert not await manager.leave(first.session_id, first.thread_id)
    assert await manager.get(first.session_id) == fresh
    assert not await manager.leave("nobody", first.thread_id)


async def test_a_session_goes_on_with_another_conversation_and_what_is_pending_there(
    manager: SessionManager,
) -> None:
    first = (await manager.arrive(ANNA, NOON)).session
    await manager.go_on(first.session_id, "earlier", [approval()])
    now = await manager.get(first.session_id)
    assert now == replace(first, thread_id="earlier", pending_approval=(approval(),))
    with pytest.raises(NoSuchSession):
        await manager.go_on("nobody", "earlier", [])


async def test_an_ended_session_is_gone(manager: SessionManager) -> None:
    first = (await manager.arrive(ANNA, NOON)).session
    assert await manager.end(first.session_id) == first
    assert await manager.end(first.session_id) is None
    assert (await manager.arrive(ANNA, at(1))).opened


async def test_the_sweep_ends_the_idle_and_keeps_who_is_named(manager: SessionManager) -> None:
    idle = (await manager.arrive(ANNA, at(59))).session
    named = (await manager.arrive(GROUP, at(10))).session
    await manager.arrive(SessionKey("discord", "discord_1"), at(60))
    assert list(await manager.sweep(keep=lambda one: one == named)) == [idle]
    assert len(await manager.all()) == 2
