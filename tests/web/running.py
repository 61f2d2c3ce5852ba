"""A real bot with the offline model, served on loopback with its control socket."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from adapters.api import ApiAdapter
from bot.agent.context import TurnContext
from bot.agent.opening import AgentOptions, open_agent
from bot.approvals import Approvals
from bot.bot import Bot
from bot.deciders import Decider, Deciders
from bot.decisions import Decisions
from bot.health import Part
from bot.lanes import Lanes
from bot.outbox import Outbox
from bot.turns import Turns
from bot.web.options import WebOptions
from bot.web.server import serving
from sessions.approval_records import ApprovalRecords
from sessions.conversations import Conversations
from sessions.database import Database
from sessions.ledger import Ledger
from sessions.manager import SessionManager
from sessions.memory_store import MemoryStore


@dataclass(frozen=True)
class Running:
    """A served bot as its clients meet it."""

    bot: Bot
    client: httpx.AsyncClient
    url: str
    control: Path

    async def say(self, text: str, user_id: str = "test_123", **headers: str) -> httpx.Response:
        body = {"user_id": user_id, "message": text}
        return await self.client.post("/api/chat", json=body, headers=headers)


def _now() -> datetime:
    return datetime.now(UTC)


async def _fine() -> Part:
    return Part("everything", ok=True, text="All is well.")


@asynccontextmanager
async def composed_bot(
    data: Path, *, approvers: dict[str, Decider] | None = None, admins: frozenset[str] = frozenset()
) -> AsyncIterator[tuple[Bot, Outbox]]:
    """Put a bot together from its parts."""

    async def send(turn: TurnContext, to: str, text: str) -> str:
        return f"Sent to {to}: {text} ({turn.message_id})"

    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(data / "conversations.db"))
        conversations = Conversations(database, clock=_now)
        ledger = Ledger(database)
        sessions = SessionManager(MemoryStore(), ttl=timedelta(hours=1), clock=_now)
        runner = await stack.enter_async_context(
            open_agent(
                AgentOptions(),
                data_dir=data,
                ledger=ledger,
                send=send,
                clock=_now,
            )
        )
        outbox = Outbox(conversations, clock=_now)
        approvals = Approvals(
            ApprovalRecords(database),
            sessions,
            Deciders(approvers or {}, admins),
            check=runner.check,
            ttl=timedelta(hours=1),
            clock=_now,
        )
        turns = Turns(
            sessions=sessions,
            conversations=conversations,
            approvals=approvals,
            ledger=ledger,
            runner=runner,
            lanes=Lanes(most_waiting=10),
            outbox=outbox,
            groups="person",
            clock=_now,
        )
        decisions = Decisions(turns, approvals, clock=_now)
        yield Bot("Threadline", turns, decisions, (_fine,), _now), outbox


@asynccontextmanager
async def running(
    data: Path,
    options: WebOptions | None = None,
    *,
    approvers: dict[str, Decider] | None = None,
    admins: frozenset[str] = frozenset(),
) -> AsyncIterator[Running]:
    """Serve a real bot on a free port of loopback."""
    control = data / "control.sock"
    chosen = options or WebOptions(port=0, control_socket=control, version="1.2.3", stop_seconds=1)
    async with AsyncExitStack() as stack:
        bot, outbox = await stack.enter_async_context(
            composed_bot(data, approvers=approvers, admins=admins)
        )
        api = ApiAdapter()
        outbox.connect(api)
        await stack.enter_async_context(api.serve(bot.handle, bot.commands))
        served = await stack.enter_async_context(serving(bot, api, chosen))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=served.url, timeout=30))
        yield Running(bot, client, served.url, control)
