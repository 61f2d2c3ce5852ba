"""Chat over HTTP, against a handler whose lines are written down here."""

import asyncio
import json

import httpx
import pytest
from httpx_sse import aconnect_sse
from structlog.testing import capture_logs

from adapters.api import StoredMessage
from adapters.contract import (
    Accepted,
    Address,
    Answer,
    Decision,
    Failure,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    TextDelta,
)
from tests.web.scripted import NOW, Line, Script, request_for, served

ACCEPTED = Accepted("m1", "s1", "t1")
ME = Address("api", "test_123", "test_123")
EVENTS = {"Accept": "text/event-stream"}


def saying(*lines: Line) -> Script:
    return lambda _: lines


async def test_a_message_is_answered_with_the_session_the_thread_and_the_reply() -> None:
    lines = (ACCEPTED, TextDelta("Hel"), TextDelta("lo"), Answer("a1", "Hello!"))
    async with served(saying(*lines)) as side:
        response = await side.say("Hi")
        assert response.status_code == 200
        body = response.json()
        assert body["session_id"] == "s1"
        assert body["thread_id"] == "t1"
        assert body["reply"] == "Hello!"
        assert body["pending_approval"] is None
        assert body["state"] == "answered"
        (inbound,) = side.bot.inbound
        assert isinstance(inbound, IncomingMessage)
        assert inbound.sender == ME
        assert inbound.text == "Hi"
        assert inbound.sent_at == NOW
        assert side.bot.heard_to_the_end == [True]


async def test_each_post_is_a_message_of_its_own() -> None:
    async with served(saying(ACCEPTED, Answer("a1", "Yes"))) as side:
        await side.say()
        await side.say()
        ids = [m.message_id for m in side.bot.inbound if isinstance(m, IncomingMessage)]
        assert len(set(ids)) == 2


async def test_an_action_that_waits_for_approval_is_named_with_how_to_decide() -> None:
    async with served(saying(ACCEPTED, request_for())) as side:
        body = (await side.say()).json()
        assert body["state"] == "parked"
        assert "send_message" in body["reply"]
        assert body["pending_approval"] == {
            "id": "abc123",
            "actions": [
                {
                    "name": "send_message",
                    "arguments": {"to": "me", "text": "hi"},
                    "description": "Send a message",
                    "allowed": ["approve", "reject"],
                }
            ],
            "allowed": ["approve", "reject"],
            "decider": "requester",
            "expires_at": "2026-11-21T13:00:00Z",
            "decide": "/api/approvals/abc123",
        }


async def test_several_open_approvals_are_all_listed() -> None:
    async with served(saying(ACCEPTED, request_for("one"), request_for("two"))) as side:
        body = (await side.say()).json()
        assert body["pending_approval"]["id"] == "one"
        assert [view["id"] for view in body["approvals"]] == ["one", "two"]


async def test_a_message_behind_an_approval_is_held_with_202_and_a_place_to_ask() -> None:
    held = Held("m2", (request_for(),), "This waits for send_message.")
    async with served(saying(Accepted("m2", "s1", "t1"), held)) as side:
        response = await side.say()
        assert response.status_code == 202
        assert response.headers["location"] == "/api/messages/m2"
        assert response.json()["state"] == "held"
        assert response.json()["reply"] == "This waits for send_message."
        assert response.json()["pending_approval"]["decide"] == "/api/approvals/abc123"


async def test_a_command_answers_with_its_notice_and_the_session_it_belongs_to() -> None:
    async with served(saying(Notice("A new conversation.", ("Hello",)))) as side:
        side.kept.sessions[ME] = ("s1", "t2")
        body = (await side.say("/new")).json()
        assert body["reply"] == "A new conversation."
        assert (body["session_id"], body["thread_id"]) == ("s1", "t2")
        assert body["suggestions"] == ["Hello"]


async def test_what_is_open_is_said_also_after_a_command() -> None:
    async with served(saying(Notice("One thing is open."))) as side:
        side.kept.sessions[ME] = ("s1", "t1")
        side.kept.open["s1"] = [request_for()]
        assert (await side.say("/status")).json()["pending_approval"]["id"] == "abc123"


async def test_a_long_turn_answers_202_with_a_location_and_goes_on() -> None:
    never = asyncio.Event()
    async with served(saying(ACCEPTED, never), wait_seconds=0.05) as side:
        response = await side.say()
        assert response.status_code == 202
        assert response.headers["location"] == "/api/messages/m1"
        assert response.json()["state"] == "running"
        assert side.bot.heard_to_the_end == [False]


