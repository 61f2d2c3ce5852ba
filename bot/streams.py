"""The stream between a turn that says something and whoever shows it."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from adapters.contract import Answer, ApprovalRequest, Reply, TextDelta

SPOKEN = (TextDelta, Answer, ApprovalRequest)
"""What stands in a chat in the order in which it was said."""


class Sink(Protocol):
    """Where a turn puts what it has to say. Putting never waits."""

    def put(self, reply: Reply, row: str = "") -> None:
        """Say one thing; `row` is the id of the bot's message that it shows, if it is stored."""
        ...


class ReplyStream:
    """Replies on their way to one reader; `shows` is the id of the message that they answer.

    `rows` are the stored messages among them.

    It stays small however slow the reader is: pieces of text that wait are joined, and nothing
    else comes in numbers. When the reader has left, what is put is dropped, and the turn goes on;
    `missed` is called for each stored message that nobody read, and `speaks` when something is
    put that takes its place among what is said in a chat.
    """

    def __init__(self, shows: str = "", missed: Callable[[], None] = lambda: None) -> None:
        self.shows = shows
        self.rows: set[str] = set()
        self._waiting: deque[tuple[Reply, str]] = deque()
        self._news = asyncio.Event()
        self._closed = False
        self._left = False
        self._missed = missed
        self.speaks: Callable[[], None] = lambda: None

    def put(self, reply: Reply, row: str = "") -> None:
        """Say one thing to the reader, if there still is one."""
        if row:
            self.rows.add(row)
        if self._left:
            if row:
                self._missed()
            return
        if isinstance(reply, SPOKEN):
            self.speaks()
        last = self._waiting[-1][0] if self._waiting else None
        if isinstance(reply, TextDelta) and isinstance(last, TextDelta):
            self._waiting[-1] = (TextDelta(last.text + reply.text), "")
        else:
            self._waiting.append((reply, row))
        self._news.set()

    @property
    def has_spoken(self) -> bool:
        """Say whether something waits that takes its place among what is said in a chat."""
        return any(isinstance(reply, SPOKEN) for reply, _ in self._waiting)

    def close(self) -> None:
        """Say that nothing more comes."""
        self._closed = True
        self._news.set()

    def leave(self) -> None:
        """Stop reading: the turn finishes without a listener."""
        self._left = True
        if any(row for _, row in self._waiting):
            self._missed()
        self._waiting.clear()

    async def next(self) -> tuple[Reply, str] | None:
        """Wait for the next reply and the row that it shows; None at the end."""
        while not self._waiting:
            if self._closed:
                return None
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Both:
    """Says everything in two places: where it was asked, and where it was decided.

    What is stored belongs to the first: whether it was shown there does not hide it in the other.
    """

    def __init__(self, one: Sink, other: Sink) -> None:
        self._one = one
        self._other = other

    def put(self, reply: Reply, row: str = "") -> None:
        """Say one thing to both."""
        self._one.put(reply, row)
        self._other.put(reply)


class Nowhere:
    """Drops what is said: where nobody can be reached, or a listener was lost in a crash."""

    def put(self, reply: Reply, row: str = "") -> None:
        """Drop it."""
