"""Updates that are kept on disk until the rest of them has come, and they are handled."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Update

from adapters.platform import Reception
from adapters.telegram.intake import Intake, NotKept
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

TRY_AGAIN = 10.0
"""Seconds until something that is kept is handled once more."""


@dataclass(frozen=True)
class Keeping:
    """Keeps updates, and hands them to the intake however often that takes."""

    bot: Telegram
    intake: Intake
    reception: Reception
    _handling: asyncio.TaskGroup

    async def keep(self, update: Update, raw: Any) -> None:
        """Put an update on disk, and handle it when its rest has come.

        Raises:
            NotKept: it cannot be put there.
        """
        try:
            await self.reception.keep(str(update.update_id), json.dumps(raw))
        except Exception as error:
            log.exception("an update could not be kept", update=update.update_id)
            raise NotKept from error
        self._begin(update)

    async def go_on(self) -> None:
        """Handle what was kept when the bot last ended, whichever way updates come now."""
        for content in await self.reception.kept():
            self._begin(Update.de_json(json.loads(content), self.bot))

    def _begin(self, update: Update) -> None:
        self._handling.create_task(self._handle(update), name="telegram kept")

    async def _handle(self, update: Update) -> None:
        while True:
            try:
                await self.intake.take(update)
                await self.reception.release(str(update.update_id))
            except Exception:
                log.exception("an update that is kept was not handled", update=update.update_id)
                await asyncio.sleep(TRY_AGAIN)
            else:
                return


@asynccontextmanager
async def keeping(bot: Telegram, intake: Intake, reception: Reception) -> AsyncIterator[Keeping]:
    """Keep updates for as long as the ``with`` lasts, those first that were kept before."""
    async with asyncio.TaskGroup() as handling:
        kept = Keeping(bot, intake, reception, handling)
        await kept.go_on()
        yield kept
