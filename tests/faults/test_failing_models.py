"""A model that hangs, fails, or stops in the middle, and people who leave while it speaks."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.agent.provider import Provider, Reply, open_provider
from tests.faults.client import People
from tests.faults.lives import Home
from tests.faults.process import Process, process

pytestmark = pytest.mark.timeout(180)  # several processes have to start
WELL = Reply(words=("All ", "is ", "well."))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobody")
    return Home(tmp_path)


@asynccontextmanager
async def asking(
    home: Home, provider: Provider, **settings: str
) -> AsyncIterator[tuple[Process, People]]:
    """Run a bot that asks this server."""
    model = {"MODEL": "openai:m", "MODEL_BASE_URL": provider.url, "MODEL_RETRIES": "0"}
    async with process(home.path, **{**home.settings, **model, **settings}) as (bot, client):
        yield bot, People(client, home.facts)


async def mail(client: httpx.AsyncClient, person: str) -> list[dict[str, Any]]:
    """Wait until there is something in a mailbox, and give it."""
    for _ in range(1000):
        answer = await client.get("/api/messages", params={"user_id": person})
        if items := answer.json()["items"]:
            return list(items)
        await asyncio.sleep(0.01)
    raise AssertionError("nothing came")


@pytest.mark.parametrize(
    "failing",
    [
        Reply(words=("Let me ", "think"), ending="waiting"),
        Reply(ending="waiting"),
        Reply(status=500),
        Reply(status=400),
        Reply(words=("Half a sen",), ending="silent"),
        Reply(words=("Half a sen",), ending="broken"),
        Reply(ending="silent"),
    ],
    ids=["hangs", "never begins", "fails", "refuses", "ends early", "is cut off", "says nothing"],
)
async def test_when_the_model_fails_its_person_is_told_and_the_next_message_is_answered(
    home: Home, failing: Reply
) -> None:
    async with (
        open_provider(failing, WELL) as provider,
        asking(home, provider, MODEL_TIMEOUT_SECONDS="1") as (_, people),
    ):
        told = await people.say("ann", "How are you?")
        kinds = [name for name, _ in told.events]
        assert kinds[-1] == "failure"
        assert "answer" not in kinds
        told = await people.say("ann", "And now?")
        assert [data["text"] for name, data in told.events if name == "answer"] == ["All is well."]
        assert len(provider.requests) == 2
        first, second = await mail(people.client, "ann")
        assert "Half a sen" not in first["text"]
        assert second["text"] == "All is well."
    async with home.next_life() as house:
        assert await home.check(house) == {"rejected": 1, "answered": 1, "actions": 0}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_a_bot_that_is_stopped_while_its_model_hangs_asks_again_after_the_next_start(
    home: Home, how: signal.Signals
) -> None:
    hangs = Reply(words=("Let me ", "think"), ending="waiting")
    async with open_provider(hangs, WELL) as provider:
        async with asking(home, provider, SHUTDOWN_GRACE_SECONDS="0") as (bot, people):
            saying = asyncio.create_task(people.say("ann", "How are you?"))
            hanging = asyncio.create_task(provider.waiting.wait())
            await asyncio.wait({saying, hanging}, return_when=asyncio.FIRST_COMPLETED)
            assert hanging.done(), saying
            assert await bot.end(how) == (-how if how is signal.SIGKILL else 0)
            await asyncio.gather(saying, return_exceptions=True)
        assert (home.path / "sessions.csv.journal").exists() is (how is signal.SIGKILL)
        async with asking(home, provider) as (_, people):
            assert [each["text"] for each in await mail(people.client, "ann")] == ["All is well."]
    async with home.next_life() as house:
        assert await home.check(house) == {"answered": 1, "actions": 0}


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_who_leaves_while_the_model_speaks_finds_the_whole_answer_in_their_mailbox(
    home: Home, accept: str
) -> None:
    has_left = asyncio.Event()
    async with (
        open_provider(Reply(words=("All ", "is ", "well."), after=has_left)) as provider,
        asking(home, provider) as (bot, people),
    ):
        body = {"user_id": "ann", "message": "How are you?"}
        async with httpx.AsyncClient(base_url=bot.url, timeout=40) as leaving:
            chat = leaving.stream("POST", "/api/chat", json=body, headers={"Accept": accept})
            asked = asyncio.create_task(chat.__aenter__())
            await provider.waiting.wait()
            if accept == "text/event-stream":
                async for line in (await asked).aiter_lines():
                    if line == "event: text_delta":
                        break
            else:
                asked.cancel()
        has_left.set()
        assert [each["text"] for each in await mail(people.client, "ann")] == ["All is well."]
        await asyncio.sleep(0.1)
        assert len(await mail(people.client, "ann")) == 1
