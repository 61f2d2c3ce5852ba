"""What of a graph's stream a person may read: the answer, as it is written."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk

ANSWER_TAG = "answer"
"""Nodes with this tag speak to the person; without one, the node that calls the model does."""

AGENT_NODE = "model"
"""The node that calls the model in the agent that ships."""


class Listener:
    """Takes the parts of a stream and gives the text in them that is for the person.

    `speaking` are the nodes that are heard as long as no tagged one spoke. `text` is what was
    given so far of the message that is being written.
    """

    def __init__(self, speaking: frozenset[str]) -> None:
        self.text = ""
        self._speaking = speaking
        self._message = ""

    def hear(self, part: Mapping[str, Any]) -> str:
        """Give the person's text in one part; tools, reasoning and other nodes give none."""
        if part["type"] != "messages":
            return ""
        chunk, facts = part["data"]
        if not isinstance(chunk, AIMessageChunk) or not self._is_heard(part["ns"], facts):
            return ""
        text = str(chunk.text)
        if chunk.id != self._message and text:
            separator = "\n\n" if self.text else ""
            self._message, text = str(chunk.id), separator + text
        self.text += text
        return text

    def _is_heard(self, inside: Sequence[str], facts: Mapping[str, Any]) -> bool:
        if ANSWER_TAG in (facts.get("tags") or ()):
            self._speaking = frozenset()
            return True
        return not inside and facts.get("langgraph_node") in self._speaking
