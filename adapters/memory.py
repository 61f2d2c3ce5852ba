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
    Attachment,
    Command,
    Decision,
    Failure,
    Handler,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    Replies,
    Reply,
    TextDelta,
    Verdict,
)

AGAIN = "(This may come twice.) "

Screen = dict[str, Reply]
"""What stands in a chat, by the id that the platform gave it, oldest first."""


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryAdapter:
    """The platform named ``memory``, or as it is told; no message is longer than `longest`."""

    pushes = True
    problem = ""

    def __init__(
        self,
        name: str = "memory",
        *,
        longest: int = 4000,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.name = name
        self.commands: tuple[Command, ...] = ()
        self._longest = longest
        self._clock = clock
        self._handle: Handler | None = None
        self._screens: defaultdict[tuple[str, str], Screen] = defaultdict(dict)

    @asynccontextmanager
    async def serve(self, handle: Handler, commands: Sequence[Command]) -> AsyncIterator[None]:
        """Let people chat for as long as the ``with`` lasts."""
        self._handle, self.commands = handle, tuple(commands)
        try:
            yield
        finally:
            self._handle = None

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Show replies on the screen of a chat."""
        screen = self._screens[to.chat_id, to.topic_id]
        preview = ""
        async for reply in replies:
            match reply:
                case Accepted():
                    continue
                case TextDelta(text):
                    if preview:
                        screen[preview] = TextDelta(f"{_text(screen[preview])}{text}")
                    else:
                        preview = await self._send(screen, reply, replies)
                    continue
                case Answer():
                    parts = reply.parts or ((preview,) if preview else ())
                    await self._answer(screen, reply, parts, replies)
                case ApprovalRequest() | ApprovalSettled():
                    _card(screen, reply)
                case Notice() | Held() | Refused() | Failure():
                    screen[str(uuid4())] = reply
            preview = ""

    async def _answer(
        self, screen: Screen, answer: Answer, parts: tuple[str, ...], replies: Replies
    ) -> None:
        """Show an answer in pieces: those that stand there are edited, the others are sent."""
        warning = AGAIN if answer.again else ""
        text = answer.text
        for start in range(0, len(text), self._longest):
            piece = text[start : start + self._longest]
            number = start // self._longest
            if number < len(parts) and parts[number] in screen:
                screen[parts[number]] = Answer(answer.message_id, piece)
            else:
                await self._send(screen, Answer(answer.message_id, warning + piece), replies)
                warning = ""
        texts = len(range(0, len(text), self._longest))
        for file in answer.attachments[max(0, len(parts) - texts) :]:
            shown = Answer(answer.message_id, f"{warning}[{file.name}]", attachments=(file,))
            await self._send(screen, shown, replies)

    async def _send(self, screen: Screen, reply: Reply, replies: Replies) -> str:
        part = str(uuid4())
        screen[part] = reply
        await replies.shown(part)
        return part

    def address(self, person: str, chat: str = "", topic: str = "") -> Address:
        """Give the address of a person, in their direct chat or in the named one."""
        return Address(self.name, chat or person, person, topic)

    async def say(
        self,
        person: str,
        text: str,
        *,
        chat: str = "",
        topic: str = "",
        message_id: str = "",
        attachments: tuple[Attachment, ...] = (),
        pieces: tuple[str, ...] = (),
    ) -> tuple[Reply, ...]:
        """Send a text and files as a person and wait for the end of what is said to it."""
        return await self._hand_over(
            IncomingMessage(
                sender=self.address(person, chat, topic),
                text=text,
                message_id=message_id or str(uuid4()),
                sent_at=self._clock(),
                sender_name=person.title(),
                attachments=attachments,
                pieces=pieces,
            )
        )

    async def tap(
        self, person: str, approval_id: str, *verdicts: Verdict, chat: str = ""
    ) -> tuple[Reply, ...]:
        """Decide about a card as a person: Approve, unless verdicts are given."""
        return await self._hand_over(
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
        return tuple(self._screens[chat, topic].values())

    async def _hand_over(self, inbound: IncomingMessage | Decision) -> tuple[Reply, ...]:
        if self._handle is None:
            raise RuntimeError("nobody serves this platform")
        async with self._handle(inbound) as replies:
            listening = _Listening(replies)
            await self.deliver(inbound.sender, listening)
        return tuple(listening.heard)


class _Listening:
    """Replies that are noted as they are read, for whoever wants to know them."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self.heard: list[Reply] = []

    def __aiter__(self) -> "_Listening":
        return self

    async def __anext__(self) -> Reply:
        reply = await anext(self._replies)
        self.heard.append(reply)
        return reply

    async def shown(self, part: str, of: str = "") -> None:
        await self._replies.shown(part, of)


def _text(reply: Reply) -> str:
    return reply.text if isinstance(reply, TextDelta) else ""


def _card(screen: Screen, reply: ApprovalRequest | ApprovalSettled) -> None:
    """Put a card where it stands already, or below everything."""
    for part, card in screen.items():
        if not isinstance(card, ApprovalRequest | ApprovalSettled):
            continue
        if card.approval_id == reply.approval_id:
            screen[part] = reply
            return
    screen[str(uuid4())] = reply
