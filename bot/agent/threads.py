"""Reading and mending what a thread holds: its messages and the calls nobody answered."""

from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from langgraph.checkpoint.base import CheckpointTuple

from bot.agent.events import Finished

NOT_RUN = "This call was interrupted and is not answered. Do not assume that it ran."


def unanswered_calls(messages: Sequence[AnyMessage]) -> list[dict[str, Any]]:
    """List the tool calls that no tool message answers, in order."""
    answered = {each.tool_call_id for each in messages if isinstance(each, ToolMessage)}
    return [
        dict(call)
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
        if call["id"] not in answered
    ]


def answers_for(messages: Sequence[AnyMessage], text: str = NOT_RUN) -> list[ToolMessage]:
    """Answer each unanswered call with an error, as providers refuse threads without."""
    return [
        ToolMessage(
            content=text,
            tool_call_id=call["id"],
            name=call["name"],
            status="error",
            id=str(uuid4()),
        )
        for call in unanswered_calls(messages)
    ]


def mended(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Give the messages as every provider takes them: calls answered, no answer without a call.

    An answer stands right behind the message that called, whatever came in between.
    """
    missing = {each.tool_call_id: each for each in answers_for(messages)}
    answers = {each.tool_call_id: each for each in messages if isinstance(each, ToolMessage)}
    whole: list[AnyMessage] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            continue
        whole.append(message)
        if isinstance(message, AIMessage):
            ids = [str(call["id"]) for call in message.tool_calls]
            whole += [answers.get(each) or missing[each] for each in ids]
    return whole


def beyond(messages: Sequence[AnyMessage], most_chars: int) -> list[AnyMessage]:
    """List the oldest messages that no longer fit, in whole turns; the last turn always stays."""
    starts = [index for index, each in enumerate(messages) if isinstance(each, HumanMessage)]
    if not starts:
        return []
    kept, chars, end = starts[-1], 0, len(messages)
    for start in reversed(starts):
        chars += sum(_size(message) for message in messages[start:end])
        if chars > most_chars and start != starts[-1]:
            break
        kept, end = start, start
    return list(messages[:kept])


def answered_by_tools(messages: Sequence[AnyMessage]) -> AIMessage | None:
    """Say in the model's stead what tools with `return_direct` answered, as nobody else did."""
    results = list(takewhile(lambda each: isinstance(each, ToolMessage), reversed(messages)))
    if not results or unanswered_calls(messages):
        return None
    return AIMessage("\n".join(each.text for each in reversed(results)), id=str(uuid4()))


def split_at(
    messages: Sequence[AnyMessage], message_id: str
) -> tuple[list[AnyMessage], list[AnyMessage]]:
    """Part the messages before a person's message from it and all that came of it."""
    ids = [each.id for each in messages]
    at = ids.index(message_id) if message_id in ids else len(ids)
    return list(messages[:at]), list(messages[at:])


def turns_of(messages: Sequence[AnyMessage], ids: Collection[str]) -> list[AnyMessage]:
    """List these messages of people, and what came of each."""
    found: list[AnyMessage] = []
    is_one = False
    for each in messages:
        if isinstance(each, HumanMessage):
            is_one = each.id in ids
        if is_one:
            found.append(each)
    return found


def messages_in(found: CheckpointTuple | None) -> list[AnyMessage]:
    """Give the messages of a checkpoint."""
    return list(found.checkpoint["channel_values"].get("messages", ())) if found else []


def finished_with(messages: Sequence[AnyMessage]) -> Finished | None:
    """Give the answer that a thread ends with, unless it is in the middle of something."""
    last = messages[-1] if messages else None
    if not isinstance(last, AIMessage) or last.tool_calls or unanswered_calls(messages):
        return None
    return Finished(str(last.id), last.text)


def calls_before(messages: Sequence[AnyMessage], tool: str, call_id: str) -> int:
    """Count the calls of a tool in this turn before the given one."""
    before = 0
    for message in messages:
        if isinstance(message, HumanMessage):
            before = 0
        if not isinstance(message, AIMessage):
            continue
        for call in message.tool_calls:
            if call["id"] == call_id:
                return before
            before += call["name"] == tool
    return before


def steps_in_turn(messages: Sequence[AnyMessage]) -> int:
    """Count the model's messages since the person's last one."""
    return sum(isinstance(each, AIMessage) for each in _this_turn(messages))


def place_in_turn(messages: Sequence[AnyMessage], call_id: str) -> int:
    """Count the tool calls since the person's last message before the given one."""
    calls = [call["id"] for each in _this_turn(messages) for call in _calls_of(each)]
    return calls.index(call_id) if call_id in calls else len(calls)


def caller_of(messages: Sequence[AnyMessage], call_id: str) -> str:
    """Give the id of the newest message of the model that made this call; empty if none did."""
    for message in reversed(messages):
        if isinstance(message, AIMessage) and any(c["id"] == call_id for c in message.tool_calls):
            return message.id or ""
    return ""


def _size(message: AnyMessage) -> int:
    return len(message.text) + sum(len(str(call["args"])) for call in _calls_of(message))


def _this_turn(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    starts = [index for index, each in enumerate(messages) if isinstance(each, HumanMessage)]
    return messages[starts[-1] + 1 :] if starts else messages


def _calls_of(message: AnyMessage) -> Sequence[ToolCall]:
    return message.tool_calls if isinstance(message, AIMessage) else ()
