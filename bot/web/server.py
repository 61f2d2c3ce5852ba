"""The server: all routes over a running bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from adapters.api import ApiAdapter
from bot.bot import Bot
from bot.web.approvals import approval_routes
from bot.web.conversations import conversation_routes
from bot.web.copies import copy_routes
from bot.web.data_backup import backup_routes
from bot.web.data_cleanup import cleanup_routes
from bot.web.data_integrity import integrity_routes
from bot.web.data_migrate import migrate_routes
from bot.web.data_transfer import export_routes, import_routes
from bot.web.dead_letters import dead_letter_routes
from bot.web.edits import edit_routes
from bot.web.guests import guest_routes
from bot.web.health import health_routes
from bot.web.metrics import metrics_routes
from bot.web.options import WebOptions
from bot.web.own_words import own_words_routes
from bot.web.people import people_routes
from bot.web.person import person_routes
from bot.web.records import BotRecords
from bot.web.search import search_routes
from bot.web.serving import Served, serving_apps
from bot.web.sessions import session_routes
from bot.web.set_aside import set_aside_routes
from bot.web.shell import make_app
from bot.web.statistics import statistics_routes


def create_app(bot: Bot, api: ApiAdapter, options: WebOptions, *, operator: bool) -> FastAPI:
    """Put all routes together. With `operator` every caller is the operator."""
    return make_app(
        api.router(BotRecords(bot)),
        *([edit_routes(bot)] if operator else []),
        session_routes(bot),
        conversation_routes(bot),
        own_words_routes(bot),
        copy_routes(bot),
        person_routes(bot),
        search_routes(bot),
        approval_routes(bot),
        dead_letter_routes(bot),
        set_aside_routes(bot),
        people_routes(bot),
        guest_routes(bot),
        backup_routes(bot, operator=operator),
        integrity_routes(bot),
        cleanup_routes(bot),
        export_routes(bot),
        import_routes(bot, operator=operator),
        migrate_routes(bot, operator=operator),
        statistics_routes(bot),
        metrics_routes(bot),
        health_routes(bot, options.version, lambda: api.takes),
        *([] if operator else [hook.router for hook in options.hooks]),
        options=options,
        operator=operator,
        max_message_chars=api.max_message_chars,
    )


@asynccontextmanager
async def serving(bot: Bot, api: ApiAdapter, options: WebOptions) -> AsyncIterator[Served]:
    """Serve on TCP, and on the control socket if there is to be one.

    Raises:
        StartError: it cannot listen there, or must not without keys.
    """
    async with serving_apps(partial(create_app, bot, api, options), options) as served:
        yield served
