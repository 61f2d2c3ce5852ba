"""People who use a bot over HTTP, and what they were told as facts that must stay true."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Facts:
    """What people were told.

    `acknowledged` are the ids of messages that the bot said it has, `decided` approvals whose
    decision it confirmed, `tokens` what was asked for in each, `answers` what was said.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What was said to one message: its events, each with its name and data."""

    events: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def approval(self) -> str:
        """The id of the approval that it waits for; empty if none."""
        found = [data["id"] for name, data in self.events if name == "approval_request"]
        for name, data in self.events:
            if name == "held":
                found += [approval["id"] for approval in data["approvals"]]
        return str(found[0]) if found else ""


@dataclass(frozen=True)
class People:
    """Everybody who speaks to one bot."""

    client: httpx.AsyncClient
    facts: Facts

    async def say(self, person: str, text: str) -> Told:
        """Say something, and listen to the end or to the death of the bot.

        While the bot starts it says that one has to come again.
        """
        told = await self._say_once(person, text)
        while told is None:
            await asyncio.sleep(0.01)
            told = await self._say_once(person, text)
        return told

    async def _say_once(self, person: str, text: str) -> Told | None:
        body = {"user_id": person, "message": text}
        headers = {"Accept": "text/event-stream"}
        events: list[tuple[str, dict[str, Any]]] = []
        async with self.client.stream("POST", "/api/chat", json=body, headers=headers) as response:
            if response.status_code == 503:
                return None
            assert response.status_code == 200, await response.aread()
            name = ""
            async for line in response.aiter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    data = json.loads(value)
                    events.append((name, data))
                    self._note(person, text, name, data)
        return Told(tuple(events))

    def _note(self, person: str, text: str, name: str, data: dict[str, Any]) -> None:
        facts = self.facts
        if name == "accepted":
            facts.acknowledged[data["message_id"]] = person
            if not text.startswith("/"):
                facts.sessions[person] = (data["session_id"], data["thread_id"])
        elif name == "answer":
            facts.answers[data["message_id"]] = data["text"]
        elif name == "approval_request":
            facts.tokens[data["id"]] = str(data["actions"][0]["arguments"]["what"])

    async def approve(self, approval_id: str, **more: str) -> int:
        """Approve something, and note that it counts."""
        body = {"decision": "approve", **more}
        response = await self.client.post(f"/api/approvals/{approval_id}", json=body)
        if response.status_code in {200, 202, 409}:
            self.facts.decided.add(approval_id)
        return response.status_code
