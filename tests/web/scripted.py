"""A handler that says what a test wrote down, its records, and a server around both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI

from adapters.api import ApiAdapter, StoredApproval, StoredMessage
from adapters.contract import (
    Action,
    Address,
    ApprovalRequest,
    Attachment,
    Decision,
    IncomingMessage,
    Reply,
)
from adapters.unnoted import Unnoted
from bot.web.options import WebOptions
from bot.web.serving import serving_apps
from bot.web.shell import make_app
from sessions.news import News

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

#: What is said: replies, or an event to wait for before the next one.
Line = Reply | asyncio.Event
Script = Callable[[IncomingMessage | Decision], Sequence[Line]]


def request_for(approval_id: str = "abc123", tool: str = "send_message") -> ApprovalRequest:
    action = Action(tool, {"to": "me", "text": "hi"}, "Send a message", ("approve", "reject"))
    return ApprovalRequest(approval_id, (action,), NOW + timedelta(hours=1))


@dataclass
class ScriptedBot:
    """Says the lines of its script; notes what came in and whether it was heard to the end."""

    script: Script
    inbound: list[IncomingMessage | Decision] = field(default_factory=list)
    heard_to_the_end: list[bool] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def handle(self, inbound: IncomingMessage | Decision) -> AsyncIterator[Unnoted]:
        self.inbound.append(inbound)
        ended = False

        async def replies() -> AsyncIterator[Reply]:
            nonlocal ended
            for line in self.script(inbound):
                if isinstance(line, asyncio.Event):
                    await line.wait()
                else:
                    yield line
            ended = True

        try:
            yield Unnoted(replies())
        finally:
            self.heard_to_the_end.append(ended)
            self.left.set()


@dataclass
class Kept:
    """Records in memory."""

    messages: dict[str, StoredMessage] = field(default_factory=dict)
    approvals: dict[str, StoredApproval] = field(default_factory=dict)
    sessions: dict[Address, tuple[str, str]] = field(default_factory=dict)
    open: dict[str, list[ApprovalRequest]] = field(default_factory=dict)
    news: News = field(default_factory=News)
    fetched_upto: dict[Address, int] = field(default_factory=dict)
    attached: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)

    async def message(self, message_id: str) -> StoredMessage | None:
        return self.messages.get(message_id)

    async def sent(self, sender: Address, platform_message_id: str) -> StoredMessage | None:
        return next((m for m in self.messages.values() if m.owner == sender), None)

    async def fingerprint(self, message_id: str) -> str:
        return ""

    async def files(self, message_id: str) -> Sequence[Attachment]:
        return self.attached.get(message_id, ())

    def changes(self, message_id: str) -> AbstractContextManager[asyncio.Event]:
        return self.news.listening(message_id)

    def mail(self, owner: Address) -> AbstractContextManager[asyncio.Event]:
        return self.news.listening(owner.person)

    async def fetched(self, owner: Address, *, upto: int) -> None:
        self.fetched_upto[owner] = upto

    async def answer_to(self, message_id: str) -> StoredMessage | None:
        return next((m for m in self.messages.values() if m.answers == message_id), None)

    async def mailbox(self, owner: Address, *, after: int, limit: int) -> Sequence[StoredMessage]:
        mine = [m for m in self.messages.values() if m.owner == owner and m.role == "assistant"]
        return [m for m in mine if m.number > after][:limit]

    async def session_of(self, person: Address) -> tuple[str, str] | None:
        return self.sessions.get(person)

    async def approval(self, approval_id: str) -> StoredApproval | None:
        return self.approvals.get(approval_id)

    async def open_approvals(self, session_id: str) -> Sequence[ApprovalRequest]:
        return self.open.get(session_id, ())


@dataclass(frozen=True)
class Side:
    """A served scripted bot as a client meets it."""

    client: httpx.AsyncClient
    bot: ScriptedBot
    kept: Kept
    url: str
    port: int
    taking: AsyncExitStack

    async def stop_taking(self) -> None:
        """Let the platform stop before the server does."""
        await self.taking.aclose()

    async def say(
        self,
        text: str = "Hello",
        user_id: str = "test_123",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        body = {"user_id": user_id, "message": text}
        return await self.client.post("/api/chat", json=body, headers=headers)


@asynccontextmanager
async def served(
    script: Script, options: WebOptions | None = None, *, wait_seconds: float = 20
) -> AsyncIterator[Side]:
    """Serve a scripted bot on a free port of loopback."""
    bot, kept = ScriptedBot(script), Kept()
    api = ApiAdapter(wait_seconds=wait_seconds, max_message_chars=100, clock=lambda: NOW)
    chosen = options or WebOptions(port=0, stop_seconds=1)

    def make(*, operator: bool) -> FastAPI:
        return make_app(api.router(kept), options=chosen, operator=operator, max_message_chars=100)

    async with AsyncExitStack() as stack:
        taking = await stack.enter_async_context(AsyncExitStack())
        await taking.enter_async_context(api.serve(bot.handle, ()))
        place = await stack.enter_async_context(serving_apps(make, chosen))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=place.url))
        yield Side(client, bot, kept, place.url, place.port, taking)
