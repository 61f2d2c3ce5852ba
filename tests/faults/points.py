"""The named steps of a turn and of an approval at which a process can be told to die.

Nothing of it is in the product: whoever wants to die wraps the methods that are these steps.
`DIE_AT=message stored/after` dies with SIGKILL behind the first of them, `…/before/2` before the
second.
"""

import importlib
import inspect
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

DIE_AT = "DIE_AT"


@dataclass(frozen=True)
class Point:
    """A step: the method that it is, where it is defined, and the how many-th call is meant."""

    name: str
    method: str
    call: int = 1


TURN = (
    Point("message stored", "sessions.conversations:Conversations.receive"),
    Point("session found", "sessions.manager:SessionManager.arrive"),
    Point("bound", "sessions.conversations:Conversations.bind"),
    Point("agent asked", "bot.agent.runner:Runner.ask"),
    Point("model asked", "tests.agent.clerk:Clerk._astream"),
    Point("checkpoint written", "bot.agent.saver:ThreadSaver.aput"),
    Point("tool run", "bot.agent.ledgered:ToolRuns.run"),
    Point("model asked again", "tests.agent.clerk:Clerk._astream", 2),
    Point("answer stored", "sessions.conversations:Conversations.answer"),
    Point("delivered", "sessions.conversations:Conversations.delivered"),
)
"""A text that needs a tool which may run unasked."""

UNASKED = (Point("step written", "bot.agent.saver:ThreadSaver.aput_writes"), *TURN)
"""A text that needs a tool with effects which may run unasked: each step is written."""

APPROVAL = (
    Point("asked in the table", "sessions.approval_records:ApprovalRecords.ask"),
    Point("asked in the row", "sessions.manager:SessionManager.park"),
    Point("parked", "sessions.conversations:Conversations.mark"),
    Point("claimed", "sessions.approval_records:ApprovalRecords.claim"),
    Point("granted", "sessions.approval_records:ApprovalRecords.grant"),
    Point("begun", "sessions.approval_records:ApprovalRecords.began"),
    Point("resumed", "bot.agent.runner:Runner.resume"),
    Point("ledger begun", "sessions.ledger:Ledger.begin"),
    Point("action", "tests.faults.actions:happens"),
    Point("ledger ended", "sessions.ledger:Ledger.end"),
    Point("closed", "sessions.approval_records:ApprovalRecords.ended"),
    Point("row emptied", "sessions.manager:SessionManager.settle"),
    Point("held text bound", "sessions.conversations:Conversations.bind", 4),
    Point("claimed by a grant", "sessions.approval_records:ApprovalRecords.claim", 2),
    Point("withdrawn", "sessions.approval_records:ApprovalRecords.claim", 3),
    Point("thread closed", "bot.agent.runner:Runner.close"),
)
"""A text that asks, one that is held behind it, the decision, and one that is withdrawn."""

PUSHED = (
    Point("showing", "sessions.conversations:Conversations.showing"),
    Point("shown", "tests.faults.paper:Paper.send"),
    Point("part noted", "sessions.parts:Parts.add"),
    Point("all parts delivered", "sessions.conversations:Conversations.delivered"),
)
"""An answer that is pushed to a chat."""

WHEN = ("before", "after")


def arm() -> None:
    """Make this process die where the environment says."""
    wanted = os.environ.get(DIE_AT, "")
    if not wanted:
        return
    name, when, *rest = wanted.split("/")
    (point,) = [point for point in (*UNASKED, *APPROVAL, *PUSHED) if point.name == name]
    module, _, path = point.method.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, method = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    at = int(rest[0]) if rest else point.call
    setattr(owner, method, _dying(getattr(owner, method), when, at))


class _Death:
    """Counts the calls of a method, and dies around one of them."""

    def __init__(self, method: Callable[..., Any], when: str, at: int) -> None:
        self._method = method
        self._when = when
        self._at = at
        self._calls = 0

    def begins(self) -> bool:
        """Count a call, and say whether to die behind it."""
        self._calls += 1
        is_the_one = self._calls == self._at
        if is_the_one and self._when == "before":
            die()
        return is_the_one

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        is_the_one = self.begins()
        async for each in self._method(*args, **kwargs):
            yield each
        if is_the_one:
            die()

    async def wait(self, *args: Any, **kwargs: Any) -> Any:
        is_the_one = self.begins()
        result = await self._method(*args, **kwargs)
        if is_the_one:
            die()
        return result

    def call(self, *args: Any, **kwargs: Any) -> Any:
        is_the_one = self.begins()
        result = self._method(*args, **kwargs)
        if is_the_one:
            die()
        return result


def die() -> None:
    """End this process as a crash does."""
    os.kill(os.getpid(), signal.SIGKILL)


def _dying(method: Callable[..., Any], when: str, at: int) -> Callable[..., Any]:
    """Give a function in the place of a method, which dies around the call that is meant."""
    death = _Death(method, when, at)
    if inspect.isasyncgenfunction(method):
        return lambda *args, **kwargs: death.stream(*args, **kwargs)  # noqa: PLW0108 - to be bound
    if inspect.iscoroutinefunction(method):
        return lambda *args, **kwargs: death.wait(*args, **kwargs)  # noqa: PLW0108 - to be bound
    return lambda *args, **kwargs: death.call(*args, **kwargs)  # noqa: PLW0108 - to be bound