async def test_a_message_that_still_queues_has_a_location_too() -> None:
    async with served(saying(asyncio.Event()), wait_seconds=0.05) as side:
        side.kept.messages["m9"] = StoredMessage("m9", ME, "user", "Hi", "received", NOW, 1)
        response = await side.say()
        assert response.status_code == 202
        assert response.headers["location"] == "/api/messages/m9"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_too_many_waiting_messages_are_refused_with_429(accept: str) -> None:
    async with served(saying(Refused("busy", "10 of your messages wait already."))) as side:
        response = await side.say(headers={"Accept": accept})
        assert response.status_code == 429
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["retry-after"]
        assert response.json()["detail"] == "10 of your messages wait already."
        assert side.bot.heard_to_the_end == [True]


async def test_a_failure_of_the_agent_is_a_502_with_its_reference() -> None:
    async with served(saying(ACCEPTED, Failure("The model is away.", "ref-1"))) as side:
        response = await side.say()
        assert response.status_code == 502
        assert response.json()["reference"] == "ref-1"
        assert response.json()["detail"] == "The model is away."


async def test_an_unforeseen_error_is_a_500_that_tells_nothing_but_a_reference() -> None:
    def script(_: IncomingMessage | Decision) -> list[Line]:
        raise RuntimeError("secret inside")

    with capture_logs() as logged:
        async with served(script) as side:
            response = await side.say()
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    assert [entry["reference"] for entry in logged] == [response.json()["reference"]]


async def test_a_stream_has_one_event_per_reply_named_after_it() -> None:
    lines = (ACCEPTED, TextDelta("Hel"), Notice("By the way"), request_for())
    async with (
        served(saying(*lines)) as side,
        aconnect_sse(
            side.client,
            "POST",
            "/api/chat",
            json={"user_id": "test_123", "message": "Hi"},
            headers=EVENTS,
        ) as source,
    ):
        events = [event async for event in source.aiter_sse()]
        assert [e.event for e in events] == [
            "accepted",
            "text_delta",
            "notice",
            "approval_request",
        ]
        assert json.loads(events[0].data) == {
            "message_id": "m1",
            "session_id": "s1",
            "thread_id": "t1",
        }
        assert json.loads(events[3].data)["decide"] == "/api/approvals/abc123"


async def test_events_come_while_the_turn_still_runs() -> None:
    go_on = asyncio.Event()
    async with (
        served(saying(ACCEPTED, TextDelta("one"), go_on, Answer("a1", "one two"))) as side,
        side.client.stream(
            "POST",
            "/api/chat",
            json={"user_id": "test_123", "message": "Hi"},
            headers=EVENTS,
        ) as response,
    ):
        seen = ""
        async for line in response.aiter_lines():
            seen += line
            if "one" in line:
                go_on.set()
        assert "event: answer" in seen


async def test_a_quiet_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.api.stream.PING_SECONDS", 0.02)
    go_on = asyncio.Event()
    async with (
        served(saying(ACCEPTED, go_on, Answer("a1", "Done"))) as side,
        side.client.stream(
            "POST",
            "/api/chat",
            json={"user_id": "test_123", "message": "Hi"},
            headers=EVENTS,
        ) as response,
    ):
        lines = []
        async for line in response.aiter_lines():
            lines.append(line)
            if line == ": ping":
                go_on.set()
        assert "event: answer" in lines


async def test_who_leaves_a_stream_has_not_heard_it_to_the_end() -> None:
    async with served(saying(ACCEPTED, asyncio.Event())) as side:
        async with side.client.stream(
            "POST",
            "/api/chat",
            json={"user_id": "test_123", "message": "Hi"},
            headers=EVENTS,
        ) as response:
            async for _ in response.aiter_lines():
                break
        await asyncio.wait_for(side.bot.left.wait(), 5)
        assert side.bot.heard_to_the_end == [False]


async def test_who_hangs_up_before_the_answer_has_not_been_shown_it() -> None:
    go_on = asyncio.Event()
    async with served(saying(ACCEPTED, go_on, Answer("a1", "Too late"))) as side:
        with pytest.raises(httpx.ReadTimeout):
            await side.client.post(
                "/api/chat", json={"user_id": "test_123", "message": "Hi"}, timeout=0.1
            )
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.wait_for(side.bot.left.wait(), 5)
        assert side.bot.heard_to_the_end == [False]


async def test_half_a_character_from_a_model_does_not_break_the_answer() -> None:
    lines = (ACCEPTED, TextDelta("\ud83d"), Answer("a1", "ok \ud83d"))
    async with served(saying(*lines)) as side:
        assert (await side.say()).json()["reply"] == "ok ?"
        assert "event: answer" in (await side.say(headers=EVENTS)).text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("text/event-stream;q=0", "application/json"),
        ("text/event-stream, application/json", "text/event-stream"),
        ("TEXT/Event-Stream; charset=utf-8", "text/event-stream"),
    ],
)
async def test_the_accept_header_decides_between_json_and_events(accept: str, kind: str) -> None:
    async with served(saying(ACCEPTED, Answer("a1", "Yes"))) as side:
        response = await side.say(headers={"Accept": accept})
        assert response.headers["content-type"].startswith(kind)
