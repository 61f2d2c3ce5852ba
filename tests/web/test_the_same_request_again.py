"""A client that does not know whether its request arrived sends it again, under its key."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.api.repeats import fingerprint_of, message_id_of
from sessions.models import Message, Place
from tests.records.made_up import NOON
from tests.stories.clock import stopped_clock
from tests.web.running import Side, running


async def say(side: Side, text: str, key: str, user_id: str = "ann") -> httpx.Response:
    return await side.say(text, user_id, **{"Idempotency-Key": key})


async def mail(side: Side, user_id: str = "ann") -> list[Any]:
    response = await side.client.get("/api/messages", params={"user_id": user_id})
    items: list[Any] = response.json()["items"]
    return items


async def test_the_same_request_again_gets_the_same_answer_and_is_not_said_again(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as side:
        first = (await say(side, "note: milk", "k-1")).json()
        second = (await say(side, "note: milk", "k-1")).json()
        for name in ("message_id", "session_id", "thread_id", "reply", "state"):
            assert second[name] == first[name]
        assert len(await mail(side)) == 1
    async with running(tmp_path) as side:  # also after a restart
        third = (await say(side, "note: milk", "k-1")).json()
        assert third["reply"] == first["reply"]
        assert third["message_id"] == first["message_id"]
        assert len(await mail(side)) == 1


async def test_twenty_at_once_make_one_turn_and_get_one_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        answers = await asyncio.gather(*(say(side, "note: tea", "k-2") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["message_id"] for answer in answers}) == 1
        assert {answer.json()["reply"] for answer in answers} == {"Noted: tea"}
        assert len(await mail(side)) == 1


async def test_another_text_under_the_same_key_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await say(side, "note: milk", "k-3")
        other = await say(side, "note: tea", "k-3")
        assert other.status_code == 422
        assert other.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_key_belongs_to_the_person_who_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await say(side, "note: milk", "k-4", "ann")
        assert (await say(side, "note: tea", "k-4", "bob")).json()["reply"] == "Noted: tea"


async def test_what_waits_for_a_decision_is_told_as_it_is_now(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        first = (await say(side, "send hi to me", "k-5")).json()
        again = (await say(side, "send hi to me", "k-5")).json()
        assert again["state"] == "parked"
        assert again["pending_approval"]["id"] == first["pending_approval"]["id"]
        held = await say(side, "and then?", "k-6")
        assert (held.status_code, held.json()["state"]) == (202, "held")
        held = await say(side, "and then?", "k-6")
        assert (held.status_code, held.json()["state"]) == (202, "held")
        await side.client.post(first["pending_approval"]["decide"], json={"decision": "approve"})
        done = (await say(side, "send hi to me", "k-5")).json()
        assert (done["state"], done["reply"]) == ("answered", "Your message to me is on its way.")
        assert [item["text"] for item in await mail(side)].count("hi") == 1


async def test_a_stream_can_be_asked_for_again_too(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await say(side, "note: milk", "k-7")
        again = await side.say(
            "note: milk", "ann", **{"Idempotency-Key": "k-7", "Accept": "text/event-stream"}
        )
        assert "event: answer" in again.text
        assert "Noted: milk" in again.text


async def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for key in ("two words", "k" * 256):
            assert (await say(side, "Hello", key)).status_code == 422


async def test_what_came_too_fast_works_later_under_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = stopped_clock(monkeypatch)
    async with running(tmp_path, MESSAGES_PER_MINUTE="1") as side:
        await say(side, "Hello", "k-8")
        for _ in range(2):
            refused = await say(side, "note: milk", "k-9")
            assert refused.status_code == 429
            assert "retry-after" in refused.headers
        clock.passes(seconds=61)
        assert (await say(side, "note: milk", "k-9")).json()["reply"] == "Noted: milk"
        again = await say(side, "note: milk", "k-9")
        assert again.json()["reply"] == "Noted: milk"
        assert (await say(side, "note: bread", "k-9")).status_code == 422


async def test_what_never_works_says_to_take_a_new_key_and_promises_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as side:
        first = await say(side, "x" * 8001, "k-9")
        assert first.status_code == 422
        await side.bot.turns.people.block("api:ann", by="api:operator", at=NOON)
        assert (await say(side, "note: milk", "k-11")).status_code == 403
        await side.bot.turns.people.unblock("api:ann")
        again = await say(side, "note: milk", "k-11")
        assert again.status_code == 409
        assert "retry-after" not in again.headers
        assert "Take a new one" in again.json()["detail"]


async def test_what_was_put_aside_is_a_failure_with_its_reference(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        place = Place("api", "ann", "ann")
        row = Message("m-1", "user", "Hello", place, NOON, "received",
                      platform_message_id=message_id_of("k-10"))  # fmt: skip
        stored = await side.bot.conversations.receive(row, fingerprint_of("Hello"))
        assert stored is not None
        await side.bot.turns.endings.give_up(stored, "It is put aside.")
        again = await say(side, "Hello", "k-10")
        assert again.status_code == 502
        assert again.json()["detail"] == "It is put aside."
        assert again.json()["reference"] == "m-1"
