"""What happens when a button of a card is pressed, or a form that it opened is sent."""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import discord
import structlog

from adapters.cards import Button
from adapters.contract import Decision, Replies, Verdict
from adapters.discord.buttons import CardButton, card_buttons, picking_buttons, with_picks
from adapters.discord.failures import REFUSED
from adapters.discord.format import LONGEST
from adapters.discord.forms import (
    Filled,
    Misfilled,
    edit_form,
    edits_of,
    read_fields,
    reason_form,
    reason_of,
)
from adapters.discord.handing import Handing
from adapters.discord.hearing import address_of
from adapters.discord.screens import Screen, Screens
from adapters.discord.showing import Showing
from adapters.platform import Reception

log = structlog.get_logger(__name__)

NOT_TAKEN = "Something went wrong on our side and this was not taken. Please do it again."
NOT_OPEN = "This is no longer open; nothing was changed."
NOT_HERE = "You may not decide here."
TOO_LONG = (
    "The arguments are too long for a form. Write /edit {id} followed by the new ones as JSON."
)
REMEMBERED = 1000
"""Taps of which a second copy is known; one comes within seconds, after a resumed connection."""

TYPED = re.compile(r"```json\n(.*)\n```", re.DOTALL)

Interaction = discord.Interaction[Any]


class Tap:
    """A button that was pressed, or a form that was sent: its card, and whose it is."""

    def __init__(
        self, interaction: Interaction, button: Button, *, lives: bool, filled: Filled
    ) -> None:
        self.approval_id = button.approval_id
        card = interaction.message
        self.card = str(card.id) if card else ""
        self.stays = card is not None and not card.flags.ephemeral
        self._interaction = interaction
        self._lives = lives
        self._filled = filled

    async def settle(self, text: str) -> bool:
        """Put a text in the place of the card."""
        return self._lives and await _done(
            self._interaction.edit_original_response(content=text, view=None)
        )

    async def whisper(self, text: str, *, again: bool = False) -> bool:
        """Tell its person alone; `again` offers the form once more, as they filled it in."""
        view = discord.utils.MISSING
        if again and self._filled:
            typed = json.dumps(dict(self._filled), ensure_ascii=False)
            with_typed = f"{text}\n```json\n{typed}\n```"
            text = with_typed if len(with_typed) <= LONGEST and "```" not in typed else text
            view = discord.ui.View(timeout=None)
            view.add_item(CardButton(Button(self.approval_id, "edit"), "Edit again"))
        return self._lives and await _done(
            self._interaction.followup.send(text[:LONGEST], ephemeral=True, view=view)
        )


