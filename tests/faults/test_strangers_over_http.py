"""Many people at once over HTTP, while the bot is killed: nobody ever gets a word of another."""

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.agent.clerk import Clerk
from tests.faults.actions import happened
from tests.faults.killing import check_csv
from tests.faults.lives import Home, agree
from tests.faults.process import Process, free_port
from tests.faults.strangers import MARK, Known, Stranger

SECRETS = {"one": "first-secret-of-app-one", "two": "second-secret-of-app-two"}
STEPS = 8


@pytest.fixture(autouse=True)
def _clerk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))


async def interleave(path: Path, people: int, kills: int) -> Counter[str]:
    """Let so many people speak through two keys at random; the bot is killed in between."""
    home, counted = Home(path), Counter[str]()
    keys = ",".join(f"{name}:app:{secret}" for name, secret in SECRETS.items())
    settings = home.settings | {"EFFECTS": str(home.effects), "API_KEYS": keys}
    process = Process(path, free_port(), "tests.faults.program", settings)
    await process.start()
    try:
        async with AsyncExitStack() as stack:
            strangers = await _strangers(stack, process.url, people, counted)
            living = asyncio.gather(*(each.live(STEPS) for each in strangers))
            for number in range(1, kills + 1):
                busy = people * STEPS * number // (kills + 1)
                await _until(partial(_is_due, counted, busy, living))
                await process.end(signal.SIGKILL)
                check_csv(path / "sessions.csv")
                await process.start()
            await living
            await asyncio.gather(*(each.say_again() for each in strangers))
        assert await process.end(signal.SIGTERM) == 0
    finally:
        if process.running is not None and process.running.returncode is None:
            await process.end(signal.SIGKILL)
    for line in await asyncio.to_thread(happened, home.effects):
        assert len(MARK.findall(line)) == 1
    async with home.next_life() as house:
        await agree(house.bot)
    return counted


def _is_due(counted: Counter[str], things: int, living: "asyncio.Future[list[None]]") -> bool:
    return counted["things done"] >= things or living.done()


async def _until(is_due: Callable[[], bool]) -> None:
    while not is_due():  # noqa: ASYNC110 - what many do is counted, and nobody is told of it
        await asyncio.sleep(0.01)


async def _strangers(
    stack: AsyncExitStack, url: str, people: int, counted: Counter[str]
) -> list[Stranger]:
    known = {name: Known() for name in SECRETS}
    strangers = []
    for app, (name, secret) in enumerate(SECRETS.items()):
        client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=120,
            limits=httpx.Limits(max_connections=None),
        )
        await stack.enter_async_context(client)
        (other,) = SECRETS.keys() - {name}
        for number in range(people // 2):
            mark = f"mark{number * 2 + app:05}x"
            chance = random.Random(mark)
            who = f"p{number}"  # the same name through both keys
            strangers.append(
                Stranger(who, mark, client, known[name], known[other], chance, counted)
            )
    return strangers


# httpx leaves a socket open where it was connecting while the bot was killed.
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@UNCLOSED
@pytest.mark.timeout(300)
async def test_fifty_people_and_three_kills_and_nobody_gets_a_word_of_another(
    tmp_path: Path,
) -> None:
    counted = await interleave(tmp_path, people=50, kills=3)
    assert counted["answers"] > 50
    assert counted["own marks heard"] > 500
    assert counted["tried to pry"] > 10
    assert counted["cut off"] > 0


@UNCLOSED
@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_thousand_people_and_ten_kills_and_nobody_gets_a_word_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = await interleave(tmp_path, people=1000, kills=10)
    with capsys.disabled():
        sys.stderr.write(f"{dict(counted)}\n")
