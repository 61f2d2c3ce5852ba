"""Who asks too much over HTTP gets a status, a sentence, and the time after which it will work."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.running import Side, running

STREAM = {"accept": "text/event-stream"}
BOTH = pytest.mark.parametrize("headers", [{}, STREAM])


def problem(response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()


async def mail(side: Side) -> list[str]:
    response = await side.client.get("/api/messages?user_id=test_123")
    return [item["text"] for item in response.json()["items"]]


@BOTH
async def test_who_writes_too_fast_gets_429_and_when_it_will_work(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with running(tmp_path, MESSAGES_PER_MINUTE="2") as side:
        for _ in range(2):
            assert (await side.say("hello")).status_code == 200
        no = await side.say("hello", **headers)
        assert "2 messages a minute" in problem(no, 429)["detail"]
        assert 1 <= int(no.headers["retry-after"]) <= 30
        assert (await mail(side))[-1] == no.json()["detail"]
        assert (await side.say("/status")).status_code == 200
        assert (await side.say("hello", "somebody.else")).status_code == 200


@BOTH
async def test_who_has_used_up_the_day_gets_429_until_midnight(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with running(tmp_path, TOKENS_PER_DAY="20") as side:
        assert (await side.say("hello")).status_code == 200
        no = await side.say("hello", **headers)
        assert "00:00 UTC" in problem(no, 429)["detail"]
        now = datetime.now(UTC)
        left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
        assert abs(int(no.headers["retry-after"]) - left) < 60
        assert "of 20 tokens" in (await side.say("/usage")).json()["reply"]


@BOTH
async def test_a_message_that_is_too_long_for_the_bot_is_422(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """The route of `running` takes more than this bot does."""
    async with running(tmp_path, MAX_MESSAGE_CHARS="10") as side:
        no = await side.say("0123456789!", **headers)
        assert "11 characters" in problem(no, 422)["detail"]
        assert "retry-after" not in no.headers


async def test_a_blocked_person_gets_403_each_time(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        people = side.bot.turns.people
        await people.block("api:test_123", by="api:operator", at=datetime.now(UTC))
        for _ in range(2):
            assert "do not answer" in problem(await side.say("hello"), 403)["detail"]
        await people.unblock("api:test_123")
        assert (await side.say("hello")).json()["state"] == "answered"
