"""The card of an approval as Markdown, and what stands behind its buttons.

A card needs no memory: its buttons carry the approval's id, and, where there are several actions,
what has been picked for each so far. So a card from before a restart works.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.contract import (
    Action,
    ApprovalRequest,
    ApprovalSettled,
    Approve,
    Attachment,
    Reject,
    Verdict,
)

DECIDERS = {
    "requester": "You decide, or an admin does.",
    "admins": "An admin decides.",
    "two": "Two different admins decide.",
}

ASKER_DECIDES = "Who asked decides, or an admin does."
"""Where others read the card too, none of them is to take it for theirs."""

Verb = Literal["approve", "session", "reject", "edit", "pick", "done"]
BUTTON = re.compile(
    r"ap:(?P<id>[A-Za-z0-9_-]{1,40}):(?P<verb>approve|session|reject|edit|pick|done)"
    r"(?:\.(?P<picked>[ar-]{1,40}))?"
)
FEWEST = 20
"""Characters of arguments that are worth showing."""

MOST_PICKED = 40
"""Actions of one card that can be picked one by one; with more, one button stands for all."""


@dataclass(frozen=True, slots=True)
class Button:
    """What a button means. `picked` has a letter an action: a approve, r reject, - not yet."""

    approval_id: str
    verb: Verb
    picked: str = ""

    @property
    def id(self) -> str:
        """Give it as text of at most 64 bytes: ``ap:k7m2xw4hq9tbnd:approve``."""
        picked = f".{self.picked}" if self.picked else ""
        return f"ap:{self.approval_id}:{self.verb}{picked}"

    @property
    def verdicts(self) -> tuple[Verdict, ...] | None:
        """Give the decision that it is; None if it opens or picks something only."""
        match self.verb:
            case "approve":
                return (Approve(),)
            case "session":
                return (Approve(for_session=True),)
            case "reject":
                return (Reject(),)
            case "done" if self.picked and "-" not in self.picked:
                return tuple(Approve() if letter == "a" else Reject() for letter in self.picked)
            case _:
                return None


def read_button(text: str) -> Button | None:
    """Read what stands behind a button; None if it is not one of ours."""
    match = BUTTON.fullmatch(text)
    if match is None:
        return None
    verb: Verb = match["verb"]  # type: ignore[assignment] # the pattern names the verbs
    return Button(match["id"], verb, match["picked"] or "")


def picks(request: ApprovalRequest) -> bool:
    """Say whether each action of a card is decided on its own."""
    return 1 < len(request.actions) <= MOST_PICKED


def card_of(
    request: ApprovalRequest, limit: int, *, shared: bool = False
) -> tuple[str, Attachment | None]:
    """Give a card as Markdown of at most `limit` characters; `shared` where others read it too.

    Where not all of the arguments fit they are shortened, and the file that comes second has all
    of them: nobody is to approve what they cannot read.
    """
    until = f"{request.expires_at:%Y-%m-%d %H:%M %Z}"
    many = len(request.actions)
    head = "**This asks first.**" if many == 1 else f"**{many} actions ask first.**"
    who = DECIDERS.get(request.decider, DECIDERS["admins"])
    if shared and request.decider == "requester":
        who = ASKER_DECIDES
    foot = f"{who} Until {until}."
    room = limit - len(head) - len(foot) - 4
    bodies = [_body(action, number, many) for number, action in enumerate(request.actions, 1)]
    whole = "\n".join(bodies)
    if len(whole) <= room:
        return f"{head}\n{whole}\n{foot}", None
    note = "It is shortened here; the file has all of it."
    each = max((room - len(note) - 1) // many - 1, 0)
    short = [
        _body(action, number, many, most=each) for number, action in enumerate(request.actions, 1)
    ]
    body = "\n".join(filter(None, short))
    if len(body) > room - len(note) - 1:
        body = ""
    return "\n".join(filter(None, (head, body, note, foot))), _all_of(request)


def outcome_of(settled: ApprovalSettled, limit: int) -> str:
    """Give a card that was decided, as plain text of at most `limit` characters."""
    lines = [settled.text, *([settled.ending] if settled.ending else [])]
    return _shortened("\n".join(lines), limit)


def arguments_of(action: Action) -> str:
    """Give the arguments of an action as JSON that people can read and edit."""
    return json.dumps(dict(action.arguments), ensure_ascii=False, indent=2)


def _body(action: Action, number: int, many: int, most: int | None = None) -> str:
    """Give an action as a bold name and a code block of its arguments."""
    name = f"{number}. **{action.name}**" if many > 1 else f"**{action.name}**"
    text = "\n".join(f"{key}: {_value(value)}" for key, value in action.arguments.items())
    text = text or action.description
    if most is not None:
        room = most - len(name) - 12  # the fences and ends of lines
        if room < FEWEST:
            return ""
        text = _shortened(text, room)
    marks = _fence(text)
    return f"{name}\n{marks}\n{text}\n{marks}" if text else name


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fence(text: str) -> str:
    """Give a fence that the text cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _all_of(request: ApprovalRequest) -> Attachment:
    shown: Sequence[Any] = [
        {"action": each.name, "arguments": dict(each.arguments), "description": each.description}
        for each in request.actions
    ]
    text = json.dumps(shown, ensure_ascii=False, indent=2)
    return Attachment(
        f"{request.approval_id}.json", "application/json", text.encode("utf-8", "replace")
    )


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: max(limit - 1, 0)]}…"
