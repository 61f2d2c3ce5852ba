"""A platform: what it does for the bot, and what the bot does for it beside handling messages."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from adapters.contract import Address, ApprovalRequest, Command, Handler, Refused, Replies


class Adapter(Protocol):
    """A platform."""

    @property
    def name(self) -> str:
        """The `platform` of its addresses."""
        ...

    @property
    def pushes(self) -> bool:
        """Whether it can show what nobody waits for; else it is kept until somebody asks."""
        ...

    @property
    def problem(self) -> str:
        """Why people cannot be reached there at the moment, as a sentence; empty if they can."""
        ...

    def serve(
        self, handle: Handler, commands: Sequence[Command]
    ) -> AbstractAsyncContextManager[None]:
        """Take in what people send for as long as the ``with`` lasts.

        A platform that cannot be reached yet is a `problem`, and is tried again meanwhile.

        Raises:
            CannotServe: what only the operator can mend, such as a wrong token.
        """
        ...

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Show the replies in that chat, to their end.

        Raises:
            DeliveryFailed: the platform did not take them.
        """
        ...


@dataclass
class DeliveryFailed(Exception):
    """A platform did not take a reply.

    `retry_after` is in seconds, if the platform says it. With `final` trying again is useless.
    """

    reason: str
    retry_after: float | None = None
    final: bool = False


class CannotServe(Exception):
    """A platform cannot be served as it is set up; the text says what is wrong and what to do."""


class Reception(Protocol):
    """What the bot does for one platform beside handling what arrives. All of it is durable."""

    async def turned_away(self, sender: Address, *, server: str = "") -> str | None:
        """Say why this person may not speak here; None lets them in.

        It is empty where they were told before: then nothing is to be said. `server` is the
        guild, where a platform has such.
        """
        ...

    async def set_aside(self, update_id: str, content: str, reason: str) -> None:
        """Keep something that arrived and cannot be handled; the operator is told."""
        ...

    async def keep(self, update_id: str, content: str) -> None:
        """Keep something that arrived and waits for the rest of it, until it is released."""
        ...

    async def kept(self) -> Sequence[str]:
        """Give what is kept, in the order in which it came."""
        ...

    async def release(self, update_id: str) -> None:
        """Keep something no more: it was handled."""
        ...

    async def moved(self, chat_id: str, new_chat_id: str) -> None:
        """Let all that belongs to a shared chat belong to the one that it has become."""
        ...

    async def marks(self) -> Mapping[str, str]:
        """Give the id of a message for each known chat: up to there everything is stored."""
        ...

    async def mark(self, chat_id: str, message_id: str) -> None:
        """Note that what was said in a chat is stored up to this message; never moves back."""
        ...

    async def asked(self, approval_id: str) -> ApprovalRequest | None:
        """Give an open approval as its card shows it: a form needs all of its arguments."""
        ...

    async def refused(self, approval_id: str, by: Address) -> Refused | None:
        """Say why this person cannot decide about an approval at the moment; None if they can."""
        ...

    async def taken(self, chat_id: str, message_ids: Sequence[str]) -> Collection[str]:
        """Say which of these messages are stored already, by themselves or as pieces of one."""
        ...
