"""The composition root: the one place that reads the settings and names concrete classes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from time import monotonic as ticks

from fastapi import FastAPI

from adapters.api import ApiAdapter
from adapters.contract import Address
from bot.agent.context import TurnContext
from bot.agent.graph import Limits as TurnLimits
from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions, open_agent
from bot.alarms import Alarms
from bot.approvals import Approvals
from bot.bot import Bot
from bot.checks import (
    checking_conversations,
    checking_disk,
    checking_jobs,
    checking_outbox,
    checking_sessions,
    checking_threads,
)
from bot.deciders import Deciders
from bot.decisions import Decisions
from bot.errors import StartError
from bot.lanes import Lanes
from bot.leftovers import Leftovers
from bot.limits import LimitOptions, Limits
from bot.metrics import Metrics
from bot.office import Office
from bot.outbox import DeliveryOptions, Outbox
from bot.recovery import recover, take_up
from bot.reminders import Reminding
from bot.sweeper import Jobs, make_scheduler, sweep_sessions, sweeping
from bot.turns import Turns
from bot.web.options import ApiKey, WebOptions
from bot.web.server import create_app, serving
from bot.web.serving import Served
from config.settings import (
    AgentSettings,
    ApprovalSettings,
    LimitSettings,
    LogSettings,
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
from sessions.statistics import Statistics
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
        metrics = Metrics(clock=now)
        csv_path = settings.sessions.sessions_csv_path
        try:
            # The session file first: who owns it owns the data beside it.
            csv = CsvStore.open(csv_path, clock=now, batches=metrics.journal_batch)
            store = await stack.enter_async_context(csv)
            opened = Database.open(data / "conversations.db", batches=metrics.transaction_batch)
            database = await stack.enter_async_context(opened)
        except (SessionStoreError, DatabaseError) as error:
            raise StartError(str(error)) from error
        conversations = Conversations(database, clock=now)
        leftovers = Leftovers()
        most_waiting = settings.sessions.max_waiting_messages
        lanes = Lanes(most_waiting=most_waiting, failed=leftovers.note)
        alarms = Alarms(_chats(settings.logs), clock=now)
        outbox = Outbox(
            conversations,
            DeliveryOptions(settings.sessions.delivery_attempts),
            clock=now,
            gave_up=alarms.undelivered,
        )
        alarms.connect(outbox)
        people = People(database)
        reminding = Reminding(Reminders(database), conversations, outbox, people, clock=now)
        ledger = Ledger(database)
        limits = Limits(_limits(settings.limits), people, Usage(database), clock=now, ticks=ticks)
        stack.push_async_callback(limits.close)

        def spend(turn: TurnContext, tokens: int) -> None:
            limits.spend(turn, tokens)
            metrics.spent(tokens)

        ttl = timedelta(minutes=settings.sessions.session_ttl_minutes)
        sessions = SessionManager(store, ttl=ttl, clock=now)
        runner = await stack.enter_async_context(
            open_agent(
                _agent_options(settings.agent),
                data_dir=data,
                ledger=ledger,
                send=outbox.send,
                spend=spend,
                remind=reminding.remind,
                clock=now,
            )
        )
        if not settings.agent.agent:  # a graph of one's own may ask about what is no tool
            _check_approvers(settings.approvals, runner.tools)
        approvals = Approvals(
            ApprovalRecords(database, decided=metrics.decided),
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
            leftovers=leftovers,
            outbox=outbox,
            people=people,
            limits=limits,
            groups=settings.sessions.group_sessions,
            watch=metrics.watch,
            clock=now,
        )
        stack.push_async_callback(outbox.close)
        stack.push_async_callback(alarms.close)
        stack.push_async_callback(turns.lanes.drain, settings.server.shutdown_grace_seconds)
        decisions = Decisions(turns, approvals, clock=now)
        checks = (
            checking_sessions(store.report),
            checking_conversations(database),
            checking_threads(runner),
            checking_outbox(database, outbox, now),
            checking_disk((data, csv_path.parent)),
        )
        office = Office(metrics, Statistics(database), database, lanes, store.report)
        yield Bot(settings.agent.bot_name, turns, decisions, reminding, checks, alarms, office, now)


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
        scheduler = make_scheduler(bot.alarms)
        bot = replace(bot, checks=(*bot.checks, checking_jobs(scheduler)))
        api = _api(settings)
        bot.turns.outbox.connect(api)
        bot.alarms.note_unreached()
        options = await asyncio.to_thread(web_options, settings)
        served = await stack.enter_async_context(serving(bot, api, options))
        stack.push_async_callback(bot.turns.lanes.drain, settings.server.shutdown_grace_seconds)
        await recover(bot)
        await sweep_sessions(bot.turns)
        every = timedelta(minutes=settings.sessions.sweep_interval_minutes)
        going_on = partial(take_up, bot)
        jobs = Jobs(bot.turns, bot.decisions, bot.reminding, every, bot.look_around, going_on)
        await stack.enter_async_context(sweeping(scheduler, jobs))
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


def _chats(logs: LogSettings) -> list[Address]:
    """Give the addresses of ADMIN_CHAT."""
    chats = [each.partition(":") for each in logs.admin_chat]
    return [Address(platform, chat, chat) for platform, _, chat in chats]
