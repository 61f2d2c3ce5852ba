"""Showing what the bot says in one chat, from the first sign that it is typing to the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol, assert_never

from adapters.cards import card_of, outcome_of
from adapters.contract import (
    Accepted,
    Address,
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
from adapters.discord.buttons import card_buttons, picked_line, suggestion_buttons
from adapters.discord.files import files_to_send
from adapters.discord.format import LONGEST, messages_of
from adapters.discord.parts import Parts
from adapters.discord.screens import Buttons, Screen
from adapters.drafts import Draft, typing

PACE = 1.5
"""Seconds between edits of a preview: Discord allows 5 changes in 5 seconds in a channel."""

TYPES_FOR = 8.0
"""Seconds after which "is typing…" is shown again; Discord shows it for 10."""


Finished = Answer | Notice | ApprovalRequest | Held | ApprovalSettled | Refused | Failure


class Tap(Protocol):
    """The button that was pressed: its card, and the person who alone is told something."""

    @property
    def approval_id(self) -> str:
        """The approval that the card asks for."""
        ...

    @property
    def card(self) -> str:
        """The id of the message with the button."""
        ...

    @property
    def stays(self) -> bool:
        """Whether that message can be edited later; one that a person sees alone cannot."""
        ...

    async def settle(self, text: str) -> bool:
        """Put a text in the place of the card; False if it is not there any more."""
        ...

    async def whisper(self, text: str, *, again: bool = False) -> bool:
        """Tell who pressed it alone; False if that is too late. `again` lets them try again."""
        ...


class Showing:
    """Shows replies to their end, on one screen.

    `elsewhere` opens the screen for what does not belong on this one: for True the one of the
    person alone, for False the chat itself.
    """

    def __init__(
        self,
        to: Address,
        screen: Screen,
        elsewhere: Callable[[bool], Awaitable[Screen]],
        *,
        tap: Tap | None = None,
    ) -> None:
        self._to = to
        self._screen = screen
        self._elsewhere = elsewhere
        self._tap = tap
        self._waiting = AsyncExitStack()
        self._said: dict[str, str] = {}

    async def show(self, replies: Replies) -> None:
        """Show all of it.

        Raises:
            DeliveryFailed: Discord did not take something.
        """
        self._parts = Parts(self._screen, replies.shown)
        async with self._waiting, Draft(self._preview) as draft:
            async for reply in replies:
                await self._show(reply, replies, draft)

    async def _show(self, reply: Reply, replies: Replies, draft: Draft) -> None:
        if isinstance(reply, Accepted):
            await self._waiting.enter_async_context(typing(self._screen.typing, TYPES_FOR))
        elif isinstance(reply, TextDelta):
            if not self._screen.private:  # what is private is short, and seldom the agent's
                draft.add(reply.text)
        else:
            await draft.close()
            await self._waiting.aclose()
            await self._finish(reply, replies)
            self._parts = Parts(self._screen, replies.shown)

    async def _finish(self, reply: Finished, replies: Replies) -> None:
        match reply:
            case Answer():
                await self._answer(reply, replies)
            case Notice(text, suggestions):
                await self._say(text, suggestion_buttons(suggestions))
            case Held(text=text):
                await self._say(text)
            case Failure(message, reference):
                await self._say(f"{message} (reference {reference})")
            case Refused():
                await self._refuse(reply)
            case ApprovalRequest():
                await self._ask(reply, replies)
            case ApprovalSettled():
                await self._settle(reply, replies)
            case _:
                assert_never(reply)

    async def _preview(self, text: str) -> float:
        """Show what is written so far, and say how long to wait before the next time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._parts.preview(messages_of(text))
        await self._waiting.aclose()
        # Slow edits mean that Discord holds them back: leave it room for the answer.
        return max(PACE, 2 * (loop.time() - began))

    async def _answer(self, answer: Answer, replies: Replies) -> None:
        parts = self._parts
        if answer.private and not self._screen.private and not self._to.direct:
            parts = Parts(await self._elsewhere(True), replies.shown)
            parts.stand_already(answer.parts)
        elif self._screen.private and not answer.private:
            parts = Parts(await self._elsewhere(False), replies.shown)
        elif answer.parts:
            parts.stand_already(answer.parts)
        files, notes = files_to_send(answer.attachments)
        text = "\n\n".join(filter(None, [answer.text, *notes]))
        texts = messages_of(text, again=answer.again)
        if texts == [""] and not files:
            texts = ["(The answer is empty.)"]
        await parts.finish(texts, files=files, answer_id=answer.message_id, again=answer.again)

    async def _say(self, text: str, buttons: Buttons | None = None) -> str:
        """Say something of the bot's own; the last of its messages has the buttons."""
        *before, last = messages_of(text)
        for each in before:
            await self._screen.send(each)
        return await self._screen.send(last, buttons=buttons)

    async def _refuse(self, refused: Refused) -> None:
        tap = self._tap
        if tap is None:
            await self._say(refused.text)
            return
        if refused.settled is not None:
            await tap.settle(outcome_of(refused.settled, LONGEST))
        if not await tap.whisper(refused.text, again=refused.why == "misshapen"):
            alone = self._screen if self._to.direct else await self._elsewhere(True)
            await alone.send(messages_of(refused.text)[0])

    async def _ask(self, request: ApprovalRequest, replies: Replies) -> None:
        room = LONGEST - len(picked_line(request))
        text, file = card_of(request, room, shared=not self._to.direct)
        files, _ = files_to_send([file] if file else [])
        part = await self._screen.send(text, buttons=card_buttons(request), files=files)
        if not self._screen.private:
            await replies.shown(part, of=request.approval_id)

    async def _settle(self, settled: ApprovalSettled, replies: Replies) -> None:
        """Put the outcome in the place of the cards, or say it where there is none."""
        text = outcome_of(settled, LONGEST)
        cards: Sequence[str] = settled.cards
        there = False
        if self._tap is not None and self._tap.approval_id == settled.approval_id:
            there = await self._tap.settle(text)
            if self._tap.stays and self._tap.card not in cards:  # a crash kept it from being noted
                await replies.shown(self._tap.card, of=settled.approval_id)
            cards = [card for card in cards if not there or card != self._tap.card]
        if cards:
            chat = await self._elsewhere(False)
            there = any([await chat.edit(card, text) for card in cards]) or there
        if there and not self._screen.asked:
            return
        said = self._said.get(settled.approval_id)
        if said is None or not await self._screen.edit(said, text):
            self._said[settled.approval_id] = await self._screen.send(text)
