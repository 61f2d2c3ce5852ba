"""A model for tests that calls the tools that it is told to: "book a chair and pay 3 euros"."""

import hashlib
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from bot.agent.offline import OfflineModel
from bot.agent.threads import unanswered_calls


class Clerk(OfflineModel):
    """Decides from the messages alone, streams, and refuses threads as real providers do."""

    def reply(self, messages: Sequence[BaseMessage]) -> AIMessage:
        if unanswered_calls(messages):  # type: ignore[arg-type] # a provider takes any message
            raise ValueError("a tool call was not answered")
        since = max(i for i, each in enumerate(messages) if isinstance(each, HumanMessage))
        results = [each.text for each in messages[since + 1 :] if isinstance(each, ToolMessage)]
        if results:
            return AIMessage("; ".join(results))
        parts = messages[since].text.split(" and ")
        calls = [
            ToolCall(name=name, args={"what": what}, id=_id(f"{messages[since].id}/{number}"))
            for number, (name, _, what) in enumerate(part.partition(" ") for part in parts)
            if name in self.tool_names
        ]
        return AIMessage("", tool_calls=calls) if calls else AIMessage(f"Heard: {parts[0]}.")


def _id(seed: str) -> str:
    return f"call_{hashlib.sha256(seed.encode()).hexdigest()[:12]}"
