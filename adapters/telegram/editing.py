"""Editing an action: the question for new arguments, and what is read out of the reply to it.

Nothing is kept meanwhile: the question itself says which approval it is about. So it works after
a restart.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from telegram import ForceReply, Message, MessageEntity

from adapters.cards import arguments_of
from adapters.contract import Action
from adapters.telegram.format import Part
from adapters.text import utf16_length

ASKS = "New arguments for "
HOW = "Reply to this with JSON, or with lines such as name: value."
NOW = "Now they are:"
TOO_LONG = "They are too long to stand here; the card has them. What you do not name stays."
LONGEST = 3000
"""UTF-16 units of arguments that are shown."""

ID = re.compile(r"^Approval (?P<id>[A-Za-z0-9_-]{1,40})$", re.MULTILINE)
LINE = re.compile(r"(?P<name>[A-Za-z_]\w*): ?(?P<value>.*)")
FENCES = re.compile(r"^```\w*\n|\n?```$")


def question(approval_id: str, action: Action, wrong: str = "") -> tuple[Part, ForceReply]:
    """Ask for the new arguments of an action, after what was wrong with the last ones."""
    current = arguments_of(action)
    fits = utf16_length(current) <= LONGEST
    head = "\n".join(filter(None, (wrong, f"{ASKS}{action.name}?", HOW, NOW if fits else TOO_LONG)))
    text = f"{head}\n"
    entities: tuple[MessageEntity, ...] = ()
    if fits:
        entities = (MessageEntity(MessageEntity.PRE, utf16_length(text), utf16_length(current)),)
        text += f"{current}\n"
    text += f"Approval {approval_id}"
    hint = ", ".join(action.arguments)[:64]
    return Part(text, text, entities), ForceReply(
        selective=True, input_field_placeholder=hint or None
    )


def asked_in(message: Message) -> str:
    """Give the approval whose arguments a message asks for; empty if it is no such question."""
    text = message.text or ""
    found = ID.search(text)
    asks = any(line.startswith(ASKS) for line in text.split("\n"))
    return found["id"] if found and asks else ""


def arguments_in(text: str, current: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read new arguments; in lines, those that are not named stay as they are.

    Raises:
        ValueError: with a sentence for the person.
    """
    text = FENCES.sub("", text.strip())
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f"This is not JSON: {error}.") from None
        except RecursionError:
            raise ValueError("This is nested too deep.") from None
        return dict(found)
    new = _lines(text, current)
    return {**current, **{name: _value(value, current.get(name)) for name, value in new.items()}}


def _lines(text: str, known: Iterable[str]) -> Mapping[str, str]:
    """Read lines as ``name: value``; any other line goes on with the value before it."""
    known = frozenset(known)
    found: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        match = LINE.fullmatch(line)
        if match and (not known or match["name"] in known or not name):
            name = match["name"]
            found[name] = match["value"]
        elif name:
            found[name] += f"\n{line}"
        elif line.strip():
            raise ValueError(f"This is neither JSON nor a line such as name: value: {line[:80]}")
    if not found:
        raise ValueError("There are no arguments in this.")
    return {each: value.rstrip("\n") for each, value in found.items()}


def _value(text: str, current: Any) -> Any:
    """Read a value: JSON if it is that, unless a text stands there now."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return read if isinstance(read, str) or not isinstance(current, str) else text
