"""A platform inside the process: for tests, and the one to read first.

A person is a name; their direct chat has the same name. `say` and `tap` are what a person does,
`screen` is what they see: cards are replaced where they stand, as on a real platform.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from adapters.contract import (
    Accepted,
    Address,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Approve,
    Command,
    Decision,
    Failure,
    Handler,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    Reply,
    TextDelta,
    Verdict,
)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryAdapter:
    """The platform named ``memory``, or as it is told."""

    def __init__(self, name: str = "memory", *, clock: Callable[[], datetime] = _now) -> None:
        self.name = name
        self.commands: tuple[Command, ...] = ()
        self._clock = clock
        self._handle: Handler | None = None
        self._screens: defaultdict[tuple[str, str], list[Reply]] = defaultdict(list)

    @asynccontextmanager
    async def serve(self, handle: Handler, commands: Sequence[Command]) -> AsyncIterator[None]:
        """Let people chat for as long as the ``with`` lasts."""
        self._handle, self.commands = handle, tuple(commands)
        try:
            yield
        finally:
            self._handle = None

    async def deliver(self, to: Address, replies: AsyncIterator[Reply]) -> None:
        """Show replies on the screen of a chat."""
        screen = self._screens[to.chat_id, to.topic_id]
        async for reply in replies:
            _show(reply, screen)

    def address(self, person: str, chat: str = "", topic: str = "") -> Address:
        """Give the address of a person, in their direct chat or in the named one."""
        return Address(self.name, chat or person, person, topic)

    async def say(
        self, person: str, text: str, *, chat: str = "", topic: str = "", message_id: str = ""
    ) -> tuple[Reply, ...]:
        """Send a text as a person and wait for the end of what is said to it."""
        return await self._send(
            IncomingMessage(
                sender=self.address(person, chat, topic),
                text=text,
                message_id=message_id or str(uuid4()),
                sent_at=self._clock(),
                sender_name=person.title(),
            )
        )

    async def tap(
        self, person: str, approval_id: str, *verdicts: Verdict, chat: str = ""
    ) -> tuple[Reply, ...]:
        """Decide about a card as a person: Approve, unless verdicts are given."""
        return await self._send(
            Decision(
                sender=self.address(person, chat),
                approval_id=approval_id,
                verdicts=verdicts or (Approve(),),
                decided_at=self._clock(),
                sender_name=person.title(),
            )
        )

    def screen(self, chat: str, topic: str = "") -> tuple[Reply, ...]:
        """Give what stands on the screen of a chat, oldest first."""
        return tuple(self._screens[chat, topic])

    async def _send(self, inbound: IncomingMessage | Decision) -> tuple[Reply, ...]:
        if self._handle is None:
            raise RuntimeError("nobody serves this platform")
        read: list[Reply] = []

        async def noting(replies: AsyncIterator[Reply]) -> AsyncIterator[Reply]:
            async for reply in replies:
                read.append(reply)
                yield reply

        async with self._handle(inbound) as replies:
            await self.deliver(inbound.sender, noting(replies))
        return tuple(read)


def _show(reply: Reply, screen: list[Reply]) -> None:
    """Put a reply where a person would look for it."""
    match reply:
        case Accepted():
            return
        case TextDelta(text):
            preview = screen[-1] if screen else None
            if isinstance(preview, TextDelta):
                screen[-1] = TextDelta(preview.text + text)
            else:
                screen.append(reply)
        case Answer():
            if screen and isinstance(screen[-1], TextDelta):
                screen.pop()
            screen.append(reply)
        case ApprovalRequest() | ApprovalSettled():
            for place, card in enumerate(screen):
                if isinstance(card, ApprovalRequest) and card.approval_id == reply.approval_id:
                    screen[place] = reply
                    return
            screen.append(reply)
        case Notice() | Held() | Refused() | Failure():
            screen.append(reply)
