"""Which parts of the bot work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bot; `text` says in a sentence what is wrong, or how it is."""

    name: str
    ok: bool
    text: str


Check = Callable[[], Awaitable[Part]]
