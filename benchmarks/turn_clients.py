"""Clients that do nothing but ask: HTTP by hand over connections that stay open, to be quick."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

TURNS_OF_A_PERSON = 10
TEXT = "How is everything?"


class Connection:
    """One connection to a server on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: object) -> Any:
        """Post JSON and give what comes back, which must be a success."""
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        sent = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(sent)}\r\n\r\n".encode() + sent)
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        if headers.get("transfer-encoding") == "chunked":
            got = await self._chunks(self._reader)
        else:
            got = await self._reader.readexactly(int(headers["content-length"]))
        if " 200 " not in first:
            raise SystemExit(f"{path}: {first} {got[:300]!r}")
        return json.loads(got)

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        got = b""
        while size := int(await reader.readline(), 16):
            got += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return got

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class Chat:
    """A person who chats: ten turns, then it is somebody else."""

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self._turns = 0
        self._person = ""

    async def turn(self) -> None:
        if self._turns % TURNS_OF_A_PERSON == 0:
            self._person = uuid4().hex
        self._turns += 1
        body = {"user_id": self._person, "message": TEXT}
        said = await self._connection.post("/api/chat", body)
        if not said["reply"].startswith("Everything is fine"):
            raise SystemExit(f"That is no answer: {said}")

    def close(self) -> None:
        self._connection.close()


class Threads:
    """The same through the API of `langgraph dev`."""

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self._turns = 0
        self._thread = ""

    async def turn(self) -> None:
        if self._turns % TURNS_OF_A_PERSON == 0:
            self._thread = (await self._connection.post("/threads", {}))["thread_id"]
        self._turns += 1
        said = {"messages": [{"role": "user", "content": TEXT}]}
        body = {"assistant_id": "agent", "input": said}
        state = await self._connection.post(f"/threads/{self._thread}/runs/wait", body)
        if not state["messages"][-1]["content"].startswith("Everything is fine"):
            raise SystemExit(f"That is no answer: {state}")

    def close(self) -> None:
        self._connection.close()


async def ask(make: Callable[[], Chat | Threads], clients: int, seconds: float) -> list[float]:
    """Let so many clients ask for so long; give the seconds of each turn."""
    loop = asyncio.get_running_loop()
    everybody = [make() for _ in range(clients)]

    async def until(end: float, took: list[float], turn: Callable[[], Awaitable[None]]) -> None:
        while (begin := loop.time()) < end:
            await turn()
            took.append(loop.time() - begin)

    async def all_of(end: float) -> list[float]:
        took: list[float] = []
        await asyncio.gather(*(until(end, took, each.turn) for each in everybody))
        return took

    await all_of(loop.time() + 1)  # to warm up
    took = await all_of(loop.time() + seconds)
    for each in everybody:
        each.close()
    return took
