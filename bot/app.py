"""The composition root: the one place that reads the settings and names concrete classes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from fastapi import FastAPI

from adapters.api import ApiAdapter
from bot.agent.graph import Limits as TurnLimits
from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions, open_agent
from bot.approvals import Approvals
from bot.bot import Bot
from bot.deciders import Deciders
from bot.decisions import Decisions
from bot.errors import StartError
from bot.health import Check, Part
from bot.lanes import Lanes
from bot.limits import LimitOptions, Limits
from bot.outbox import DeliveryOptions, Outbox
from bot.recovery import recover
from bot.reminders import Reminding
from bot.sweeper import sweep_sessions, sweeping
from bot.turns import Turns
from bot.web.options import ApiKey, WebOptions
from bot.web.server import create_app, serving
from bot.web.serving import Served
from config.settings import (
    AgentSettings,
    ApprovalSettings,
    LimitSettings,
    ServerSettings,
    Settings,
)
from sessions.approval_records import ApprovalRecords
from sessions.conversations import Conversations
from sessions.csv_store import CsvStore
from sessions.database import Database, DatabaseError
from sessions.ledger import Ledger
from sessions.manager import SessionManager
from sessions.people import People
from sessions.reminders import Reminders
from sessions.store import SessionStoreError
from sessions.usage import Usage

CONTROL_SOCKET = "control.sock"


@dataclass(frozen=True)
class Running:
    """A bot that serves its platforms."""

    bot: Bot
    served: Served


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_bot(settings: Settings) -> AsyncIterator[Bot]:
    """Open the files and the agent. The bot handles what it is given, and nothing else runs.

    At the end, turns that have begun may finish.

    Raises:
        StartError: with a sentence that says what to do.
    """
    data = settings.sessions.data_dir
    async with AsyncExitStack() as stack:
        try:
            # The session file first: who owns it owns the data beside it.
            csv = CsvStore.open(settings.sessions.sessions_csv_path, clock=now)
            store = await stack.enter_async_context(csv)
            opened = Database.open(data / "conversations.db")
            database = await stack.enter_async_context(opened)
        except (SessionStoreError, DatabaseError) as error:
            raise StartError(str(error)) from error
        conversations = Conversations(database, clock=now)
        lanes = Lanes(most_waiting=settings.sessions.max_waiting_messages)
        outbox = Outbox(
            conversations, DeliveryOptions(settings.sessions.delivery_attempts), clock=now
        )
        people = People(database)
        reminding = Reminding(Reminders(database), conversations, outbox, people, clock=now)
        ledger = Ledger(database)
        limits = Limits(_limits(settings.limits), people, Usage(database), clock=now)
        stack.push_async_callback(limits.close)
        ttl = timedelta(minutes=settings.sessions.session_ttl_minutes)
        sessions = SessionManager(store, ttl=ttl, clock=now)
        runner = await stack.enter_async_context(
            open_agent(
                _agent_options(settings.agent),
                data_dir=data,
                ledger=ledger,
                send=outbox.send,
                spend=limits.spend,
                remind=reminding.remind,
                clock=now,
            )
        )
        if not settings.agent.agent:  # a graph of one's own may ask about what is no tool
            _check_approvers(settings.approvals, runner.tools)
        approvals = Approvals(
            ApprovalRecords(database),
            sessions,
            _deciders(settings.approvals, settings.server),
            check=runner.check,
            ttl=timedelta(minutes=settings.approvals.approval_ttl_minutes),
            clock=now,
            ended=conversations.news.tell,
        )
        turns = Turns(
            sessions=sessions,
            conversations=conversations,
            approvals=approvals,
            ledger=ledger,
            runner=runner,
            lanes=lanes,
            outbox=outbox,
            people=people,
            limits=limits,
            groups=settings.sessions.group_sessions,
            clock=now,
        )
        stack.push_async_callback(outbox.close)
        stack.push_async_callback(turns.lanes.drain, settings.server.shutdown_grace_seconds)
        decisions = Decisions(turns, approvals, clock=now)
        checks = (_checking(store), _checking_database(database))
        yield Bot(settings.agent.bot_name, turns, decisions, reminding, checks, now)


@asynccontextmanager
async def operating(settings: Settings) -> AsyncIterator[FastAPI]:
    """Open the bot for one command of its operator: all routes, no platform, no periodic job."""
    async with open_bot(settings) as bot:
        api = _api(settings)
        bot.turns.outbox.connect(api)
        async with api.serve(bot.handle, bot.commands):
            options = await asyncio.to_thread(web_options, settings)
            yield create_app(bot, api, options, operator=True)


@asynccontextmanager
async def serve_bot(settings: Settings) -> AsyncIterator[Running]:
    """Open the bot, go on with what was unfinished, and serve every platform.

    What ends first at a stop is the intake, then the turns, then the server, then the files.

    Raises:
        StartError: with a sentence that says what to do.
    """
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings))
        api = _api(settings)
        bot.turns.outbox.connect(api)
        options = await asyncio.to_thread(web_options, settings)
        served = await stack.enter_async_context(serving(bot, api, options))
        stack.push_async_callback(bot.turns.lanes.drain, settings.server.shutdown_grace_seconds)
        await recover(bot)
        await sweep_sessions(bot.turns)
        every = timedelta(minutes=settings.sessions.sweep_interval_minutes)
        jobs = sweeping(bot.turns, bot.decisions, bot.reminding, every)
        await stack.enter_async_context(jobs)
        await stack.enter_async_context(api.serve(bot.handle, bot.commands))
        yield Running(bot, served)


def web_options(settings: Settings) -> WebOptions:
    """Say where HTTP listens and whom it lets in."""
    server = settings.server
    keys = tuple(
        ApiKey(key.name, key.role, key.secret.get_secret_value()) for key in server.api_keys
    )
    return WebOptions(
        host=server.host,
        port=server.port,
        keys=keys,
        allowed_hosts=server.allowed_hosts,
        control_socket=settings.sessions.data_dir / CONTROL_SOCKET,
        version=version("threadline"),
    )


def _api(settings: Settings) -> ApiAdapter:
    return ApiAdapter(
        wait_seconds=settings.server.chat_wait_seconds,
        max_message_chars=settings.limits.max_message_chars,
    )


def _limits(limits: LimitSettings) -> LimitOptions:
    return LimitOptions(
        messages_per_minute=limits.messages_per_minute,
        tokens_per_day=limits.tokens_per_day,
        concurrent_turns=limits.max_concurrent_turns,
        turn_seconds=limits.turn_timeout_seconds,
        message_chars=limits.max_message_chars,
    )


def _agent_options(agent: AgentSettings) -> AgentOptions:
    return AgentOptions(
        model=ModelOptions(
            model=agent.model,
            fallback=agent.model_fallback,
            base_url=agent.model_base_url,
            timeout_seconds=agent.model_timeout_seconds,
            retries=agent.model_retries,
        ),
        limits=TurnLimits(
            history_max_chars=agent.history_max_chars,
            model_calls=agent.max_model_calls,
            tool_calls=agent.max_tool_calls,
        ),
        bot_name=agent.bot_name,
        system_prompt=agent.system_prompt,
        tools=agent.tools,
        safe_tools=agent.safe_tools,
        agent=agent.agent,
        ungated=agent.agent_ungated,
        tool_timeout_seconds=agent.tool_timeout_seconds,
    )


def _check_approvers(approvals: ApprovalSettings, tools: frozenset[str]) -> None:
    unknown = sorted(approvals.approvers.keys() - tools - {"*"})
    if unknown:
        raise StartError(
            f"APPROVERS names no tool that exists: {', '.join(unknown)}. "
            f"The tools are: {', '.join(sorted(tools))}."
        )


def _deciders(approvals: ApprovalSettings, server: ServerSettings) -> Deciders:
    """Admins are those who are named, and the API keys with that role."""
    keys = {f"api:{key.name}" for key in server.api_keys if key.role == "admin"}
    return Deciders(approvals.approvers, frozenset(approvals.admins) | keys)


def _checking(store: CsvStore) -> Check:
    async def check() -> Part:
        report = store.report()
        trouble = report.refusing or report.trouble
        edited = ", ".join(path.name for path in report.edited_files)
        if edited:
            edited = (
                f" Somebody edited it; apply it with: sessions apply {edited}, or move it away."
            )
        text = trouble or f"{report.sessions} sessions in {report.path.name}."
        return Part("sessions", ok=not trouble, text=text + edited)

    return check


def _checking_database(database: Database) -> Check:
    async def check() -> Part:
        try:
            await database.check()
        except DatabaseError as error:
            return Part("conversations", ok=False, text=str(error))
        return Part("conversations", ok=True, text="The database can be written.")

    return check
