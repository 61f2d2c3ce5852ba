"""The model that needs no key: it says what it is, and uses the real tools when asked plainly.

It keeps nothing: all it does follows from the messages alone, so doing a step again gives the same.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.messages.tool import ToolCall, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from bot.agent.attachments import without_speaker
from bot.agent.threads import unanswered_calls

WHAT_I_AM = (
    "No language model is configured, so I only understand a few plain sentences. To set one, "
    "put for example MODEL=openai:gpt-5-mini and OPENAI_API_KEY=… into .env and start again."
)
WHAT_I_CAN = (
    "You can write:\n"
    "- what time is it in Paris?\n"
    "- note: buy milk\n"
    "- what are my notes?\n"
    "- remind me in 10 minutes to drink tea\n"
    "- write tea, milk and bread to a file\n"
    "- send hello to me (this asks for approval first)\n"
    "- forget my notes (so does this)\n"
    "and join several with “and”."
)

LONG = re.IGNORECASE | re.DOTALL
# Where a time begins in “remind me to call home tomorrow at 9”, and not in “on the phone”.
WHEN = (
    r"(?:in (?:\d|an? |half |one |two |three |five |ten )|tomorrow\b|today\b|tonight\b|this \w"
    r"|next \w|(?:on |every |each )+(?:\d|the \d|other |mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr"
    r"|may|jun|jul|aug|sep|oct|nov|dec|day|week|month|year|hour|morning|evening|night)"
    r"|(?:daily|hourly|weekly|monthly)\b|at (?:\d|noon|midnight))"
)
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("send_file", re.compile(r"(?:please )?write (?P<text>.+) (?:in)?to a file[.! ]*", LONG)),
    (
        "forget_notes",
        re.compile(r"(?:please )?(?:forget|delete) (?:all )?my notes[?.! ]*", re.IGNORECASE),
    ),
    ("notes", re.compile(r"(?:what are|show|list|read)(?: me)? my notes[?.! ]*", LONG)),
    (
        "note",
        re.compile(
            r"(?:please )?(?:note|remember)(?: that\b|:)?\s+(?P<text>.+)", re.IGNORECASE | re.DOTALL
        ),
    ),
    (
        "remind_me",
        re.compile(
            rf"(?:please )?remind me (?P<when>{WHEN}.*?)[,:]? (?:to(?! \d)|that|about)"
            r" (?P<text>.+)",
            LONG,
        ),
    ),
    (
        "remind_me",
        re.compile(
            rf"(?:please )?remind me (?:to|that|about|of) (?P<text>.+?) (?P<when>{WHEN}.*)", LONG
        ),
    ),
    (
        "time",
        re.compile(
            r"what(?:'s|’s| is)?(?: the)? time(?: is it)?(?: in (?P<zone>[\w/ +-]+))?[?.! ]*",
            re.IGNORECASE,
        ),
    ),
    (
        "send_message",
        re.compile(
            r"(?:please )?(?:send|tell)\s+(?P<text>.+?)\s+to\s+(?P<to>\S+)",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)


class OfflineModel(BaseChatModel):
    """A chat model made of a few patterns."""

    tool_names: tuple[str, ...] = ()

    @property
    def _llm_type(self) -> str:
        return "threadline-offline"

    def bind_tools(
        self,
        tools: Sequence[Any],
        *,
        tool_choice: str | None = None,  # noqa: ARG002 - it chooses by what was said
        **kwargs: Any,  # noqa: ARG002 - options of real models
    ) -> Runnable[Any, AIMessage]:
        """Let the model use these tools."""
        names = tuple(_name(tool) for tool in tools)
        return self.model_copy(update={"tool_names": names})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - answers are short
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - the base class says so
        **kwargs: Any,  # noqa: ARG002 - the base class says so
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.reply(messages))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the base class says so
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ARG002 - the base class says so
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages):
            if run_manager is not None and chunk.text:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        reply = self.reply(messages)
        for word in re.findall(r"\S+\s*|\s+", reply.text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        calls = [
            tool_call_chunk(
                name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=index
            )
            for index, call in enumerate(reply.tool_calls)
        ]
        last = AIMessageChunk(content="", tool_call_chunks=calls, chunk_position="last")
        yield ChatGenerationChunk(message=last)

    def reply(self, messages: Sequence[BaseMessage]) -> AIMessage:
        """Decide what to say or call, from the messages alone.

        Raises:
            ValueError: a tool call is not answered; real providers refuse such a thread too.
        """
        if unanswered_calls(messages):  # type: ignore[arg-type] # a provider takes any message
            raise ValueError("a tool call was not answered")
        since = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
        results = [each for each in messages[since + 1 :] if isinstance(each, ToolMessage)]
        if results:
            return AIMessage(content="\n".join(map(_result, results)))
        asked = without_speaker(messages[since]).strip() if since >= 0 else ""
        calls = self._calls(asked, turn=str(messages[since].id) if since >= 0 else "")
        if calls:
            return AIMessage(content="", tool_calls=calls)
        return AIMessage(content=_small_talk(asked))

    def _calls(self, asked: str, turn: str) -> list[ToolCall]:
        found: list[ToolCall] = []
        for number, part in enumerate(_parts(asked)):
            match = _match(part, self.tool_names)
            if match is None:
                return []
            name, arguments = match
            seed = f"{turn}/{number}/{part}".encode()
            call_id = f"call_{hashlib.sha256(seed).hexdigest()[:16]}"
            found.append(ToolCall(name=name, args=arguments, id=call_id))
        return found


def _parts(asked: str) -> list[str]:
    """Split “this and that” where every part is something to do; otherwise it is one text."""
    parts = re.split(r"\s*(?:,|;)?\s+and(?: then)?\s+", asked)
    everything = tuple(name for name, _ in PATTERNS)
    return parts if all(_match(part, everything) for part in parts) else [asked]


def _match(text: str, tools: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    for name, pattern in PATTERNS:
        match = pattern.fullmatch(text.strip())
        if match is not None and name in tools:
            arguments = {key: value.strip() for key, value in match.groupdict().items() if value}
            return name, arguments
    return None


def _result(message: ToolMessage) -> str:
    """Say a result as it is for people: what LangChain tells a model around it is left out."""
    text = message.text
    if text.startswith("Note: a human reviewer replaced this tool call"):
        return text.partition("Tool response:")[2].strip() or text
    rejected = re.match(
        r"User rejected the tool call for `\w+`(?: with reason: (.*))?", text, re.DOTALL
    )
    if rejected:
        return f"{message.name} was rejected{f': {rejected[1]}' if rejected[1] else '.'}"
    return f"{message.name} was not done: {text}" if message.status == "error" else text


def _small_talk(asked: str) -> str:
    if re.search(r"\b(hello|hi|hey|good (morning|evening|day))\b", asked, re.IGNORECASE):
        return f"Hello! {WHAT_I_AM}\n{WHAT_I_CAN}"
    if re.search(r"\b(thanks|thank you)\b", asked, re.IGNORECASE):
        return "You are welcome."
    return f"{WHAT_I_AM}\n{WHAT_I_CAN}"


def _name(tool: Any) -> str:
    if isinstance(tool, BaseTool):
        return tool.name
    return str(convert_to_openai_tool(tool)["function"]["name"])
