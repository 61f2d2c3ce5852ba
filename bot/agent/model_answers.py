"""What a model answered, taken only if it is whole and will never be refused by a provider."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AnyMessage

NOT_WHOLE = "(This answer is not whole: it reached the language model's length limit.)"

ENDINGS = {
    "openai": ("finish_reason", "status"),
    "anthropic": ("stop_reason",),
    "ollama": ("done_reason", "done"),
}
"""Where a provider says how an answer ended; nothing there means that the connection was cut."""

TOO_LONG = frozenset({"length", "max_tokens", "incomplete"})


class ModelCutOff(Exception):
    """The model's answer ended without saying that it had ended."""


class ModelGarbled(Exception):
    """The model wrote a tool call that cannot be read."""


def taken(answer: AIMessage, before: Sequence[AnyMessage]) -> AIMessage:
    """Give the model's answer as it may stand in the thread behind `before`.

    Raises:
        ModelCutOff: it is not whole, and calls tools or does not say how it ended.
        ModelGarbled: providers refuse a thread with such a call for ever after.
    """
    facts = answer.response_metadata
    endings = [facts.get(name) for name in ENDINGS.get(facts.get("model_provider", ""), ())]
    if endings and not any(endings):
        raise ModelCutOff
    if TOO_LONG.intersection(map(str, endings)):
        if answer.tool_calls or answer.invalid_tool_calls:
            raise ModelCutOff  # arguments that are cut off are mended into other ones
        answer = _with_text(answer, f"\n\n{NOT_WHOLE}")
    if answer.invalid_tool_calls:
        raise ModelGarbled
    return _with_own_call_ids(answer, before)


def _with_text(answer: AIMessage, text: str) -> AIMessage:
    content: Any = answer.content
    whole = content + text if isinstance(content, str) else [*content, _block(text)]
    return answer.model_copy(update={"content": whole})


def _block(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _with_own_call_ids(answer: AIMessage, before: Sequence[AnyMessage]) -> AIMessage:
    """Give ids to calls that have none or a used one: some servers number each answer anew."""
    used = {
        call["id"] for each in before if isinstance(each, AIMessage) for call in each.tool_calls
    }
    calls = []
    for call in answer.tool_calls:
        own = call["id"] if call["id"] and call["id"] not in used else f"call_{uuid4().hex}"
        used.add(own)
        calls.append({**call, "id": own})
    if calls == answer.tool_calls:
        return answer
    return answer.model_copy(update={"tool_calls": calls})
