"""Forms that open from a card: why it is rejected, and which arguments shall run instead."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord

from adapters.cards import Button, arguments_of
from adapters.contract import Action, ApprovalRequest, Approve, Edit, Reject, Verdict
from adapters.discord.buttons import MOST_FORM_FIELDS
from adapters.json_values import storable

LONGEST_FIELD = 4000
LONGEST_LABEL = 45
LONGEST_NAME = 90
LONGEST_TITLE = 45
FORGOTTEN_AFTER = 900.0
"""Seconds for which the library keeps a form; it is read by its id, also after a restart."""

REASON = "reason"
TEXT, JSON, ACTION = "text:", "json:", "action:"

Filled = Mapping[str, str]
"""What a person wrote, by the id of the field."""


class Misfilled(Exception):
    """What was written into a form cannot be used; the text says why."""


class Form(discord.ui.Modal):
    """A form of an approval. What is sent is read from what Discord gives, not from here."""

    def __init__(self, button: Button, title: str) -> None:
        super().__init__(title=title[:LONGEST_TITLE], custom_id=button.id, timeout=FORGOTTEN_AFTER)

    def ask(self, name: str, label: str, text: str, *, required: bool = False) -> None:
        """Add a field."""
        field = discord.ui.TextInput[Form](
            custom_id=name,
            style=discord.TextStyle.paragraph,
            default=text or None,
            required=required,
            max_length=LONGEST_FIELD,
        )
        self.add_item(discord.ui.Label(text=label[:LONGEST_LABEL], component=field))


def reason_form(button: Button) -> Form:
    """Ask why something is rejected."""
    form = Form(button, "Reject")
    form.ask(REASON, "Why? The agent is told. You may leave it out.", "")
    return form


def edit_form(request: ApprovalRequest, filled: Filled) -> Form | None:
    """Ask for the arguments that shall run; None if they do not fit into a form.

    One action has a field for each argument, several have a field of JSON each. What was
    `filled` in before stands in the fields again.
    """
    fields = _fields(request.actions)
    if fields is None:
        return None
    names = ", ".join(action.name for action in request.actions)
    form = Form(Button(request.approval_id, "edit"), f"Edit {names}")
    for name, (label, text) in fields.items():
        form.ask(name, label, filled.get(name, text)[:LONGEST_FIELD])
    return form


def read_fields(components: Sequence[Mapping[str, Any]]) -> Filled:
    """Give what was written into a form, as Discord sends it."""
    return dict(_values(components))


def edits_of(filled: Filled, request: ApprovalRequest | None) -> tuple[Verdict, ...]:
    """Give the decision that a form is; an action whose arguments were not touched is approved.

    Raises:
        Misfilled: something in it is no JSON.
    """
    if any(name.startswith(ACTION) for name in filled):
        numbered = sorted(filled.items(), key=lambda each: int(each[0].removeprefix(ACTION)))
        edited = [
            _arguments(text, f"Action {number}") for number, (_, text) in enumerate(numbered, 1)
        ]
    else:
        edited = [dict(_argument(name, text) for name, text in filled.items())]
    before = [dict(action.arguments) for action in request.actions] if request else []
    if len(before) != len(edited):
        before = []
    if before == edited:
        return tuple(Approve() for _ in edited)
    return tuple(
        Approve() if before and before[number] == arguments else Edit(arguments)
        for number, arguments in enumerate(edited)
    )


def reason_of(filled: Filled) -> tuple[Verdict, ...]:
    """Give the rejection that a form is."""
    return (Reject(filled.get(REASON, "").strip()),)


def _fields(actions: Sequence[Action]) -> dict[str, tuple[str, str]] | None:
    """Give the fields of a form with their labels and texts, by their ids."""
    fields: dict[str, tuple[str, str]] = {}
    if len(actions) == 1 and _fits_by_argument(actions[0]):
        for name, value in actions[0].arguments.items():
            if isinstance(value, str):
                fields[f"{TEXT}{name}"] = (name, value)
            else:
                fields[f"{JSON}{name}"] = (f"{name} (JSON)", json.dumps(value, ensure_ascii=False))
    else:
        for number, action in enumerate(actions, 1):
            fields[f"{ACTION}{number}"] = (f"{number}. {action.name} (JSON)", arguments_of(action))
    if len(fields) > MOST_FORM_FIELDS:
        return None
    if any(len(text) > LONGEST_FIELD for _, text in fields.values()):
        return None
    return fields


def _fits_by_argument(action: Action) -> bool:
    arguments = action.arguments
    return 0 < len(arguments) <= MOST_FORM_FIELDS and all(
        0 < len(name) <= LONGEST_NAME for name in arguments
    )


def _argument(name: str, text: str) -> tuple[str, Any]:
    if name.startswith(TEXT):
        return name.removeprefix(TEXT), text
    name = name.removeprefix(JSON)
    try:
        return name, storable(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Misfilled(f"{name} is not written as JSON: {error}") from error


def _arguments(text: str, what: str) -> dict[str, Any]:
    try:
        arguments = storable(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Misfilled(f"{what} is not written as JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise Misfilled(f'{what} is no JSON object such as {{"to": "me"}}.')
    return arguments


def _values(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component["custom_id"]), str(component["value"] or "")
        yield from _values(component.get("components", ()))
        if "component" in component:
            yield from _values([component["component"]])
