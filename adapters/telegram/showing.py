"""Showing replies in a chat: the answer in the place of its preview, cards with their buttons."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import assert_never

import structlog

from adapters.cards import card_of, outcome_of
from adapters.contract import (
    Accepted,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Failure,
    Held,
    Notice,
    Refused,
    Replies,
    Reply,
    TextDelta,
)
from adapters.drafts import typing
from adapters.telegram.format import ROOM, Part, parts_of, plain
from adapters.telegram.keyboards import keyboard_of, suggesting
from adapters.telegram.place import Markup, Place
from adapters.telegram.preview import Preview
from adapters.telegram.taps import Tap

log = structlog.get_logger(__name__)

AskAgain = Callable[[str], Awaitable[None]]
"""Asks once more for what did not fit, and says what was wrong."""

Said = Answer | Notice | ApprovalRequest | Held | ApprovalSettled | Refused | Failure

AGAIN = "(This may come twice.) "
NOTHING = "(The answer has no words.)"
TYPING_EVERY = 4.5
"""Seconds: a client shows it for five."""

TYPING_AFTER = 0.4
"""Seconds: what is answered faster needs no typing."""

CARD = 3500
"""Characters of a card."""


class Screen:
    """One chat while replies are shown in it; `reply_to` is the message that is answered.

    `private` is where an answer goes that is for one person alone.
    """

    def __init__(
        self,
        place: Place,
        replies: Replies,
        *,
        reply_to: int | None = None,
        tap: Tap | None = None,
        ask_again: AskAgain | None = None,
        private: Place | None = None,
    ) -> None:
        self._ask_again = ask_again
        self._private = private or place
        self._place = place
        self._replies = replies
        self._reply_to = reply_to
        self._tap = tap
        self._preview = Preview(place, replies, reply_to)
        self._typing = AsyncExitStack()
        self._is_typing = False

    async def show(self) -> None:
        """Show all that comes, to its end.

        Raises:
            DeliveryFailed: Telegram did not take it.
        """
        try:
            async for reply in self._replies:
                await self._show(reply)
        finally:
            await self._preview.close()
            await self._typing.aclose()
            if self._tap is not None:
                await self._tap.answer()

    async def _show(self, reply: Reply) -> None:
        if isinstance(reply, TextDelta):
            self._preview.add(reply.text)
        elif isinstance(reply, Accepted):
            await self._type()
        else:
            await self._rest()
            await self._say_in_words(reply, await self._preview.close())

    async def _say_in_words(self, reply: Said, parts: tuple[str, ...]) -> None:
        """Show what is no preview; `parts` are the messages of the preview before it."""
        match reply:
            case Answer():
                await self._answer(reply, parts)
            case Notice(text, suggestions):
                await self._notice(text, suggestions)
            case Held(text=text):
                await self._say(text)
            case ApprovalRequest():
                await self._card(reply)
            case ApprovalSettled():
                await self._settled(reply)
                if not reply.ending:
                    await self._type()
            case Refused():
                await self._refused(reply)
            case Failure(message, reference):
                await self._say(f"{message}\nReference: {reference}")
            case _:
                assert_never(reply)

    async def _answer(self, answer: Answer, preview: tuple[str, ...]) -> None:
        """Edit the parts that stand there, and send the others."""
        if answer.private:
            self._place = self._private
        there = answer.parts or preview
        warning = AGAIN if answer.again else ""
        parts = await asyncio.to_thread(parts_of, answer.text) if answer.text.strip() else []
        if not parts and not answer.attachments:
            parts = [Part(NOTHING, NOTHING)]
        for number, part in enumerate(parts):
            if number < len(there) and await self._place.edit(there[number], part):
                continue
            shown = await self._send(part.after(warning) if warning else part)
            await self._replies.shown(shown)
            warning = ""
        files_there = max(len(answer.parts) - len(parts), 0)
        for file in answer.attachments[files_there:]:
            if warning:
                await self._say(warning.strip())
                warning = ""
            await self._replies.shown(await self._place.send_file(file, reply_to=self._reply()))
        if preview or not answer.attachments:
            for surplus in there[len(parts) :]:
                await self._place.delete(surplus)

    async def _notice(self, text: str, suggestions: tuple[str, ...]) -> None:
        markup, long = suggesting(suggestions)
        if long:
            text = "\n".join((text, "", "You can send:", *long))
        await self._say(text, markup)

    async def _say(self, text: str, markup: Markup | None = None) -> None:
        """Say something of the bot itself: as it stands, without formatting."""
        parts = plain(text)
        for part in parts:
            await self._send(part, markup if part is parts[-1] else None)

    async def _card(self, request: ApprovalRequest) -> None:
        text, file = card_of(request, CARD, shared=not self._place.private)
        parts = parts_of(text)
        if len(parts) > 1:  # of letters that count twice
            text, file = card_of(request, CARD // 2, shared=not self._place.private)
            parts = parts_of(text)[:1]
        shown = await self._place.send_card(
            parts[0], markup=keyboard_of(request), reply_to=self._reply(), warning=AGAIN
        )
        await self._replies.shown(shown, of=request.approval_id)
        if file is not None:
            await self._place.send_file(file, reply_to=int(shown))

    async def _settled(self, settled: ApprovalSettled) -> None:
        """Let each card say how it ended; without one it is a message."""
        cards = list(settled.cards)
        tap = self._tap
        if tap is not None and tap.approval_id == settled.approval_id:
            await tap.answer(settled.text)
            if tap.card and tap.card not in cards:  # a crash kept it from being noted
                cards.append(tap.card)
                await self._replies.shown(tap.card, of=settled.approval_id)
        text = outcome_of(settled, ROOM // 2)
        stands = [await self._place.edit(card, Part(text, text)) for card in cards]
        if not any(stands):
            await self._say(text)

    async def _refused(self, refused: Refused) -> None:
        """Tell who asked; who tapped is told alone."""
        tap = self._tap
        if refused.why == "misshapen" and self._ask_again is not None:
            await self._ask_again(refused.text)
            return
        if tap is None:
            await self._say(refused.text)
            return
        await refuse(self._place, tap, refused)

    async def _send(self, part: Part, markup: Markup | None = None) -> str:
        return await self._place.send(part, markup=markup, reply_to=self._reply())

    def _reply(self) -> int | None:
        """Give the message that the first part answers."""
        reply_to, self._reply_to = self._reply_to, None
        return reply_to

    async def _type(self) -> None:
        """Show that the bot is at work, until the next thing is said."""
        if self._is_typing:
            return
        self._is_typing = True
        waited = False

        async def show() -> None:
            nonlocal waited
            if not waited:
                waited = True
                await self._place.wire.budget.sleep(TYPING_AFTER)
            await self._place.type()

        await self._typing.enter_async_context(typing(show, TYPING_EVERY))

    async def _rest(self) -> None:
        self._is_typing = False
        await self._typing.aclose()
        self._typing = AsyncExitStack()


async def refuse(place: Place, tap: Tap, refused: Refused) -> None:
    """Tell who tapped, alone, why that changes nothing; a card that has ended says how."""
    await tap.answer(refused.text, alert=True)
    if refused.settled is not None and tap.card:
        text = outcome_of(refused.settled, ROOM // 2)
        await place.edit(tap.card, Part(text, text))
