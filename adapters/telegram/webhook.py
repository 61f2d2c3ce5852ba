"""The webhook: Telegram posts updates to the bot's server, and is told 200 when they are kept."""

import asyncio
import hmac
import json
import secrets
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from telegram import Update

from adapters.telegram.gathering import may_go_on
from adapters.telegram.intake import NotKept, content_of
from adapters.telegram.keeping import Keeping

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram/webhook"


class Webhook:
    """One address, and the secret that Telegram shows there; while nothing runs it answers 503."""

    def __init__(self, url: str) -> None:
        path = urlsplit(url).path.rstrip("/")
        self.path = path or PATH
        self.url = url if path else f"{url.rstrip('/')}{PATH}"
        self.secret = secrets.token_urlsafe(32)
        self._kept: Keeping | None = None

    async def run(self, kept: Keeping) -> None:
        """Take updates until it is cancelled.

        Telegram posts the next message of a chat only when the last one was answered. So what may
        have a rest is kept, answered, and handled when the rest is there.
        """
        self._kept = kept
        try:
            await asyncio.Event().wait()
        finally:
            self._kept = None  # Telegram keeps what comes now

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
        kept = self._kept
        if kept is None:
            return 503
        try:
            raw = json.loads(body)
        except ValueError:
            return 400
        try:
            try:
                update = Update.de_json(raw, kept.bot)
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over
                await kept.intake.set_aside(*content_of(raw), f"{type(error).__name__}: {error}")
                return 200
            if update.message is not None and may_go_on([update.message]):
                await kept.keep(update, raw)
            else:
                await kept.intake.take(update)
        except NotKept:
            return 500
        return 200
