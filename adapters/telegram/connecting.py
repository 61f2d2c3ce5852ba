"""Making a client of the Bot API, and telling Telegram what this bot is."""

from collections.abc import Sequence

import structlog
from telegram import BotCommand, User
from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from adapters.contract import Command
from adapters.telegram.polling import WANTED, UpdatesRequest
from adapters.telegram.webhook import Webhook
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

CONNECTIONS = 64
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
LONGEST_DESCRIPTION = 256


def make_bot(token: str, api_url: str) -> tuple[Telegram, UpdatesRequest]:
    """Make a client. It reads certificates, so call it in a thread.

    The rate limiter keeps to thirty messages a second in all; each chat has its `Budget`.
    """
    updates = UpdatesRequest(
        connection_pool_size=1, connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS
    )
    request = HTTPXRequest(
        connection_pool_size=CONNECTIONS,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        pool_timeout=ANSWER_SECONDS,
    )
    address = api_url.rstrip("/")
    bot: Telegram = ExtBot(
        token,
        base_url=f"{address}/bot",
        base_file_url=f"{address}/file/bot",
        request=request,
        get_updates_request=updates,
        rate_limiter=AIORateLimiter(group_max_rate=0),  # type: ignore[arg-type] # its arguments go unused
    )
    return bot, updates


async def introduce(bot: Telegram, commands: Sequence[Command], webhook: Webhook | None) -> User:
    """Find out who the bot is, choose polling or webhook, and list the commands.

    Raises:
        InvalidToken: there is no such bot.
        TelegramError: Telegram cannot be reached, or does not want this.
    """
    await bot.initialize()
    if webhook is None:
        await bot.delete_webhook()  # never what waits: it is answered
    else:
        await bot.set_webhook(webhook.url, secret_token=webhook.secret, allowed_updates=WANTED)
    listed = [BotCommand(each.name, each.summary[:LONGEST_DESCRIPTION]) for each in commands]
    try:
        await bot.set_my_commands(listed)
    except TelegramError as error:
        log.warning("Telegram did not take the list of commands", error=error.message)
    return bot.bot
