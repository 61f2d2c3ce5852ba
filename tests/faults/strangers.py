"""People who use one bot over HTTP: each has a mark in all their words, and looks for others'."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

MARK = re.compile(r"mark\d{5}x")
COMMANDS = ("/new", "/history", "/resume 1", "/undo", "/retry", "/clear", "/approvals", "/status")
PATIENCE = 2000
LATER = 503
CUT_OFF = "Its outcome is unknown, and it was not started again."


@dataclass
class Known:
    """The ids of messages and approvals of the people of one key."""

    messages: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)


@dataclass
class Stranger:
    """One person, who speaks through the key of `client`; people of other keys share the name.

    `said` are the texts that they said, each under an Idempotency-Key that others use as well.
    """

    name: str
    mark: str
    client: httpx.AsyncClient
    own: Known
    foreign: Known
    chance: random.Random
    counted: Counter[str]
    said: dict[str, str] = field(default_factory=dict)

    async def live(self, steps: int) -> None:
        """Do so many things, one after another or two at once; who is cut off begins again."""
        while steps > 0:
            at_once = self.chance.choice((1, 1, 2))
            await asyncio.gather(*(self._do_something() for _ in range(at_once)))
            steps -= at_once

    async def say_again(self) -> None:
        """Ask for the answer to everything that was said, and read the mailbox to its end."""
        for key in self.said:
            await self._until_done(lambda key=key: self._say(key))  # type: ignore[misc] # bound now
        after: int | None = 0
        while after is not None:
            try:
                after = (await self._page(after)).json()["next"]
            except httpx.TransportError:  # the server has closed a connection that was idle
                self.counted["cut off"] += 1

    async def _do_something(self) -> None:
        doing: tuple[Callable[[], Awaitable[bool]], ...]
        doing = (self._stream, self._command, self._decide, self._read, self._listen, self._pry)
        if self.chance.random() < 0.4:
            key = f"key-{len(self.said)}"
            self.said[key] = self._text()
            await self._until_done(lambda: self._say(key))
        else:
            await self._until_done(self.chance.choice(doing))
        self.counted["things done"] += 1

    async def _until_done(self, doing: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(PATIENCE):
            try:
                if await doing():
                    return
            except httpx.TransportError:
                self.counted["cut off"] += 1
            await asyncio.sleep(self.chance.uniform(0.02, 0.1))
        raise AssertionError(f"{self.name} was never answered")

    def _text(self) -> str:
        verb = self.chance.choice(("Heard", "peek", "pay", "pay"))
        return f"{verb} {self.mark} {self.chance.getrandbits(40):x}"

    async def _say(self, key: str) -> bool:
        response = await self._post(self.said[key], {"Idempotency-Key": key})
        if response.status_code == LATER:
            return False
        assert response.status_code in {200, 202, 409, 429}, response.text
        if response.status_code in {200, 202}:
            body = response.json()
            self.own.messages.append(body["message_id"])
            self.own.approvals += [each["id"] for each in body["approvals"]]
            said = body["reply"]
            if body["state"] == "answered" and said:  # else its words were taken back
                assert self.mark in said or CUT_OFF in said, body
                self.counted["answers"] += 1
        return True

    async def _post(self, text: str, headers: dict[str, str]) -> httpx.Response:
        body = {"user_id": self.name, "message": text}
        response = await self.client.post("/api/chat", json=body, headers=headers)
        self._hears(response.text)
        return response

    async def _stream(self) -> bool:
        """Listen to an answer as it is written; some leave in the middle."""
        body = {"user_id": self.name, "message": self._text()}
        return await self._hear_events("POST", "/api/chat", json=body)

    async def _listen(self) -> bool:
        """Listen to the mailbox for a moment."""
        query = {"user_id": self.name, "after": 0}
        return await self._hear_events("GET", "/api/messages", params=query)

    async def _hear_events(self, method: str, path: str, **request: Any) -> bool:
        lines = self.chance.choice((1, 3, 6, 30 if method == "POST" else 6))
        headers = {"Accept": "text/event-stream"}
        stream = self.client.stream(method, path, headers=headers, **request)
        async with stream as response:
            try:
                async with asyncio.timeout(0.5):
                    async for line in response.aiter_lines():
                        self._hears(line)
                        lines -= 1
                        if not lines:
                            break
            except TimeoutError:
                pass  # nothing more is in the mailbox
        return response.status_code != LATER

    async def _command(self) -> bool:
        response = await self._post(self.chance.choice(COMMANDS), {})
        return response.status_code != LATER

    async def _decide(self) -> bool:
        if not self.own.approvals:
            return True
        which = self.chance.choice(self.own.approvals)  # a key decides as the one who asked
        response = await self.client.post(f"/api/approvals/{which}", json={"decision": "approve"})
        return response.status_code != LATER

    async def _pry(self) -> bool:
        """Ask for what belongs to people of another key: there is none."""
        paths = [f"/api/messages/{each}" for each in self.foreign.messages[-3:]]
        paths += [f"/api/approvals/{each}" for each in self.foreign.approvals[-3:]]
        for path in paths:
            response = await self.client.get(path)
            assert response.status_code == 404, response.text
        if self.foreign.approvals:
            path = f"/api/approvals/{self.chance.choice(self.foreign.approvals)}"
            response = await self.client.post(path, json={"decision": "approve"})
            assert response.status_code == 404, response.text
            self.counted["tried to pry"] += 1
        return True

    async def _read(self) -> bool:
        return (await self._page(0)).status_code == 200

    async def _page(self, after: int) -> httpx.Response:
        query: dict[str, Any] = {"user_id": self.name, "after": after, "limit": 20}
        response = await self.client.get("/api/messages", params=query)
        self._hears(response.text)
        if response.status_code == 200:
            numbers = [item["number"] for item in response.json()["items"]]
            assert numbers == sorted(set(numbers))
            assert all(number > after for number in numbers)
        return response

    def _hears(self, words: str) -> None:
        """Look at every byte that this person is told."""
        found = MARK.findall(words)
        assert set(found) <= {self.mark}, f"{self.name} is told of others: {words}"
        self.counted["own marks heard"] += len(found)
