"""What comes of running the agent: text as it is written, then an answer or open requests."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from adapters.contract import TextDelta
from bot.agent.requests import Request


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn has ended with this answer. `stopped` says that the person ended it."""

    message_id: str
    text: str
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """The turn waits for decisions: all interrupts that are open now."""

    requests: tuple[Request, ...]


Event = TextDelta | Finished | Parked

Watch = Callable[[AsyncIterator[Event]], AsyncIterator[Event]]
"""Sees what comes of each run of the agent, and passes it on."""


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What a thread holds, as it is on disk.

    `last_human_id` is that of the text that was put to the agent last; `finished` is the last
    answer if nothing is open and every call is answered.
    """

    exists: bool
    last_human_id: str
    human_ids: frozenset[str]
    requests: tuple[Request, ...]
    finished: Finished | None


async def only(event: Event) -> AsyncIterator[Event]:
    """Give one event alone, as a run that had nothing more to do."""
    yield event
