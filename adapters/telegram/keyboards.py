"""The buttons under a card, and under what the bot says."""

from collections.abc import Iterable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from adapters.cards import Button, picks
from adapters.contract import ApprovalRequest, VerdictName

SAY = "say:"
LONGEST_DATA = 64
"""Bytes behind a button."""

IN_A_ROW = 3


def keyboard_of(request: ApprovalRequest) -> InlineKeyboardMarkup:
    """Give the buttons of a card."""
    if picks(request):
        return picking(request.approval_id, "-" * len(request.actions))

    def allowed(verb: VerdictName) -> bool:
        return all(verb in action.allowed for action in request.actions)

    rows = [[_button("Approve", request, "approve")]] if allowed("approve") else [[]]
    if allowed("reject"):
        rows[0].append(_button("Reject", request, "reject"))
    if allowed("edit") and len(request.actions) == 1 and request.actions[0].arguments:
        rows[0].append(_button("Edit", request, "edit"))
    if allowed("approve") and request.decider != "two":  # two decide each time anew
        rows.append([_button("Approve for this session", request, "session")])
    return InlineKeyboardMarkup([row for row in rows if row])


def picking(approval_id: str, picked: str) -> InlineKeyboardMarkup:
    """Give the buttons of a card of several actions, of which some are picked."""
    rows = []
    for at, chosen in enumerate(picked):
        row = []
        for letter, sign, word in (("a", "✅", "Approve"), ("r", "❌", "Reject")):
            label = f"{sign} {word} {at + 1}" if chosen == letter else f"{word} {at + 1}"
            then = f"{picked[:at]}{letter}{picked[at + 1 :]}"
            row.append(
                InlineKeyboardButton(label, callback_data=Button(approval_id, "pick", then).id)
            )
        rows.append(row)
    whole = [
        ("Approve all", Button(approval_id, "approve")),
        ("Reject all", Button(approval_id, "reject")),
    ]
    rows.append([InlineKeyboardButton(text, callback_data=each.id) for text, each in whole])
    if "-" not in picked:
        done = Button(approval_id, "done", picked)
        rows.append([InlineKeyboardButton("Decide as picked", callback_data=done.id)])
    return InlineKeyboardMarkup(rows)


def suggesting(suggestions: Iterable[str]) -> tuple[InlineKeyboardMarkup | None, tuple[str, ...]]:
    """Give buttons that send these texts, and the texts that are too long for one."""
    data = {text: f"{SAY}{text}" for text in suggestions}
    short = [text for text in data if len(data[text].encode()) <= LONGEST_DATA]
    buttons = [InlineKeyboardButton(text, callback_data=data[text]) for text in short]
    rows = [buttons[at : at + IN_A_ROW] for at in range(0, len(buttons), IN_A_ROW)]
    markup = InlineKeyboardMarkup(rows) if rows else None
    return markup, tuple(text for text in data if text not in short)


def _button(text: str, request: ApprovalRequest, verb: str) -> InlineKeyboardButton:
    button = Button(request.approval_id, verb)  # type: ignore[arg-type] # a verb of this file
    return InlineKeyboardButton(text, callback_data=button.id)
