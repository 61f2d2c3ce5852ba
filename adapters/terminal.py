"""A chat in the terminal: lines in, replies out."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import assert_never
from uuid import uuid4

from adapters.contract import (
    Accepted,
    Action,
    Address,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Command,
    Failure,
    Handler,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    Replies,
    Reply,
    TextDelta,
)


class TerminalAdapter:
    """One person at a terminal. `lines` gives what they type, `write` shows text as it is."""

    name = "terminal"
    pushes = False
    problem = ""

    def __init__(
        self, me: Address, lines: AsyncIterator[str], write: Callable[[str], None]
    ) -> None:
        self._me = me
        self._lines = lines
        self._write = write

    @asynccontextmanager
    async def serve(
        self,
        handle: Handler,
        commands: Sequence[Command],  # noqa: ARG002 - /help lists them
    ) -> AsyncIterator[None]:
        """Chat until the lines end; only then the body of the ``with`` runs."""
        async for line in self._lines:
            if not line.strip():
                continue
            message = IncomingMessage(self._me, line.strip(), str(uuid4()), datetime.now(UTC))
            async with handle(message) as replies:
                await self.deliver(self._me, replies)
        yield

    async def deliver(self, to: Address, replies: Replies) -> None:  # noqa: ARG002 - there is one chat
        """Write replies to the terminal; an answer that was streamed already is not repeated."""
        preview = ""
        async for reply in replies:
            if isinstance(reply, TextDelta):
                preview += reply.text
                self._write(reply.text)
                continue
            if preview and not (isinstance(reply, Answer) and reply.text == preview):
                self._write("\n")
            text = _text(reply)
            if isinstance(reply, Answer) and reply.text == preview:
                text = ""
            preview = ""
            if text or isinstance(reply, Answer):
                self._write(f"{text}\n")
            if isinstance(reply, Answer):
                for number, file in enumerate(reply.attachments, 1):
                    address = f"/api/messages/{reply.message_id}/files/{number}"
                    self._write(f"[A file comes with it: {file.name}. HTTP gives it: {address}]\n")


def _text(reply: Reply) -> str:
    match reply:
        case Accepted():
            return ""
        case TextDelta(text) | Answer(text=text) | Notice(text) | Held(text=text):
            return text
        case ApprovalSettled(text=text, ending=ending):
            return "" if ending else text  # the answer has said it
        case Refused(text=text):
            return text
        case ApprovalRequest(approval_id, actions, expires_at, decider):
            shown = "\n".join(map(_action, actions))
            if decider != "requester":
                who = "Two different admins have to" if decider == "two" else "Only an admin may"
                shown += f"\n│ {who} decide this. /cancel withdraws it."
            until = f"{expires_at.astimezone():%H:%M}"
            return (
                f"┌ This asks first (until {until}):\n{shown}\n"
                f"└ /approve {approval_id}, /reject {approval_id} why, or /edit {approval_id} {{…}}"
            )
        case Failure(message, reference):
            return f"{message} (reference {reference})"
        case _:
            assert_never(reply)


def _action(action: Action) -> str:
    arguments = "".join(f"\n│   {name}: {value}" for name, value in action.arguments.items())
    return f"│ {action.name}{arguments or f': {action.description}'}"
