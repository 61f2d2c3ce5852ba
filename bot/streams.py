"""The stream between a turn that writes replies and whoever reads them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from adapters.contract import Reply, TextDelta


class Replies(Protocol):
    """Where a turn puts what it has to say. Putting never waits."""

    def put(self, reply: Reply) -> None:
        """Say one thing."""
        ...


class ReplyStream:
    """Replies on their way to one reader.

    It stays small however slow the reader is: pieces of text that wait are joined, and nothing
    else comes in numbers. When the reader has left, what is put is dropped, and the turn goes on.
    """

    def __init__(self) -> None:
        self._waiting: deque[Reply] = deque()
        self._news = asyncio.Event()
        self._closed = False
        self._left = False
        self.read_to_end = False

    def put(self, reply: Reply) -> None:
        """Say one thing to the reader, if there still is one."""
        if self._left:
            return
        last = self._waiting[-1] if self._waiting else None
        if isinstance(reply, TextDelta) and isinstance(last, TextDelta):
            self._waiting[-1] = TextDelta(last.text + reply.text)
        else:
            self._waiting.append(reply)
        self._news.set()

    def close(self) -> None:
        """Say that nothing more comes."""
        self._closed = True
        self._news.set()

    def leave(self) -> None:
        """Stop reading: the turn finishes without a listener."""
        self._left = True
        self._waiting.clear()

    def __aiter__(self) -> AsyncIterator[Reply]:
        return self

    async def __anext__(self) -> Reply:
        while not self._waiting:
            if self._closed:
                self.read_to_end = True
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Both:
    """Says everything in two places: where it was decided, and where it was asked."""

    def __init__(self, one: Replies, other: Replies) -> None:
        self._one = one
        self._other = other

    def put(self, reply: Reply) -> None:
        """Say one thing to both."""
        self._one.put(reply)
        self._other.put(reply)


class Nowhere:
    """Drops what is said: for a turn whose listener was lost in a crash."""

    def put(self, reply: Reply) -> None:
        """Drop it."""
