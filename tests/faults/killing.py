"""A real bot as a process of its own, people who use it over HTTP, and somebody who kills it.

What a response said is noted as a fact; at the end every fact must still be true.
"""

import asyncio
import csv
import io
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.process import Process, free_port

HEADER = "session_id,user_id,platform,thread_id,created_at,last_activity,pending_approval,metadata"


@dataclass
class Facts:
    """What people were told."""

    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)


async def person(name: str, url: str, facts: Facts, done: asyncio.Event) -> None:
    """Ask for actions and approve them, until told to stop; note what was confirmed."""
    number = 0
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        while not done.is_set():
            number += 1
            token = f"{name}-{number}-{random.getrandbits(32):08x}"
            try:
                await _ask_and_approve(client, name, token, facts)
            except (httpx.TransportError, KeyError):
                await asyncio.sleep(0.05)  # it was killed; what was not confirmed is no fact


async def _ask_and_approve(client: httpx.AsyncClient, name: str, token: str, facts: Facts) -> None:
    asked = await client.post("/api/chat", json={"user_id": name, "message": f"send {token} to me"})
    if asked.status_code not in {200, 202}:
        await asyncio.sleep(0.05)
        return
    told = asked.json()
    if told["session_id"]:
        facts.sessions[name] = (told["session_id"], told["thread_id"])
    pending = told["pending_approval"]
    if not pending:
        return
    text = str(pending["actions"][0]["arguments"]["text"])
    facts.asked[pending["id"]] = name
    facts.tokens[pending["id"]] = text
    decided = await client.post(f"/api/approvals/{pending['id']}", json={"decision": "approve"})
    if decided.status_code in {200, 202, 409}:
        facts.approved.add(pending["id"])


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


async def check_facts(url: str, facts: Facts) -> Counter[str]:
    """Compare everything that was confirmed with what the bot says now."""
    counted: Counter[str] = Counter()
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for name, (session_id, thread_id) in facts.sessions.items():
            found = await client.get(f"/api/sessions/{session_id}")
            assert found.status_code == 200, f"the session of {name} is lost"
            assert found.json()["thread_id"] == thread_id
            counted["sessions"] += 1
        mail: dict[str, Counter[str]] = {}
        for name in facts.sessions:
            mail[name] = await _mailbox(client, name)
        for approval_id, name in facts.asked.items():
            record = await client.get(f"/api/approvals/{approval_id}")
            assert record.status_code == 200, f"approval {approval_id} is lost"
            counted["approvals asked"] += 1
            if approval_id in facts.approved:
                await _decided(client, approval_id)
                counted["approvals decided"] += 1
            runs = mail[name][facts.tokens[approval_id]]
            assert runs <= 1, f"{facts.tokens[approval_id]} ran {runs} times"
            counted["actions that ran"] += runs
            if approval_id in facts.approved and not runs:
                counted["approved, outcome unknown"] += 1
    return counted


async def _decided(client: httpx.AsyncClient, approval_id: str) -> None:
    for _ in range(200):
        record = (await client.get(f"/api/approvals/{approval_id}")).json()
        if record["ended_at"] is not None:
            assert record["outcome"] == "approved"
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"approval {approval_id} was decided and never ended: {record}")


async def _mailbox(client: httpx.AsyncClient, name: str) -> Counter[str]:
    texts: Counter[str] = Counter()
    after = 0
    while True:
        page = await client.get(
            "/api/messages", params={"user_id": name, "after": after, "limit": 100}
        )
        items = page.json()["items"]
        texts.update(item["text"] for item in items)
        if not items:
            return texts
        after = items[-1]["number"]


async def kill_at_random(home: Path, kills: int, people: int, seed: int) -> Counter[str]:
    """Kill a busy bot so many times, and check everything after the last start."""
    chance = random.Random(seed)
    facts = Facts()
    process = Process(home, free_port())
    done = asyncio.Event()
    busy = [asyncio.create_task(person(f"p{n}", process.url, facts, done)) for n in range(people)]
    try:
        for _ in range(kills):
            await process.start()
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            await process.end(signal.SIGKILL)
            check_csv(home / "sessions.csv")
        await process.start()
        done.set()
        await asyncio.gather(*busy)
        counted = await check_facts(process.url, facts)
        assert await process.end(signal.SIGTERM) == 0
        assert not (home / "sessions.csv.journal").exists(), "a clean stop leaves no journal"
        assert check_csv(home / "sessions.csv") >= len(facts.sessions)
        counted["kills"] = kills
        return counted
    finally:
        done.set()
        for task in busy:
            task.cancel()
        if process.running is not None and process.running.returncode is None:
            await process.end(signal.SIGKILL)
