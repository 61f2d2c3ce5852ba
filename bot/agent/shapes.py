"""Whether verdicts fit what was asked. A malformed answer would poison the thread (FACTS.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from adapters.contract import Action, Approve, Edit, Reject, Respond, Verdict, VerdictName
from bot.errors import MisshapenVerdict


def check_verdicts(
    actions: Sequence[Action], verdicts: Sequence[Verdict], tools: Mapping[str, BaseTool]
) -> None:
    """Check their number, whether each is allowed, and the arguments of each edit.

    Raises:
        MisshapenVerdict: with a sentence that says what does not fit.
    """
    if len(verdicts) != len(actions):
        raise MisshapenVerdict(
            f"There are {len(actions)} actions and {len(verdicts)} verdicts; each needs one."
        )
    for action, verdict in zip(actions, verdicts, strict=True):
        name = _name(verdict)
        if name not in action.allowed:
            allowed = ", ".join(action.allowed)
            raise MisshapenVerdict(f"{action.name} allows no {name}, only: {allowed}.")
        if isinstance(verdict, Edit):
            _check_arguments(action.name, verdict.arguments, tools.get(action.name))


def _name(verdict: Verdict) -> VerdictName:
    match verdict:
        case Approve():
            return "approve"
        case Edit():
            return "edit"
        case Reject():
            return "reject"
        case Respond():
            return "respond"


def _check_arguments(name: str, arguments: Mapping[str, Any], tool: BaseTool | None) -> None:
    if tool is None:
        return
    schema = convert_to_openai_tool(tool)["function"].get("parameters", {})
    unknown = sorted(set(arguments) - set(schema.get("properties", {})))
    if unknown:
        raise MisshapenVerdict(f"{name} has no argument {', '.join(unknown)}.")
    for problem in Draft202012Validator(schema).iter_errors(dict(arguments)):
        where = ".".join(map(str, problem.path))
        raise MisshapenVerdict(f"{name}: {where + ': ' if where else ''}{problem.message}.")
    model = tool.tool_call_schema
    if isinstance(model, type) and issubclass(model, BaseModel):
        try:
            model.model_validate(dict(arguments))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise MisshapenVerdict(f"{name}: {where}: {first['msg']}.") from error
