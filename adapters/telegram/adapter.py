"""Telegram as a platform."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.contract import Address, Command, Handler, Replies
from adapters.platform import CannotServe, DeliveryFailed, Reception
from adapters.telegram.addressing import Addressing
from adapters.telegram.arrivals import PLATFORM, Arrivals
from adapters.telegram.budget import Budget
from adapters.telegram.connecting import introduce, make_bot
from adapters.telegram.handing import Handing
from adapters.telegram.intake import Intake
from adapters.telegram.keeping import keeping
from adapters.telegram.place import place_of
from adapters.telegram.polling import UNREACHABLE, Polling, UpdatesRequest
from adapters.telegram.showing import Screen
from adapters.telegram.webhook import Webhook
from adapters.telegram.wire import Telegram, Wire

log = structlog.get_logger(__name__)

TELEGRAM = "https://api.telegram.org"
REJECTED = (
    "Telegram does not accept TELEGRAM_BOT_TOKEN. Ask @BotFather for the token of your bot "
    "(/mybots) and put it into .env whole, as 123456:ABC…"
)
UNWANTED = (
    "Telegram refuses how this bot is set up: {error}. Look at TELEGRAM_WEBHOOK_URL, which must be "
    "an https address that Telegram can reach. It is tried again."
)
BROKEN_OFF = "What arrives from Telegram could not be taken ({error}). It is tried again."
FIRST_SECONDS = 8.0
"""How long the start waits for Telegram before it goes on without."""

LONGEST_PAUSE = 60.0
STOP_SECONDS = 5.0
"""How long answers that are being shown may take at a stop; what is not shown comes later."""


def _now() -> datetime:
    return datetime.now(UTC)


class TelegramAdapter:
    """The platform named ``telegram``.

    `token` is what BotFather gave. With `webhook_url`, the address under which Telegram reaches
    this bot's server, updates are posted there, and `router` has the route; otherwise they are
    polled. `max_attachment_bytes` bounds each file that is read.
    """

    name = PLATFORM
    pushes = True

    def __init__(
        self,
        token: str,
        reception: Reception,
        *,
        api_url: str = TELEGRAM,
        webhook_url: str = "",
        max_attachment_bytes: int = 5_000_000,
        budget: Budget | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.problem = ""
        self._token = token
        self._api_url = api_url or TELEGRAM
        self._webhook = Webhook(webhook_url) if webhook_url else None
        self._reception = reception
        self._most_bytes = max_attachment_bytes
        self._budget = budget or Budget()
        self._clock = clock
        self._wire: Wire | None = None
        self._opened = asyncio.Event()
        self._closed = False

    @property
    def webhook_path(self) -> str:
        """The path of the route on this bot's server; empty if updates are polled."""
        return self._webhook.path if self._webhook else ""

    def router(self) -> APIRouter:
        """Make the route of the webhook, if there is one."""
        return self._webhook.router() if self._webhook else APIRouter()

    @asynccontextmanager
    async def serve(self, handle: Handler, commands: Sequence[Command]) -> AsyncIterator[None]:
        """Take in what people send for as long as the ``with`` lasts.

        Raises:
            CannotServe: Telegram does not know the token.
        """
        try:
            bot, updates = await asyncio.to_thread(make_bot, self._token, self._api_url)
        except InvalidToken:
            raise CannotServe(REJECTED) from None
        self._wire = Wire(bot, self._budget, self._reception)
        handing = Handing(handle)
        serving = asyncio.create_task(asyncio.sleep(0))
        try:
            connected = await self._first_try(bot, commands)
            self._closed = False
            self._opened.set()
            serving = asyncio.create_task(
                self._serve_on(self._wire, updates, handing, commands, connected=connected),
                name="telegram",
            )
            yield
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await handing.close(STOP_SECONDS)
            self._closed = True
            self._opened.set()
            await bot.shutdown()

    async def deliver(self, to: Address, replies: Replies) -> None:
        """Show replies in a chat.

        Raises:
            DeliveryFailed: Telegram did not take them.
        """
        await self._opened.wait()
        wire = self._wire
        if self._closed or wire is None:
            raise DeliveryFailed("Telegram is not served any more")
        alone = place_of(wire, _alone(to)) if to.user_id else None
        await Screen(place_of(wire, to), replies, private=alone).show()

    async def _first_try(self, bot: Telegram, commands: Sequence[Command]) -> bool:
        """Connect, if Telegram can be reached at once."""
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                await introduce(bot, commands, self._webhook)
        except InvalidToken:
            raise CannotServe(REJECTED) from None
        except (TelegramError, TimeoutError) as error:
            self._report(_in_words(error))
            return False
        return True

    async def _serve_on(
        self,
        wire: Wire,
        updates: UpdatesRequest,
        handing: Handing,
        commands: Sequence[Command],
        *,
        connected: bool,
    ) -> None:
        """Serve until it is cancelled, whatever goes wrong: nobody else would notice."""
        while True:
            try:
                await self._serve(wire, updates, handing, commands, connected=connected)
            except Exception as error:
                log.exception("Telegram is taken up again")
                self._report(BROKEN_OFF.format(error=type(error).__name__))
                connected = False

    async def _serve(
        self,
        wire: Wire,
        updates: UpdatesRequest,
        handing: Handing,
        commands: Sequence[Command],
        *,
        connected: bool,
    ) -> None:
        """Connect at last, then take updates until it is cancelled."""
        if not connected:
            await self._keep_trying(wire.bot, commands)
        arrivals = Arrivals(
            wire,
            handing,
            self._reception,
            Addressing(wire.bot.bot, [each.name for each in commands]),
            self._most_bytes,
            self._clock,
        )
        intake = Intake(arrivals, self._reception)
        try:
            async with keeping(wire.bot, intake, self._reception) as kept:
                if self._webhook is None:
                    await Polling(wire.bot, updates, intake, self._report).run()
                else:
                    await self._webhook.run(kept)
        finally:
            await intake.close()

    async def _keep_trying(self, bot: Telegram, commands: Sequence[Command]) -> None:
        pause = 1.0
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await introduce(bot, commands, self._webhook)
            except InvalidToken:
                self._report(REJECTED)
            except TelegramError as error:
                self._report(_in_words(error))
            else:
                self._report("")
                return

    def _report(self, problem: str) -> None:
        """Keep what is wrong for /ready, and log what has changed."""
        if problem and problem != self.problem:
            log.error("Telegram is not served", problem=problem)
        elif self.problem and not problem:
            log.info("Telegram is served again")
        self.problem = problem


def _alone(to: Address) -> Address:
    """Give the direct chat of a person."""
    return Address(to.platform, to.user_id, to.user_id)


def _in_words(error: Exception) -> str:
    if isinstance(error, BadRequest):
        return UNWANTED.format(error=error.message)
    return UNREACHABLE.format(error=type(error.__cause__ or error).__name__)
