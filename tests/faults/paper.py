"""A platform that shows on paper: what it has sent is a line of a file, and outlives a crash."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from adapters.contract import Address, Answer, Command, Handler, IncomingMessage, Replies

LONGEST = 40


class Paper:
    """The platform named ``paper``; it can push, and no message is longer than 40 characters."""

    name = "paper"
    pushes = True
    problem = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: Handler | None = None

    @asynccontextmanager
    async def serve(self, handle: Handler, commands: Sequence[Command]) -> AsyncIterator[None]:
        """Let people write for as long as the ``with`` lasts."""
        self._handle = handle
        yield

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Print the answers, in parts; a part that is known to be printed is not printed again."""
        async for reply in replies:
            if not isinstance(reply, Answer):
                continue
            pieces = [reply.text[i : i + LONGEST] for i in range(0, len(reply.text), LONGEST)]
            for number, piece in enumerate(pieces[len(reply.parts) :]):
                await self.send(
                    {"answer": reply.message_id, "text": piece, "again": reply.again and not number}
                )
                await replies.shown(uuid4().hex)

    async def send(self, line: dict[str, object]) -> None:
        """Print one part."""
        await asyncio.to_thread(_append, self._path, json.dumps(line).encode() + b"\n")

    async def say(self, message: IncomingMessage) -> None:
        """Hand over what somebody wrote, and print what is said to it."""
        assert self._handle is not None
        async with self._handle(message) as replies:
            await self.deliver(message.sender, replies)


def _append(path: Path, line: bytes) -> None:
    paper = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(paper, line)
    finally:
        os.close(paper)


def printed(path: Path) -> list[dict[str, object]]:
    """Give what stands on the paper."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
