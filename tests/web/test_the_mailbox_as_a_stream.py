"""The mailbox as server-sent events: what was said, and what is said from now on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from httpx_sse import EventSource, ServerSentEvent

from tests.web.running import Side, running


@asynccontextmanager
async def listening(
    side: Side, user_id: str = "ann", **headers: str
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    headers = {"Accept": "text/event-stream", **headers}
    query = {"user_id": user_id}
    async with side.client.stream("GET", "/api/messages", params=query, headers=headers) as got:
        assert got.status_code == 200
        yield EventSource(got).aiter_sse()


async def next_text(events: AsyncIterator[ServerSentEvent]) -> str:
    async with asyncio.timeout(10):
        event = await anext(events)
    assert event.event == "message"
    text: str = json.loads(event.data)["text"]
    return text


async def test_it_gives_what_was_said_and_goes_on_with_what_comes(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("note: milk", "ann")
        async with listening(side) as events:
            assert await next_text(events) == "Noted: milk"
            asked = (await side.say("send hi to api:ann", "bob")).json()
            await side.client.post(
                asked["pending_approval"]["decide"], json={"decision": "approve"}
            )
            assert await next_text(events) == "Message from api:bob (bob):\nhi"


async def test_who_comes_back_gets_what_is_new_and_nothing_twice(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("note: milk", "ann")
        async with listening(side) as events:
            async with asyncio.timeout(10):
                last = (await anext(events)).id
        await side.say("note: tea", "ann")
        async with listening(side, **{"Last-Event-ID": last}) as events:
            assert await next_text(events) == "Noted: tea"


async def test_what_comes_before_the_place_that_is_asked_for_is_delivered(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        asked = (await side.say("send hi to api:ann", "bob")).json()
        await side.client.post(asked["pending_approval"]["decide"], json={"decision": "approve"})
        async with listening(side) as events:
            async with asyncio.timeout(10):
                event = await anext(events)
        message = f"/api/messages/{json.loads(event.data)['id']}"
        assert (await side.client.get(message)).json()["state"] == "written"
        await side.client.get("/api/messages", params={"user_id": "ann", "after": event.id})
        assert (await side.client.get(message)).json()["state"] == "delivered"


async def test_people_hear_only_what_is_theirs(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("note: secret", "bob")
        await side.say("note: milk", "ann")
        async with listening(side) as events:
            assert await next_text(events) == "Noted: milk"


async def test_a_client_that_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for _ in range(5):
            async with listening(side) as events:
                await side.say("note: milk", "ann")
                await next_text(events)
        for _ in range(200):
            if not side.bot.conversations.news._listening:
                break
            await asyncio.sleep(0.02)
        assert not side.bot.conversations.news._listening


async def test_an_open_stream_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def listen(side: Side) -> list[str]:
        async with listening(side) as events:
            begun.set()
            return [event.id async for event in events]

    async with running(tmp_path) as side:
        listener = asyncio.create_task(listen(side))
        await begun.wait()
        side.stop_taking()
        async with asyncio.timeout(5):
            assert await listener == []
