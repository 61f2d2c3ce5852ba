"""Requests that are refused, and how it is said: problem details, each with a sentence."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.contract import Answer
from bot.web.bodies import LARGEST_BODY
from tests.web.scripted import Line, Side, served

JSON = {"Content-Type": "application/json"}


def script(_: object) -> list[Line]:
    return [Answer("a1", "Yes")]


def assert_problem(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]


async def post(side: Side, content: bytes) -> httpx.Response:
    return await side.client.post("/api/chat", content=content, headers=JSON)


async def test_a_user_id_is_1_to_128_plain_characters() -> None:
    async with served(script) as side:
        for good in ("a", "0", "test_123", "a.b:c@d-e", "x" * 128):
            assert (await side.say(user_id=good)).status_code == 200, good
        for bad in ("", "_a", " a", "a b", "a/b", "ä", "x" * 129, "a\n", "-", "@x"):
            response = await side.say(user_id=bad)
            assert_problem(response, 422)
            assert response.json()["errors"][0]["field"] == "user_id"
            assert response.json()["errors"][0]["detail"].startswith("write 1 to 128 characters")


async def test_a_message_is_1_to_the_configured_number_of_characters() -> None:
    async with served(script) as side:
        assert (await side.say("x" * 100)).status_code == 200
        assert (await side.say("😀" * 100)).status_code == 200
        for bad in ("", " \n\t", "x" * 101, "a\0b"):
            response = await side.say(bad)
            assert_problem(response, 422)
            assert response.json()["errors"][0]["field"] == "message"
        assert len(side.bot.inbound) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"user_id": "a", "message": "\xff"}',
        b'{"user_id": "a", "message": "\\ud800"}',
        b'{"user_id": "a", "message": 1}',
        b'{"user_id": "a"}',
        b'{"user_id": "a", "message": "x", "role": "system"}',
        b"[" * 100_000,
        b'{"user_id": "a", "message": ' + b"9" * 5000 + b"}",
    ],
)
async def test_a_body_that_is_no_chat_is_a_422_with_a_sentence(body: bytes) -> None:
    async with served(script) as side:
        response = await post(side, body)
        assert_problem(response, 422)
        assert response.json()["errors"]


async def test_what_was_sent_is_not_repeated_in_the_error() -> None:
    async with served(script) as side:
        response = await side.client.post(
            "/api/chat", json={"user_id": "a b", "message": "my secret", "pin": "1234"}
        )
        assert "secret" not in response.text
        assert "1234" not in response.text


async def test_a_form_or_text_is_not_taken_for_json() -> None:
    async with served(script) as side:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            response = await side.client.post(
                "/api/chat",
                content=b'{"user_id": "a", "message": "x"}',
                headers={"Content-Type": kind},
            )
            assert_problem(response, 422)
        assert side.bot.inbound == []


async def test_unknown_addresses_and_methods_are_problems_too() -> None:
    async with served(script) as side:
        assert_problem(await side.client.get("/nothing"), 404)
        assert_problem(await side.client.get("/api/chat/"), 404)
        response = await side.client.put("/api/chat")
        assert_problem(response, 405)
        assert response.headers["allow"] == "POST"
        assert (await side.client.post("/docs")).headers["allow"]


async def test_a_body_over_1_mib_is_refused_by_its_length_unread() -> None:
    async with served(script) as side:
        reader, writer = await asyncio.open_connection("127.0.0.1", side.port)
        head = f"POST /api/chat HTTP/1.1\r\nHost: localhost:{side.port}\r\n"
        writer.write(f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 5)  # not one byte of body was sent
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"application/problem+json" in answer
        writer.close()


async def test_who_sends_a_body_over_1_mib_is_told_so_and_not_cut_off() -> None:
    async with served(script) as side:
        for _ in range(10):
            body = b"x" * (7 * LARGEST_BODY)
            assert_problem(await side.client.post("/api/chat", content=body, headers=JSON), 413)
        assert side.bot.inbound == []


async def test_a_body_over_1_mib_without_a_length_is_refused_while_it_comes() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"user_id": "a", "message": "'
        for _ in range(20):
            yield b"x" * 65536

    async with served(script) as side:
        response = await side.client.post("/api/chat", content=chunks(), headers=JSON)
        assert_problem(response, 413)
        assert side.bot.inbound == []


async def test_a_body_of_just_1_mib_is_read() -> None:
    async with served(script) as side:
        body = json.dumps({"user_id": "a", "message": "x"}).encode()
        response = await post(side, body + b" " * (LARGEST_BODY - len(body)))
        assert response.status_code == 200


async def test_before_the_bot_serves_a_message_is_a_503() -> None:
    async with served(script) as side:
        await side.stop_taking()
        response = await side.say()
        assert_problem(response, 503)
        assert response.headers["retry-after"]
