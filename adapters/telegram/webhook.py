"""The webhook: Telegram posts updates to the bot's server, and is told 200 when they are kept."""

import asyncio
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from telegram import Update

from adapters.platform import Reception
from adapters.telegram.gathering import may_go_on
from adapters.telegram.intake import Intake, NotKept, content_of
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram/webhook"
TRY_AGAIN = 10.0
"""Seconds until something that is kept is handled once more."""


class Webhook:
    """One address, and the secret that Telegram shows there; while nothing runs it answers 503."""

    def __init__(self, url: str) -> None:
        path = urlsplit(url).path.rstrip("/")
        self.path = path or PATH
        self.url = url if path else f"{url.rstrip('/')}{PATH}"
        self.secret = secrets.token_urlsafe(32)
        self._desk: _Desk | None = None

    async def run(self, bot: Telegram, intake: Intake, reception: Reception) -> None:
        """Take updates until it is cancelled, those first that waited when it last ended.

        Telegram posts the next message of a chat only when the last one was answered. So what may
        have a rest is kept, answered, and handled when the rest is there.
        """
        async with asyncio.TaskGroup() as gathering:
            self._desk = _Desk(bot, intake, reception, gathering)
            try:
                for content in await reception.kept():
                    self._desk.gather(Update.de_json(json.loads(content), bot))
                await asyncio.Event().wait()
            finally:
                self._desk = None  # Telegram keeps what comes now

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
        desk = self._desk
        if desk is None:
            return 503
        try:
            raw = json.loads(body)
        except ValueError:
            return 400
        try:
            try:
                update = Update.de_json(raw, desk.bot)
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over
                await desk.intake.set_aside(*content_of(raw), f"{type(error).__name__}: {error}")
                return 200
            if update.message is not None and may_go_on([update.message]):
                await desk.keep(update, raw)
            else:
                await desk.intake.take(update)
        except NotKept:
            return 500
        return 200


@dataclass(frozen=True)
class _Desk:
    """Where updates are taken while the webhook runs."""

    bot: Telegram
    intake: Intake
    reception: Reception
    gathering: asyncio.TaskGroup

    async def keep(self, update: Update, raw: Any) -> None:
        """Put an update on disk, and handle it when its rest has come."""
        try:
            await self.reception.keep(str(update.update_id), json.dumps(raw))
        except Exception as error:
            log.exception("an update could not be kept", update=update.update_id)
            raise NotKept from error
        self.gather(update)

    def gather(self, update: Update) -> None:
        """Handle an update that is kept, however often that has to be tried."""
        self.gathering.create_task(self._gather(update), name="telegram webhook")

    async def _gather(self, update: Update) -> None:
        while True:
            try:
                await self.intake.take(update)
                await self.reception.release(str(update.update_id))
            except Exception:
                log.exception("an update that is kept was not handled", update=update.update_id)
                await asyncio.sleep(TRY_AGAIN)
            else:
                return
