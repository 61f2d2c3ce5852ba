"""Long polling: an update is confirmed to Telegram only when it is durable here."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from adapters.telegram.intake import Intake, Kept, NotKept, content_of
from adapters.telegram.refusals import never_arrived, wait_of
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

WANTED = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""What is asked for; edits, reactions, polls and channel posts do not even come."""

POLL_SECONDS = 30
LOOK_AGAIN = 0.2
"""Seconds until the next look while something is not durable yet: its rest may have come."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
REFUSED = "Telegram does not accept TELEGRAM_BOT_TOKEN any more. Set the right one and restart."
OTHER = (
    "Another program takes this bot's updates from Telegram: stop it, or give each its own bot. "
    "Until then messages may go there."
)
UNREACHABLE = "Telegram cannot be reached ({error}). It is tried again."


class UpdatesRequest(HTTPXRequest):
    """Takes out of the answer what the library cannot read, so that the rest is read.

    The library would refuse the whole batch, and log what people wrote.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unreadable: list[tuple[Any, str]] = []

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make a request."""
        code, payload = await super().do_request(*args, **kwargs)
        return code, self._readable(payload)

    def _readable(self, payload: bytes) -> bytes:
        try:
            answer = json.loads(payload)
            updates = answer["result"]
        except (ValueError, KeyError, TypeError):
            return payload
        if not isinstance(updates, list):
            return payload
        readable = []
        for raw in updates:
            try:
                Update.de_json(raw, None)
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over
                self.unreadable.append((raw, f"{type(error).__name__}: {error}"))
            else:
                readable.append(raw)
        if len(readable) == len(updates):
            return payload
        return json.dumps({**answer, "result": readable}).encode()


class Polling:
    """The loop; `report` is told what is wrong, and an empty text when nothing is."""

    def __init__(
        self,
        bot: Telegram,
        request: UpdatesRequest,
        intake: Intake,
        report: Callable[[str], None],
    ) -> None:
        self._bot = bot
        self._request = request
        self._intake = intake
        self._report = report
        self._offset = 0
        self._waiting: dict[int, Kept] = {}
        self._done: set[int] = set()
        self._failed: set[int] = set()

    async def run(self) -> None:
        """Take updates until it is cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._look()
            except RetryAfter as error:
                await asyncio.sleep(wait_of(error))
                continue
            except TelegramError as error:
                # A poll that was lost on its way is no problem yet: the next one finds all.
                if not isinstance(error, TimedOut) or never_arrived(error):
                    self._report(_in_words(error))
            except NotKept:
                log.warning("updates wait until they can be kept")
            except Exception as error:  # whatever it is, nobody would hear anything any more
                log.exception("updates could not be taken")
                self._report(UNREACHABLE.format(error=type(error).__name__))
            else:
                self._report("")
                pause = FIRST_PAUSE
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _look(self) -> None:
        """Take what waits, and raise the offset over what is durable.

        While something is not, the same offset is asked for again: that confirms nothing, and
        gives what has come meanwhile, such as the rest of a long text.
        """
        open_ = self._waiting or self._failed
        updates = await self._bot.get_updates(
            offset=self._offset or None,
            timeout=0 if open_ else POLL_SECONDS,
            allowed_updates=WANTED,
        )
        self._failed.clear()
        unreadable, self._request.unreadable = self._request.unreadable, []
        for raw, reason in unreadable:
            await self._intake.set_aside(*content_of(raw), reason)
            self._done.add(int(content_of(raw)[0] or 0))
        for update in updates:
            if update.update_id not in self._done and update.update_id not in self._waiting:
                self._waiting[update.update_id] = self._intake.take(update)
        if self._waiting:
            await asyncio.wait(self._waiting.values(), timeout=LOOK_AGAIN)
        self._note()
        if self._failed:
            raise NotKept

    def _note(self) -> None:
        for update_id, kept in list(self._waiting.items()):
            if kept.done():
                del self._waiting[update_id]
                failed = kept.cancelled() or kept.exception() is not None
                (self._failed if failed else self._done).add(update_id)
        first_open = min((*self._waiting, *self._failed), default=None)
        last_done = max(self._done, default=0)
        self._offset = max(self._offset, last_done + 1) if first_open is None else first_open
        self._done = {each for each in self._done if each >= self._offset}


def _in_words(error: TelegramError) -> str:
    if isinstance(error, InvalidToken):
        return REFUSED
    if isinstance(error, Conflict):
        return OTHER
    return UNREACHABLE.format(error=type(error.__cause__ or error).__name__)
