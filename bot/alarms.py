"""Alarms: what goes wrong is told to those who run the bot, in a chat, and never too often."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.contract import Address, Notice
from bot.addresses import address_of
from bot.health import Part
from bot.outbox import Outbox
from sessions.models import Message

log = structlog.get_logger(__name__)

PAUSE = timedelta(hours=1)
"""The same alarm comes at most once in this time."""

HOW_TO_LOOK = "`python -m bot dead list` shows it."


@dataclass
class _Told:
    """When an alarm was given last, and how often its reason has come again since."""

    at: datetime
    again: int = 0


class Alarms:
    """Tells the chats of ADMIN_CHAT what went wrong; nobody's words are in it.

    An alarm is a message of the bot like any other. If it cannot be written, it is shown unwritten
    where that is possible; the log has it in any case, and an alarm never causes another.
    """

    def __init__(self, chats: Sequence[Address], *, clock: Callable[[], datetime]) -> None:
        self._chats = tuple(chats)
        self._outbox: Outbox | None = None
        self._clock = clock
        self._told: dict[str, _Told] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def connect(self, outbox: Outbox) -> None:
        """Let alarms reach their chats."""
        self._outbox = outbox

    def note_unreached(self) -> None:
        """Log which chats cannot be reached, once all platforms are connected."""
        for chat in self._chats:
            if self._outbox is None or not self._outbox.reaches(chat):
                log.warning(
                    "alarms for this ADMIN_CHAT wait until they are fetched", chat=chat.person
                )

    def undelivered(self, row: Message, reason: str) -> None:
        """Tell that a message of the bot could not be delivered."""
        del reason  # the log has it; it may repeat what was to be shown
        self._tell(
            f"undelivered on {row.place.platform}",
            f"A message of mine could not be delivered on {row.place.platform}. {HOW_TO_LOOK}",
            but=address_of(row.place),
        )

    def given_up(self, row: Message) -> None:
        """Tell that a person's message stopped the bot too often."""
        self._tell(
            "given up",
            f"A message from {row.place.platform} stopped the bot too often, so it is put aside. "
            f"{HOW_TO_LOOK}",
        )

    def set_aside(self, platform: str) -> None:
        """Tell that something arrived which could not be handled."""
        self._tell(
            f"set aside on {platform}",
            f"Something that arrived from {platform} could not be handled and was set aside. "
            "`python -m bot dead aside` shows it.",
        )

    def job_failed(self, job: str, error: BaseException) -> None:
        """Tell that a periodic job failed."""
        kind = type(error).__name__
        self._tell(f"job {job}", f"The periodic job {job} failed ({kind}); the log says why.")

    def damaged(self, errors: int) -> None:
        """Tell that what is kept does not agree, or is not whole."""
        self._tell(
            "integrity",
            f"{errors} things that are kept are not whole or do not agree. "
            "`python -m bot data integrity` shows them.",
        )

    def look_at(self, parts: Sequence[Part]) -> None:
        """Tell which parts of the bot do not work."""
        for part in parts:
            if not part.ok:
                self._tell(f"part {part.name}", f"Not working: {part.name}. {part.text}")

    async def close(self) -> None:
        """Wait until what has been said is written."""
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _tell(self, kind: str, sentence: str, *, but: Address | None = None) -> None:
        """Give an alarm, unless the same one was given within the last hour."""
        now = self._clock()
        told = self._told.get(kind)
        if told is not None and now - told.at < PAUSE:
            told.again += 1
            return
        again = f" ({told.again} more since the last alarm.)" if told and told.again else ""
        self._told[kind] = _Told(now)
        log.error("alarm", alarm=sentence)
        if self._outbox is None:
            return
        for chat in self._chats:
            if chat != but:  # an alarm that cannot be delivered is no reason for the next
                text = f"Alarm: {sentence}{again}"
                task = asyncio.create_task(self._say(self._outbox, chat, text), name="alarm")
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)

    async def _say(self, outbox: Outbox, chat: Address, text: str) -> None:
        try:
            await outbox.say(chat, text)
        except Exception as error:  # noqa: BLE001 - whatever it is, an alarm must not fail on it
            log.warning("an alarm could not be written", error=str(error))
            if outbox.reaches(chat):
                stream = outbox.stream(chat)
                stream.put(Notice(text))
                stream.close()
                await outbox.show(chat, stream)
