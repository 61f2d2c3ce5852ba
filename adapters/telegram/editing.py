"""Editing an action: the question for new arguments, and what is read out of the reply to it.

Nothing is kept meanwhile: the question itself says which approval it is about, and what the
arguments are. So it works after a restart.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import ForceReply, Message, MessageEntity

from adapters.telegram.format import Part
from adapters.text import utf16_length

ASKS = "New arguments"
HOW = "Reply to this with JSON, or with lines such as name: value."
NOW = "As they are now:"
NEEDED = "The card is shortened, so write all of them."
ID = re.compile(r"^Approval (?P<id>[A-Za-z0-9_-]{1,40})$", re.MULTILINE)
LINE = re.compile(r"(?P<name>[A-Za-z_]\w*): ?(?P<value>.*)")
SHORTENED = "It is shortened here"
LONGEST = 3000


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose arguments are asked for; `current` is what the card shows of them."""

    approval_id: str
    name: str = ""
    current: str = ""


def question(asked: Asked, wrong: str = "") -> tuple[Part, ForceReply]:
    """Ask for the new arguments of an action."""
    current = asked.current
    what = f"{ASKS} for {asked.name}?" if asked.name else f"{ASKS}?"
    head = "\n".join(filter(None, (wrong, what, HOW, NOW if current else NEEDED)))
    entities: tuple[MessageEntity, ...] = ()
    text = f"{head}\n"
    if current:
        entities = (MessageEntity(MessageEntity.PRE, utf16_length(text), utf16_length(current)),)
        text += f"{current}\n"
    text += f"Approval {asked.approval_id}"
    return Part(text, text, entities), ForceReply(selective=True)


def of_card(approval_id: str, message: Message) -> Asked:
    """Read a card of one action."""
    names = message.parse_entities([MessageEntity.BOLD])
    return Asked(approval_id, [*names.values(), "", ""][1], _arguments_in(message))


def of_question(message: Message) -> Asked | None:
    """Read a question, if a message is one."""
    text = message.text or ""
    first = next((line for line in text.split("\n") if line.startswith(ASKS)), "")
    found = ID.search(text)
    if not first or found is None:
        return None
    name = first.removeprefix(ASKS).removeprefix(" for ").removesuffix("?")
    return Asked(found["id"], name, _arguments_in(message))


def arguments_in(text: str, current: str) -> Mapping[str, Any]:
    """Read new arguments; with lines, those that are not named stay as they are.

    Raises:
        ValueError: with a sentence for the person.
    """
    text = re.sub(r"^```\w*\n|\n?```$", "", text.strip())
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f"This is not JSON: {error}.") from None
        if not isinstance(found, dict):
            raise ValueError("This is JSON, but not an object of arguments.")
        return found
    known = _lines(current, ()) if current else {}
    new = _lines(text, tuple(known))
    if not new:
        raise ValueError("I found no arguments in this.")
    values = {name: _value(value) for name, value in known.items()}
    for name, value in new.items():
        was_text = isinstance(values.get(name), str)
        read = _value(value)
        values[name] = value if was_text and not isinstance(read, str) else read
    return values


def _arguments_in(message: Message) -> str:
    if SHORTENED in (message.text or ""):
        return ""
    blocks = [*message.parse_entities([MessageEntity.PRE]).values(), ""]
    return blocks[0] if utf16_length(blocks[0]) <= LONGEST else ""


def _lines(text: str, known: tuple[str, ...]) -> dict[str, str]:
    """Read lines as ``name: value``; any other line goes on with the value before it."""
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
    return {each: value.rstrip("\n") for each, value in found.items()}


def _value(text: str) -> Any:
    """Read a value: JSON if it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
