"""The webhook: Telegram posts updates to the bot's server, and is told 200 when they are kept."""

import hmac
import json
import secrets
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from telegram import Update

from adapters.telegram.intake import Intake, NotKept, content_of
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram/webhook"


class Webhook:
    """One address, and the secret that Telegram shows there; without an intake it answers 503."""

    def __init__(self, url: str) -> None:
        path = urlsplit(url).path.rstrip("/")
        self.path = path or PATH
        self.url = url if path else f"{url.rstrip('/')}{PATH}"
        self.secret = secrets.token_urlsafe(32)
        self._bot: Telegram | None = None
        self._intake: Intake | None = None

    def open(self, bot: Telegram, intake: Intake) -> None:
        """Take updates from now on."""
        self._bot, self._intake = bot, intake

    def close(self) -> None:
        """Take none any more: Telegram keeps them."""
        self._bot = self._intake = None

    def router(self) -> APIRouter:
        """Make the route."""
        router = APIRouter()

        @router.post(self.path, include_in_schema=False)
        async def take(request: Request) -> Response:
            shown = request.headers.get(HEADER, "").encode("utf-8", "replace")
            if not hmac.compare_digest(shown, self.secret.encode()):
                return Response(status_code=403)
            return Response(status_code=await self._take(await request.body()))

        return router

    async def _take(self, body: bytes) -> int:
        """Take what was posted, and give the status that says whether it is durable."""
        bot, intake = self._bot, self._intake
        if bot is None or intake is None:
            return 503
        try:
            raw = json.loads(body)
        except ValueError:
            return 400
        try:
            try:
                update = Update.de_json(raw, bot)
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over
                await intake.set_aside(*content_of(raw), f"{type(error).__name__}: {error}")
            else:
                await intake.take(update)
        except NotKept:
            return 500
        return 200
