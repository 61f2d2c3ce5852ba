"""A stand-in for an OpenAI-compatible server, over a real socket, as strict as the real ones."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """A tool call as a model writes it; `arguments` is JSON, or what it took for JSON."""

    name: str
    arguments: str
    id: str = "call_1"


@dataclass(frozen=True)
class Reply:
    """What the server sends for one request, and how that ends.

    `seconds` is how long it thinks first, `usage` what it says that it read and wrote.
    With `after` it sends its pieces, and the end when that is set.
    `silent` closes after the last piece as if all were said, `broken` in the middle of a piece,
    and `waiting` sends nothing more and keeps the connection open.
    """

    words: Sequence[str] = ()
    calls: Sequence[Call] = ()
    finish: str = ""
    ending: Literal["whole", "silent", "broken", "waiting"] = "whole"
    status: int = 200
    seconds: float = 0
    usage: tuple[int, int] | None = None
    after: asyncio.Event | None = None


@dataclass
class Provider:
    """The server: `script` is what it says next, `requests` what it was sent.

    `most_at_once` is how many requests it worked on at the same time.
    """

    script: list[Reply] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most_at_once: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length:")[2].split()[0])
        asked = json.loads(await reader.readexactly(size))
        self.requests.append(asked)
        reply = Reply(status=400) if not _is_whole(asked["messages"]) else self.script.pop(0)
        self.at_work += 1
        self.most_at_once = max(self.most_at_once, self.at_work)
        try:
            await asyncio.sleep(reply.seconds)
            await self._send(reply, writer)
        finally:
            self.at_work -= 1
            writer.close()

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if reply.status != 200:
            body = json.dumps({"error": {"message": "sk-secret is no key", "code": reply.status}})
            head = f"HTTP/1.1 {reply.status} No\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Connection: close\r\n")
        if reply.ending == "broken":
            writer.write(b"Content-Length: 100000\r\n")
        writer.write(b"\r\n")
        for word in reply.words:
            writer.write(_piece({"role": "assistant", "content": word}))
            await writer.drain()
        for index, call in enumerate(reply.calls):
            function = {"name": call.name, "arguments": call.arguments}
            made = {"index": index, "id": call.id, "type": "function", "function": function}
            writer.write(_piece({"role": "assistant", "tool_calls": [made]}))
        if reply.after is not None:
            self.waiting.set()
            await reply.after.wait()
        if reply.ending == "waiting":
            await writer.drain()
            self.waiting.set()
            await asyncio.Event().wait()
        if reply.ending == "whole":
            finish = reply.finish or ("tool_calls" if reply.calls else "stop")
            writer.write(_piece({}, finish) + _used(reply.usage) + b"data: [DONE]\n\n")
        await writer.drain()


@asynccontextmanager
async def open_provider(*script: Reply) -> AsyncIterator[Provider]:
    """Listen on loopback; what still waits at the end is dropped."""
    provider = Provider(list(script))
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(provider.serve(reader, writer))
        tasks.add(task)
        await asyncio.gather(task, return_exceptions=True)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield provider
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _piece(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode()


def _used(usage: tuple[int, int] | None) -> bytes:
    if usage is None:
        return b""
    read, wrote = usage
    counts = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(chunk | {'choices': [], 'usage': counts})}\n\n".encode()


def _is_whole(messages: Sequence[dict[str, Any]]) -> bool:
    """Say whether each call is answered right behind it, and each answer has a call."""
    expected: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in expected:
                return False
            expected.remove(message["tool_call_id"])
            continue
        if expected:
            return False
        for call in message.get("tool_calls") or ():
            json.loads(call["function"]["arguments"])
            expected.append(call["id"])
    return not expected
