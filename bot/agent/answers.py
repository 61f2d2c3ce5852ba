"""What of a graph's stream a person may read: the answer, as it is written."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk

ANSWER_TAG = "answer"
"""Nodes with this tag speak to the person; without one, the node that calls the model does."""

AGENT_NODE = "model"


class Listener:
    """Takes the parts of a stream and gives the text in them that is for the person.

    `text` is what was given so far of the message that is being written.
    """

    def __init__(self) -> None:
        self.text = ""
        self._speaking = ""

    def hear(self, part: Mapping[str, Any]) -> str:
        """Give the person's text in one part; tools, reasoning and other nodes give none."""
        if part["type"] != "messages":
            return ""
        chunk, facts = part["data"]
        tagged = ANSWER_TAG in (facts.get("tags") or ())
        from_agent = not part["ns"] and facts.get("langgraph_node") == AGENT_NODE
        if not isinstance(chunk, AIMessageChunk) or not (tagged or from_agent):
            return ""
        text = str(chunk.text)
        if chunk.id != self._speaking and text:
            separator = "\n\n" if self.text else ""
            self._speaking, text = str(chunk.id), separator + text
        self.text += text
        return text
