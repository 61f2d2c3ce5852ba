"""The connection: made, kept, and explained where only the operator can mend it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.failures import REFUSED
from adapters.discord.options import DiscordOptions
from adapters.platform import CannotServe

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between attempts to log in."""

START_WITHIN = 15.0
"""Seconds that the start waits for Discord to say whether it takes the bot."""

READY_WITHIN = 2.0
"""Seconds that a stop waits for a connection that has just been made to be complete."""

BAD_TOKEN = 4004
"""Close code of the gateway (developer documentation, "Opcodes and status codes")."""

UNKNOWN_BOT = (
    "Discord does not know DISCORD_BOT_TOKEN. Open https://discord.com/developers/applications,"
    " choose the application, then Bot > Reset Token, and put the new token into .env."
)
MISSING_INTENT = (
    "Discord does not give the bot what people write. Open"
    " https://discord.com/developers/applications, choose the application, then Bot, switch on"
    " Message Content Intent, save, and start the bot again."
)
NOT_REACHED = "Discord is not reached; it is being tried again."
NOT_CONNECTED = "Discord has ended the connection; it is being made again."


class Connection:
    """Whether people can be reached. `problem` says why not, as a sentence.

    With `over` only the operator can mend it, and a new start.
    """

    def __init__(self) -> None:
        self.problem = NOT_REACHED
        self.up = asyncio.Event()
        self.over = False
        self._news = asyncio.Event()

    def stands(self) -> None:
        """Note that Discord listens and speaks."""
        self.problem = ""
        self.up.set()
        self._news.set()

    def lost(self, problem: str) -> None:
        """Note why it does not; the reason of an end for good stays."""
        if not self.over:
            self.problem = problem
        self.up.clear()
        self._news.set()

    async def news(self) -> None:
        """Wait until it is known whether it stands."""
        await self._news.wait()


@asynccontextmanager
async def connected(
    client: discord.Client, options: DiscordOptions, connection: Connection
) -> AsyncIterator[None]:
    """Be connected for as long as the ``with`` lasts, or try to.

    A wrong token, or that the bot may not read what people write, is a problem that ends it.
    """
    with pointed_at(options.api_url, options.gateway_url):
        staying = asyncio.create_task(_stay(client, options.token, connection), name="discord")
        news = asyncio.create_task(connection.news())
        try:
            await asyncio.wait(
                (staying, news), timeout=START_WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
            if staying.done():
                _ended(staying, connection)
            else:
                staying.add_done_callback(lambda done: _ended(done, connection))
            yield
        finally:
            news.cancel()
            if not connection.problem:
                with suppress(TimeoutError):  # the library fails if it is closed before
                    await asyncio.wait_for(client.wait_until_ready(), READY_WITHIN)
            await client.close()
            staying.cancel()
            await asyncio.gather(staying, news, return_exceptions=True)


@contextmanager
def pointed_at(api_url: str, gateway_url: str) -> Iterator[None]:
    """Let the library speak to these addresses; it knows them for the whole process only."""
    api, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api, gateway


async def _stay(client: discord.Client, token: str, connection: Connection) -> None:
    """Log in, however often that has to be tried, and stay connected."""
    await _log_in(client, token, connection)
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired as error:
        raise CannotServe(MISSING_INTENT) from error
    except discord.ConnectionClosed as closed:
        if closed.code == BAD_TOKEN:
            raise CannotServe(UNKNOWN_BOT) from closed
        raise CannotServe(f"Discord has ended the connection for good ({closed.code}).") from closed


async def _log_in(client: discord.Client, token: str, connection: Connection) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            await client.login(token)
            return
        except discord.LoginFailure as error:
            raise CannotServe(UNKNOWN_BOT) from error
        except REFUSED as error:
            log.warning(NOT_REACHED, error=type(error).__name__)
            connection.lost(NOT_REACHED)
            await client.http.close()
            client.http.connector = discord.utils.MISSING  # a new one for the next attempt
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _ended(staying: "asyncio.Task[None]", connection: Connection) -> None:
    """Say why the connection ended for good, if nobody wanted that."""
    if staying.cancelled():
        return
    error = staying.exception()
    if error is not None:
        connection.lost(str(error) if isinstance(error, CannotServe) else NOT_CONNECTED)
        connection.over = True
        log.error("Discord is not served", reason=connection.problem)
