"""A tap on a button: it is answered once, with a line at the top of the screen, or silently."""

from dataclasses import dataclass, field

import structlog
from telegram import CallbackQuery
from telegram.error import TelegramError

log = structlog.get_logger(__name__)

LONGEST = 200
"""Characters that Telegram shows of an answer to a tap."""


@dataclass
class Tap:
    """Somebody tapped a button; `approval_id` is the approval of that card, if it is one."""

    query: CallbackQuery
    approval_id: str = ""
    _answered: bool = field(default=False, init=False)

    @property
    def card(self) -> str:
        """The id of the message with the button."""
        message = self.query.message
        return str(message.message_id) if message is not None else ""

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Tell who tapped, and nobody else; only the first time, as Telegram has it."""
        if self._answered:
            return
        self._answered = True
        short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        try:
            await self.query.answer(short or None, show_alert=alert)
        except TelegramError as error:  # too late, at worst: the card says it too
            log.info("a tap was not answered", error=error.message)
