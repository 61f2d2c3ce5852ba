"""A real bot as a process of its own, people who use it over HTTP, and somebody who kills it.

What a response said is noted as a fact; at the end every fact must still be true.
"""

import asyncio
import csv
import io
import random
import signal
from collections import Counter
from pathlib import Path

import httpx

from tests.faults.client import People
from tests.faults.lives import Home, approve_everything
from tests.faults.process import Process, free_port

HEADER = "session_id,user_id,platform,thread_id,created_at,last_activity,pending_approval,metadata"


async def person(name: str, url: str, home: Home, done: asyncio.Event) -> None:
    """Talk, ask for actions and approve them, until told to stop."""
    chance = random.Random(name)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        people = People(client, home.facts)
        while not done.is_set():
            try:
                await _chat(people, name, chance)
            except httpx.TransportError:
                await asyncio.sleep(0.05)  # it was killed; what was not confirmed is no fact


async def _chat(people: People, name: str, chance: random.Random) -> None:
    token = f"{name}-{chance.getrandbits(48):012x}"
    what = chance.choice(["hello", "peek", "jot", "pay", "pay"])
    told = await people.say(name, f"{what} {token}")
    if not told.approval:
        return
    if chance.random() < 0.3:
        await people.say(name, f"and {token}")  # it is held
    await people.approve(told.approval)


def check_csv(path: Path) -> int:
    """Read sessions.csv as anybody would, right after a kill; give its rows."""
    if not path.exists():
        return 0
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == HEADER
    assert text.endswith("\n")
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {8}
    ids = [row[0] for row in rows[1:]]
    assert len(ids) == len(set(ids)), "a session stands twice in the file"
    return len(ids)


async def check_everything(home: Home) -> Counter[str]:
    """Open what is there, let it come to rest, and compare it with what people were told."""
    async with home.next_life() as house:
        await home.check(house)
        await approve_everything(house.bot)
        ended = await home.check(house)
        for name, (session_id, thread_id) in home.facts.sessions.items():
            session = await house.bot.sessions.get(session_id)
            assert session is not None, f"the session of {name} is lost"
            assert session.thread_id == thread_id
    assert ended["parked"] + ended["held"] == 0
    return Counter(
        {
            "messages acknowledged": len(home.facts.acknowledged),
            "answered": ended["answered"],
            "rejected": ended["rejected"],
            "dead": ended["dead"],
            "answers seen and compared": len(home.facts.answers),
            "approvals decided": len(home.facts.decided),
            "actions run": ended["actions"],
            "sessions": len(home.facts.sessions),
        }
    )


async def kill_at_random(path: Path, kills: int, people: int, seed: int) -> Counter[str]:
    """Kill a busy bot so many times, and check everything after the last life."""
    chance = random.Random(seed)
    home = Home(path, safe_tools="time,note,notes,peek,jot")
    process = Process(
        path, free_port(), "tests.faults.program", home.settings | {"EFFECTS": str(home.effects)}
    )
    done = asyncio.Event()
    names = [f"s{seed}p{number}" for number in range(people)]
    busy = [asyncio.create_task(person(name, process.url, home, done)) for name in names]
    try:
        for _ in range(kills):
            await process.start()
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            await process.end(signal.SIGKILL)
            check_csv(path / "sessions.csv")
        await process.start()
        await asyncio.sleep(0.5)
        done.set()
        await asyncio.gather(*busy)
        assert await process.end(signal.SIGTERM) == 0
        assert not (path / "sessions.csv.journal").exists(), "a clean stop leaves no journal"
        assert check_csv(path / "sessions.csv") >= len(home.facts.sessions)
        return await check_everything(home) + Counter({"kills": kills})
    finally:
        done.set()
        for task in busy:
            task.cancel()
        if process.running is not None and process.running.returncode is None:
            await process.end(signal.SIGKILL)
