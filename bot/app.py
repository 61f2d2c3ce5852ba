"""The composition root: the one place that reads the settings and names concrete classes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic as ticks

from fastapi import FastAPI

from adapters.platform import CannotServe
from bot.agent.context import TurnContext
from bot.agent.opening import open_agent
from bot.alarms import Alarms
from bot.approvals import Approvals
from bot.board import Board
from bot.bot import Bot
from bot.care import Stores, every_day, open_care
from bot.checks import (
    checking_conversations,
    checking_disk,
    checking_jobs,
    checking_outbox,
    checking_sessions,
    checking_threads,
)
from bot.commands import said
from bot.decisions import Decisions
from bot.errors import StartError
from bot.lanes import Lanes
from bot.leftovers import Leftovers
from bot.library import Library
from bot.limits import Limits
from bot.metrics import Metrics
from bot.office import Office
from bot.outbox import DeliveryOptions, Outbox
from bot.plain_values import (
    admin_chats,
    agent_options,
    api_adapter,
    archives,
    backup_setup,
    care_options,
    check_approvers,
    deciders,
    limit_options,
    retention,
    shared_chat,
    web_options,
)
from bot.platforms import chat_platforms, checking_platform
from bot.recovery import recover, take_up
from bot.reminders import Reminding
from bot.sweeper import Jobs, make_scheduler, sweep_sessions, sweeping
from bot.turns import Turns
from bot.vault import open_vault, prepare
from bot.web.server import create_app, serving
from bot.web.serving import Served
from config.settings import Settings
from sessions.approval_records import ApprovalRecords
from sessions.archive import ArchiveError
from sessions.backup import BackupSetup
from sessions.conversations import Conversations
from sessions.copies import Copies
from sessions.csv_store import CsvStore
from sessions.database import Database, DatabaseError
from sessions.files import File
from sessions.forgotten import Forgotten, read_keys
from sessions.ledger import Ledger
from sessions.manager import SessionManager
from sessions.people import People
from sessions.reminders import Reminders
from sessions.search import Search
from sessions.shelf import Shelf
from sessions.statistics import Statistics
from sessions.store import SessionStoreError
from sessions.usage import Usage


@dataclass(frozen=True)
class Running:
    """A bot that serves its platforms."""

    bot: Bot
    served: Served


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


async def _open_records(
    stack: AsyncExitStack, settings: Settings, setup: BackupSetup, metrics: Metrics
) -> tuple[CsvStore, Database]:
    data, csv_path = settings.sessions.data_dir, settings.sessions.sessions_csv_path
    try:
        await prepare(setup, clock=now)
        # The session file first: who owns it owns the data beside it.
        csv = CsvStore.open(csv_path, clock=now, batches=metrics.journal_batch)
        store = await stack.enter_async_context(csv)
        opened = Database.open(data / "conversations.db", batches=metrics.transaction_batch)
        return store, await stack.enter_async_context(opened)
    except (SessionStoreError, DatabaseError, ArchiveError) as error:
        raise StartError(str(error)) from error


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
        setup = await asyncio.to_thread(backup_setup, settings)
        store, database = await _open_records(stack, settings, setup, metrics)
        conversations = Conversations(database, clock=now)
        # Before the turns: what has begun with words must find it open until it ends.
        search = await stack.enter_async_context(
            Search.open(data / "search.db", database, said=said)
        )
        leftovers = Leftovers()
        most_waiting = settings.sessions.max_waiting_messages
        lanes = Lanes(most_waiting=most_waiting, failed=leftovers.note)
        alarms = Alarms(admin_chats(settings.logs), clock=now)
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
        limits = Limits(
            limit_options(settings.limits), people, Usage(database), clock=now, ticks=ticks
        )
        stack.push_async_callback(limits.close)

        def spend(turn: TurnContext, tokens: int) -> None:
            limits.spend(turn, tokens)
            metrics.spent(tokens)

        async def send_file(turn: TurnContext, ordinal: str, file: File) -> None:
            await conversations.files.send_out(turn.message_id, ordinal, file)

        ttl = timedelta(minutes=settings.sessions.session_ttl_minutes)
        sessions = SessionManager(store, ttl=ttl, clock=now)
        runner = await stack.enter_async_context(
            open_agent(
                agent_options(settings.agent),
                data_dir=data,
                ledger=ledger,
                send=outbox.send,
                spend=spend,
                remind=reminding.remind,
                load_file=conversations.files.get,
                send_file=send_file,
                zone_of=people.zone_of,
                clock=now,
            )
        )
        if not settings.agent.agent:  # a graph of one's own may ask about what is no tool
            check_approvers(settings.approvals, runner.tools)
        records = ApprovalRecords(database, decided=metrics.decided)
        approvals = Approvals(
            records,
            sessions,
            deciders(settings.approvals, settings.server),
            check=runner.check,
            zone_of=people.clock_of,
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
            board=Board(
                records,
                conversations.cards,
                outbox,
                lanes,
                chat=shared_chat(settings.approvals.approval_chat),
                zone_of=people.clock_of,
                clock=now,
            ),
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
            checking_disk((data, settings.sessions.sessions_csv_path.parent)),
        )
        keys = await asyncio.to_thread(read_keys, data / "forgotten.key")
        forgotten, copies = Forgotten(database, keys), Copies(database, said, clock=now)
        kept = archives(settings.backups, settings.data)
        library = Library(search, Shelf(database), forgotten, copies, kept)
        office = Office(metrics, Statistics(database), database, lanes, store.report)
        name = settings.agent.bot_name
        opening = open_vault(setup, store, database, runner, clock=now)
        vault = await stack.enter_async_context(opening)
        care = open_care(
            turns,
            Stores(store, database, data),
            alarms,
            retention(settings.data),
            library,
            most_chars=settings.agent.history_max_chars,
            backup=vault.back_up,
            clock=now,
        )
        await asyncio.to_thread(care.migrating.diary.clear)
        yield Bot(
            name, turns, decisions, reminding, checks, alarms, office, care, vault, library, now
        )


@asynccontextmanager
async def operating(settings: Settings) -> AsyncIterator[FastAPI]:
    """Open the bot for one command of its operator: all routes, no platform, no periodic job."""
    async with open_bot(settings) as bot:
        api = api_adapter(settings)
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
        api = api_adapter(settings)
        bot.turns.outbox.connect(api)
        platforms, hooks = await chat_platforms(settings, bot)
        for platform in platforms:
            bot.turns.outbox.connect(platform)
        bot = replace(bot, checks=(*bot.checks, *map(checking_platform, platforms)))
        bot.alarms.note_unreached()
        options = await asyncio.to_thread(web_options, settings)
        options = replace(options, hooks=tuple(hooks))
        served = await stack.enter_async_context(serving(bot, api, options))
        stack.push_async_callback(bot.turns.lanes.drain, settings.server.shutdown_grace_seconds)
        await recover(bot)
        await sweep_sessions(bot.turns)
        bot.vault.every_night(scheduler, settings.backups.backup_at)
        every_day(scheduler, bot.care, care_options(settings.data))
        every = timedelta(minutes=settings.sessions.sweep_interval_minutes)
        going_on = partial(take_up, bot)
        jobs = Jobs(
            bot.turns,
            bot.decisions,
            bot.reminding,
            bot.library.search,
            every,
            bot.look_around,
            going_on,
        )
        await stack.enter_async_context(sweeping(scheduler, jobs))
        await stack.enter_async_context(api.serve(bot.handle, bot.commands))
        for platform in platforms:
            try:
                await stack.enter_async_context(platform.serve(bot.handle, bot.commands))
            except CannotServe as error:
                raise StartError(str(error)) from None
        yield Running(bot, served)
