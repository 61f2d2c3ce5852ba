"""Verdicts and what was shown, as JSON, as a hash, as an outcome and as one line."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import (
    Action,
    Approve,
    Edit,
    Outcome,
    Reject,
    Respond,
    Verdict,
    VerdictName,
)
from sessions.models import ActionRecord, JsonObject

SUMMARY_LIMIT = 200
"""Characters of one action's summary in sessions.csv (DESIGN.md section 5)."""


def to_json(verdict: Verdict) -> JsonObject:
    """Give a verdict as the records keep it."""
    match verdict:
        case Approve(for_session):
            return {"type": "approve"} | ({"for": "session"} if for_session else {})
        case Edit(arguments):
            return {"type": "edit", "arguments": dict(arguments)}
        case Reject(reason):
            return {"type": "reject", "reason": reason}
        case Respond(text):
            return {"type": "respond", "text": text}


def from_json(stored: Mapping[str, Any]) -> Verdict:
    """Give back the verdict that `to_json` wrote."""
    match stored["type"]:
        case "approve":
            return Approve(for_session=stored.get("for") == "session")
        case "edit":
            return Edit(stored["arguments"])
        case "reject":
            return Reject(stored.get("reason", ""))
        case "respond":
            return Respond(stored["text"])
        case other:
            raise ValueError(f"a stored verdict has the unknown type {other!r}")


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """Name the outcome of a whole decision: ``mixed`` when its verdicts differ in kind."""
    outcomes: set[Outcome] = {_outcome(verdict) for verdict in verdicts}
    return outcomes.pop() if len(outcomes) == 1 else "mixed"


def _outcome(verdict: Verdict) -> Outcome:
    match verdict:
        case Approve():
            return "approved"
        case Edit():
            return "edited"
        case Reject():
            return "rejected"
        case Respond():
            return "responded"


def runs(verdict: Verdict) -> bool:
    """Say whether the action runs under this verdict."""
    return isinstance(verdict, Approve | Edit)


def shown_hash(actions: Sequence[Action]) -> str:
    """Hash what a person is shown of these actions, 32 hexadecimal characters."""
    shown = [[a.name, dict(a.arguments), a.description, list(a.allowed)] for a in actions]
    canonical = json.dumps(shown, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def summary(action: Action | ActionRecord) -> str:
    """Say an action on one line: ``send_message(to='me', text='hello')``."""
    if action.arguments:
        arguments = ", ".join(f"{name}={value!r}" for name, value in action.arguments.items())
        line = f"{action.name}({arguments})"
    else:
        line = f"{action.name}: {action.description}" if action.description else action.name
    line = " ".join(line.split())
    return line if len(line) <= SUMMARY_LIMIT else line[: SUMMARY_LIMIT - 1] + "…"


def to_record(action: Action, decider: str) -> ActionRecord:
    """Give an action as the records keep it."""
    return ActionRecord(
        action.name, dict(action.arguments), action.description, action.allowed, decider
    )


def to_action(record: ActionRecord) -> Action:
    """Give an action as it was shown."""
    allowed: tuple[VerdictName, ...] = tuple(
        name for name in ("approve", "edit", "reject", "respond") if name in record.allowed
    )
    return Action(record.name, record.arguments, record.description, allowed)
