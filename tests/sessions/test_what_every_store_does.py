"""The conformance suite: what every SessionStore does, in memory or in a file."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from sessions.csv_store import CsvStore
from sessions.memory_store import MemoryStore
from sessions.models import Session, SessionKey
from sessions.store import KeyTaken, NoSuchSession, SessionInvalid, SessionStore
from tests.sessions.people import NOON, approval, session


@pytest.fixture(params=["memory", "csv"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        async with CsvStore.open(tmp_path / "sessions.csv") as opened:
            yield opened


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def test_a_saved_session_is_found_by_id_and_by_person(store: SessionStore) -> None:
    await store.save(session(1))
    assert await store.get("session-1") == session(1)
    assert await store.find(SessionKey("telegram", "telegram_1")) == session(1)
    assert await store.find(SessionKey("discord", "telegram_1")) is None


async def test_an_unknown_session_is_nobody(store: SessionStore) -> None:
    assert await store.get("session-1") is None
    assert await store.find(SessionKey("telegram", "telegram_1")) is None
    assert await store.remove("session-1") is None
    assert list(await store.all()) == []


async def test_every_part_of_a_session_comes_back(store: SessionStore) -> None:
    whole = session(
        1,
        user_id='=cmd,"quoted"',
        pending_approval=(approval(1), approval(2)),
        metadata={"chat_id": "-100", "topic_id": "7", "name": "Zoë\n'x'", "n": [1, 2.5, None]},
    )
    await store.save(whole)
    assert await store.get("session-1") == whole
    assert await store.find(SessionKey("telegram", '=cmd,"quoted"', "-100", "7")) == whole


async def test_the_same_person_has_a_session_in_each_place(store: SessionStore) -> None:
    await store.save(session(1))
    await store.save(session(2, user_id="telegram_1", metadata={"chat_id": "-5"}))
    await store.save(session(3, user_id="telegram_1", metadata={"chat_id": "-5", "topic_id": "1"}))
    found = await store.find(SessionKey("telegram", "telegram_1", "-5"))
    assert found is not None
    assert found.session_id == "session-2"


async def test_a_second_session_of_the_same_person_and_place_is_refused(
    store: SessionStore,
) -> None:
    await store.save(session(1))
    with pytest.raises(KeyTaken):
        await store.save(session(2, user_id="telegram_1"))
    assert list(await store.all()) == [session(1)]


async def test_two_at_once_get_one_session(store: SessionStore) -> None:
    rivals = [store.save(session(n, user_id="telegram_1")) for n in (1, 2, 3)]
    results = await asyncio.gather(*rivals, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), KeyTaken, KeyTaken]
    assert list(await store.all()) == [session(1)]


async def test_all_begins_with_who_was_active_longest_ago(store: SessionStore) -> None:
    for number, minutes in ((1, 5), (2, -5), (3, 0.001), (4, 0.002)):
        await store.save(session(number, minutes=minutes))
    await store.change("session-2", lambda one: one.active_at(later(9)))
    assert [one.session_id for one in await store.all()] == [
        "session-3",
        "session-4",
        "session-1",
        "session-2",
    ]


async def test_a_change_sees_the_newest_and_leaves_others_alone(store: SessionStore) -> None:
    await store.save(session(1))
    await store.save(session(2))
    changed = await store.change("session-1", lambda one: replace(one, thread_id="other"))
    assert changed == replace(session(1), thread_id="other")
    assert await store.get("session-1") == changed
    assert await store.get("session-2") == session(2)


async def test_changes_at_once_all_count(store: SessionStore) -> None:
    await store.save(session(1, metadata={"count": 0}))

    def count(one: Session) -> Session:
        return replace(one, metadata={"count": one.metadata["count"] + 1})

    await asyncio.gather(*(store.change("session-1", count) for _ in range(50)))
    found = await store.get("session-1")
    assert found is not None
    assert found.metadata == {"count": 50}


async def test_a_change_that_raises_writes_nothing(store: SessionStore) -> None:
    await store.save(session(1))

    def refuse(_: Session) -> NoReturn:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await store.change("session-1", refuse)
    assert await store.get("session-1") == session(1)


async def test_a_change_of_nobody_is_told(store: SessionStore) -> None:
    with pytest.raises(NoSuchSession):
        await store.change("session-1", lambda one: one)


async def test_a_change_may_move_a_session_to_another_place(store: SessionStore) -> None:
    await store.save(session(1))
    await store.save(session(2))
    with pytest.raises(KeyTaken):
        await store.change("session-1", lambda one: replace(one, user_id="telegram_2"))
    await store.change("session-1", lambda one: replace(one, user_id="telegram_3"))
    assert await store.find(SessionKey("telegram", "telegram_1")) is None
    assert (await store.find(SessionKey("telegram", "telegram_3"))) is not None
    await store.save(session(4, user_id="telegram_1"))


async def test_a_change_may_put_another_session_in_the_place_of_one(store: SessionStore) -> None:
    await store.save(session(1))
    await store.save(session(2))
    with pytest.raises(KeyTaken):
        await store.change("session-1", lambda one: replace(one, session_id="session-2"))
    await store.change("session-1", lambda one: replace(one, session_id="session-9"))
    assert await store.get("session-1") is None
    found = await store.find(SessionKey("telegram", "telegram_1"))
    assert found is not None
    assert found.session_id == "session-9"
    assert len(await store.all()) == 2


async def test_a_removed_session_is_gone_and_its_place_free(store: SessionStore) -> None:
    await store.save(session(1))
    removals = await asyncio.gather(store.remove("session-1"), store.remove("session-1"))
    assert list(removals) == [session(1), None]
    assert await store.find(SessionKey("telegram", "telegram_1")) is None
    await store.save(session(2, user_id="telegram_1"))


async def test_a_sweep_takes_the_idle_and_leaves_who_waits(store: SessionStore) -> None:
    await store.save(session(1, minutes=-61))
    await store.save(session(2, minutes=-60))
    await store.save(session(3, minutes=-90, pending_approval=(approval(),)))
    await store.save(session(4, minutes=-90))
    await store.save(session(5, minutes=-120))
    removed = await store.remove_idle_since(
        later(-60), keep=lambda one: one.session_id == "session-4"
    )
    assert [one.session_id for one in removed] == ["session-5", "session-1"]
    assert [one.session_id for one in await store.all()] == ["session-3", "session-4", "session-2"]
    assert list(await store.remove_idle_since(later(-60))) == [session(4, minutes=-90)]


async def test_a_sweep_of_many_takes_them_all(store: SessionStore) -> None:
    await asyncio.gather(*(store.save(session(n, minutes=n / 100)) for n in range(1300)))
    removed = await store.remove_idle_since(later(12.5))
    assert {one.session_id for one in removed} == {f"session-{n}" for n in range(1250)}
    assert len(await store.all()) == 50


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"metadata": {"note": "x" * 5_000}}, "The metadata has 5,011 bytes; the most is 4,096."),
        ({"metadata": {"note": object()}}, "The metadata is not JSON"),
        ({"user_id": "a\nb"}, "control character"),
        ({"user_id": "half \ud800"}, "not Unicode"),
        ({"user_id": ""}, "user_id is empty"),
        ({"last_activity": NOON.replace(tzinfo=None)}, "has no time zone"),
        ({"pending_approval": (replace(approval(), actions=("x" * 201,)),)}, "at most 200"),
        ({"pending_approval": (replace(approval(), actions=("a\nb",)),)}, "one line"),
    ],
)
async def test_what_breaks_a_rule_of_the_file_is_refused_with_a_sentence(
    store: SessionStore, fields: dict[str, Any], sentence: str
) -> None:
    await store.save(session(1))
    with pytest.raises(SessionInvalid, match=sentence):
        await store.save(session(1, **fields))
    assert await store.get("session-1") == session(1)