class Tapping:
    """Turns what is pressed and sent into decisions."""

    def __init__(
        self,
        handing: Handing,
        screens: Screens,
        reception: Reception,
        clock: Callable[[], datetime],
    ) -> None:
        self._handing = handing
        self._screens = screens
        self._reception = reception
        self._clock = clock
        self._taken: deque[int] = deque(maxlen=REMEMBERED)

    async def pressed(self, interaction: Interaction, button: Button) -> None:
        """Take in a button of a card: decide, pick, or open a form."""
        if self._is_second_copy(interaction):
            return
        if button.verdicts is None and (why := await self._refused(interaction, button)):
            await _done(interaction.response.send_message(why, ephemeral=True))
            return
        match button.verb:
            case "pick":
                await self._pick(interaction, button)
            case "reject":
                await _done(interaction.response.send_modal(reason_form(button)))
            case "edit":
                await self._open_edit(interaction, button)
            case _ if button.verdicts is not None:
                tap = Tap(interaction, button, lives=await acknowledged(interaction), filled={})
                await self._decide(interaction, tap, button.verdicts)

    async def sent(self, interaction: Interaction, button: Button) -> None:
        """Take in a form, also one that was opened before a restart."""
        if self._is_second_copy(interaction):
            return
        data: Any = interaction.data
        filled = read_fields(data.get("components", ()))
        lives = await acknowledged(interaction)
        if button.verb == "reject":
            tap = Tap(interaction, button, lives=lives, filled={})
            await self._decide(interaction, tap, reason_of(filled))
            return
        tap = Tap(interaction, button, lives=lives, filled=filled)
        try:
            verdicts = edits_of(filled, await self._reception.asked(button.approval_id))
        except Misfilled as wrong:
            await tap.whisper(str(wrong), again=True)
            return
        await self._decide(interaction, tap, verdicts)

    async def _decide(
        self, interaction: Interaction, tap: Tap, verdicts: tuple[Verdict, ...]
    ) -> None:
        sender = address_of(interaction)
        away = await self._reception.turned_away(sender, server=str(interaction.guild_id or ""))
        if away is not None:
            await tap.whisper(away or NOT_HERE)
            return
        name = interaction.user.display_name
        decision = Decision(sender, tap.approval_id, verdicts, self._clock(), name)

        async def elsewhere(private: bool) -> Screen:
            return await self._screens.of(sender, private=private)

        async def show(replies: Replies) -> None:
            screen = await elsewhere(False)
            await Showing(sender, screen, elsewhere, tap=tap).show(replies)

        try:
            await self._handing.over(decision, show)
        except Exception:
            log.exception("a decision was not taken")
            await tap.whisper(NOT_TAKEN)

    def _is_second_copy(self, interaction: Interaction) -> bool:
        """Say whether Discord told the same once more; who tapped once is told things once."""
        if interaction.id in self._taken:
            return True
        self._taken.append(interaction.id)
        return False

    async def _refused(self, interaction: Interaction, button: Button) -> str:
        """Say why this person may not even pick, or fill in a form: that is deciding too."""
        sender = address_of(interaction)
        away = await self._reception.turned_away(sender, server=str(interaction.guild_id or ""))
        if away is not None:
            return away or NOT_HERE
        refused = await self._reception.refused(button.approval_id, sender)
        return refused.text[:LONGEST] if refused is not None else ""

    async def _pick(self, interaction: Interaction, button: Button) -> None:
        """Show what is picked so far, on the card itself."""
        request = None
        if set(button.picked) == {"-"}:
            request = await self._reception.asked(button.approval_id)
        view = card_buttons(request) if request else picking_buttons(button, editable=False)
        card = interaction.message.content if interaction.message else ""
        text = with_picks(card, button.picked)
        await _done(interaction.response.edit_message(content=text, view=view))

    async def _open_edit(self, interaction: Interaction, button: Button) -> None:
        request = await self._reception.asked(button.approval_id)
        form = edit_form(request, _typed(interaction)) if request else None
        if form is not None:
            await _done(interaction.response.send_modal(form))
            return
        why = TOO_LONG.format(id=button.approval_id) if request else NOT_OPEN
        await _done(interaction.response.send_message(why, ephemeral=True))


async def acknowledged(
    interaction: Interaction, *, thinking: bool = False, private: bool = False
) -> bool:
    """Tell Discord within its 3 seconds that this was taken; False if that was too late.

    A second copy of one event is too late too: then the first one is answered.
    """
    return await _done(interaction.response.defer(thinking=thinking, ephemeral=private))


def _typed(interaction: Interaction) -> Filled:
    """Give what stood in the form before, where this button offers it again."""
    match = TYPED.search(interaction.message.content) if interaction.message else None
    if match is None or interaction.message is None or not interaction.message.flags.ephemeral:
        return {}
    filled = json.loads(match[1])
    return {str(name): str(text) for name, text in filled.items()}


async def _done(doing: Awaitable[Any]) -> bool:
    """Wait for something that Discord may refuse because it comes too late."""
    try:
        await doing
    except (discord.InteractionResponded, *REFUSED) as error:
        log.info("an interaction could not be answered", error=str(error) or type(error).__name__)
        return False
    return True
