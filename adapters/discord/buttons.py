"""Buttons that need no memory: what they mean stands in them, also after a restart."""

import re
from collections.abc import Sequence
from typing import Any, Protocol, Self

import discord

from adapters.cards import Button, picks, read_button
from adapters.contract import ApprovalRequest

LONGEST_LABEL = 80
LONGEST_ID = 100
MOST_BUTTONS = 25
MOST_FORM_FIELDS = 5
"""Limits of Discord (developer documentation, "Component reference")."""

SAYS = "say:"
PICKED = "\nPicked: "
SIGNS = {"a": "✓", "r": "✗", "-": "?"}

View = discord.ui.View
Style = discord.ButtonStyle
Interaction = discord.Interaction[Any]


class Pressed(Protocol):
    """Who is told that a button was pressed."""

    async def pressed(self, interaction: Interaction, button: Button) -> None:
        """Take in a button of a card."""
        ...

    async def suggested(self, interaction: Interaction, text: str) -> None:
        """Take in a text that was sent with one tap."""
        ...


class CardButton(
    discord.ui.DynamicItem[discord.ui.Button[View]],
    template=r"ap:[A-Za-z0-9_-]{1,40}:[a-z]{1,12}(?:\.[ar-]{1,40})?",
):
    """A button of a card. Discord gives it back with all that it means."""

    def __init__(self, button: Button, label: str = "", style: Style = Style.secondary) -> None:
        super().__init__(
            discord.ui.Button(label=label[:LONGEST_LABEL], style=style, custom_id=button.id)
        )
        self._button = button

    @classmethod
    async def from_custom_id(
        cls,
        interaction: Interaction,  # noqa: ARG003 - the library's own signature
        item: discord.ui.Item[Any],  # noqa: ARG003 - as above
        match: re.Match[str],
    ) -> Self:
        """Make it from what stands in it."""
        button = read_button(match.string)
        if button is None:
            raise ValueError("a button of a card means nothing")
        return cls(button)

    async def callback(self, interaction: Interaction) -> None:
        """Tell the bot that it was pressed."""
        client: Pressed = interaction.client
        await client.pressed(interaction, self._button)


class SuggestionButton(
    discord.ui.DynamicItem[discord.ui.Button[View]], template=r"(?s:say:.{1,96})"
):
    """A button that sends its text as a message of who presses it."""

    def __init__(self, text: str) -> None:
        super().__init__(discord.ui.Button(label=text[:LONGEST_LABEL], custom_id=f"{SAYS}{text}"))
        self._text = text

    @classmethod
    async def from_custom_id(
        cls,
        interaction: Interaction,  # noqa: ARG003 - the library's own signature
        item: discord.ui.Item[Any],  # noqa: ARG003 - as above
        match: re.Match[str],
    ) -> Self:
        """Make it from what stands in it."""
        return cls(match.string.removeprefix(SAYS))

    async def callback(self, interaction: Interaction) -> None:
        """Tell the bot that it was pressed."""
        client: Pressed = interaction.client
        await client.suggested(interaction, self._text)


def card_buttons(request: ApprovalRequest) -> View:
    """Give the buttons of a card that nobody has decided yet."""
    allowed = set.intersection(*(set(action.allowed) for action in request.actions))
    has_arguments = any(action.arguments for action in request.actions)
    editable = has_arguments and "edit" in allowed and len(request.actions) <= MOST_FORM_FIELDS
    if picks(request) and {"approve", "reject"} <= allowed:
        picked = "-" * len(request.actions)
        return picking_buttons(Button(request.approval_id, "pick", picked), editable=editable)
    view = View(timeout=None)
    if "approve" in allowed:
        _add(view, Button(request.approval_id, "approve"), "Approve", Style.success)
    if "reject" in allowed:
        _add(view, Button(request.approval_id, "reject"), "Reject", Style.danger)
    if editable:
        _add(view, Button(request.approval_id, "edit"), "Edit")
    if "approve" in allowed and request.decider != "two":  # two decide each time anew
        _add(view, Button(request.approval_id, "session"), "Approve for this session")
    return view


def picking_buttons(button: Button, *, editable: bool) -> View:
    """Give the buttons of a card of several actions, after some of them were picked."""
    view = View(timeout=None)
    key, picked = button.approval_id, button.picked
    number = picked.find("-")
    if number < 0:
        _add(view, Button(key, "done", picked), "Decide as picked", Style.primary)
    else:
        for letter, word, style in (
            ("a", "Approve", Style.success),
            ("r", "Reject", Style.danger),
        ):
            then = f"{picked[:number]}{letter}{picked[number + 1 :]}"
            _add(view, Button(key, "pick", then), f"{word} {number + 1}", style)
    if set(picked) == {"-"}:
        _add(view, Button(key, "approve"), "Approve all")
        _add(view, Button(key, "reject"), "Reject all")
        if editable:
            _add(view, Button(key, "edit"), "Edit")
    else:
        _add(view, Button(key, "pick", "-" * len(picked)), "Start over")
    return view


def picked_line(request: ApprovalRequest) -> str:
    """Give the longest line that picking adds to a card."""
    return with_picks("", "-" * len(request.actions)) if picks(request) else ""


def with_picks(card: str, picked: str) -> str:
    """Give the text of a card with what has been picked so far."""
    before = card.partition(PICKED)[0]
    signs = " ".join(f"{number} {SIGNS[letter]}" for number, letter in enumerate(picked, 1))
    return f"{before}{PICKED}{signs}"


def suggestion_buttons(texts: Sequence[str]) -> View | None:
    """Give a button for each text that fits into one."""
    fitting = [text for text in dict.fromkeys(texts) if 0 < len(text) <= LONGEST_ID - len(SAYS)]
    if not fitting:
        return None
    view = View(timeout=None)
    for text in fitting[:MOST_BUTTONS]:
        view.add_item(SuggestionButton(text))
    return view


def _add(view: View, button: Button, label: str, style: Style = Style.secondary) -> None:
    view.add_item(CardButton(button, label, style))
