"""Interrupts of a graph as requests to a person, and a person's verdicts as resume values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.types import Interrupt

from adapters.contract import Action, Approve, Edit, Reject, Respond, Verdict, VerdictName

QUESTION = "question"
"""The name of the one action that an interrupt in another form than tools' is shown as."""

ALL: tuple[VerdictName, ...] = ("approve", "edit", "reject", "respond")


@dataclass(frozen=True, slots=True)
class Request:
    """One open interrupt. `form` says how its answer is written.

    `tool_call_id` is set where a gate asks: its answer says which call it is about.
    """

    interrupt_id: str
    actions: tuple[Action, ...]
    form: Literal["tools", "value"]
    tool_call_id: str = ""


def to_request(interrupt: Interrupt[Any]) -> Request:
    """Read an interrupt: LangChain's form for tools, or any value, which is shown as text."""
    value = interrupt.value
    asked = value.get("action_requests") if isinstance(value, Mapping) else None
    if not asked:
        question = Action(QUESTION, {}, str(value), ("approve", "reject", "respond"))
        return Request(interrupt.id, (question,), "value")
    allowed = {
        config["action_name"]: frozenset(config["allowed_decisions"])
        for config in value.get("review_configs", ())
    }
    actions = tuple(
        Action(
            each["name"],
            each["args"],
            each.get("description", ""),
            tuple(name for name in ALL if name in allowed.get(each["name"], ALL)),
        )
        for each in asked
    )
    return Request(interrupt.id, actions, "tools", str(value.get("tool_call_id", "")))


def resume_value(request: Request, verdicts: tuple[Verdict, ...]) -> Any:
    """Write the answer to an interrupt. The verdicts have been checked."""
    if request.form == "tools":
        pairs = zip(request.actions, verdicts, strict=True)
        decisions = [_decision(action, verdict) for action, verdict in pairs]
        answer: dict[str, Any] = {"decisions": decisions}
        if not request.tool_call_id:
            return answer
        asked = [{"name": each.name, "args": dict(each.arguments)} for each in request.actions]
        return answer | {"tool_call_id": request.tool_call_id, "asked": asked}
    match verdicts[0]:
        case Approve():
            return True
        case Respond(text):
            return text
        case Reject() | Edit():
            return False


def _decision(action: Action, verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Approve():
            return {"type": "approve"}
        case Edit(arguments):
            edited = {"name": action.name, "args": dict(arguments)}
            return {"type": "edit", "edited_action": edited}
        case Reject(reason):
            return {"type": "reject", "message": reason} if reason else {"type": "reject"}
        case Respond(text):
            return {"type": "respond", "message": text}
