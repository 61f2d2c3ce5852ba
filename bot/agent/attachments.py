"""Files that people send, as the model is shown them, and files that it sends."""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.tools import ToolRuntime, tool
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage
from langchain_core.tools import BaseTool, ToolException

from bot.agent.context import TurnContext, current_turn
from bot.agent.threads import calls_before
from sessions.files import File

LoadFile = Callable[[str], Awaitable[File | None]]
"""Find a stored file by its id."""

SendFile = Callable[[TurnContext, str, File], Awaitable[None]]
"""Keep a file that goes out with the answer of a turn; the text names which of its files it is."""

Sight = Literal["auto", "on", "off"]
"""Whether the model is shown pictures; ``auto`` asks what LangChain knows of the model."""

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/toml"})
KINDS: Mapping[str, str] = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
}
"""Of files that are sent; Python's own table would read the machine's files first."""

MOST_CHARS = 20_000
"""Of one text file; the transcript keeps the whole file."""

MOST_PICTURES = 4
"""Of a conversation, the newest ones: each is sent to the provider again in every turn."""

LARGEST_FILE = 1_000_000
NAME = "send_file"
IDS = "pictures"
SPEAKER = "speaker"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person said. `speaker` is who, in a conversation that several people share."""

    text: str
    files: Sequence[File] = ()
    speaker: str = ""


def human_message(said: Saying, message_id: str, *, inline: bool) -> HumanMessage:
    """Put what a person wrote and sent into one message.

    The text of text files stands in it. Pictures are named and shown when the model is called;
    with `inline` they stand in the message itself, for a graph that knows nothing of ours.
    """
    pictures = [each for each in said.files if each.media_type in PICTURES]
    words = "\n\n".join(filter(None, (said.text, *map(_as_text, said.files))))
    notes: dict[str, Any] = {}
    if said.speaker:
        words, notes[SPEAKER] = f"{said.speaker}: {words}", said.speaker
    if inline and pictures:
        blocks: list[str | dict[Any, Any]] = [_words(words), *map(_block, pictures)]
        return HumanMessage(blocks, id=message_id, additional_kwargs=notes)
    if pictures:
        notes[IDS] = [each.id for each in pictures]
    return HumanMessage(words, id=message_id, additional_kwargs=notes)


def with_files(message: AnyMessage, renamed: Callable[[str], str]) -> AnyMessage:
    """Let a message refer to copies of its files, which are named otherwise."""
    ids = _pictures_of(message)
    if not ids:
        return message
    notes = {**message.additional_kwargs, IDS: [renamed(each) for each in ids]}
    return message.model_copy(update={"additional_kwargs": notes})


def without_speaker(message: BaseMessage) -> str:
    """Give the text of a message without who said it."""
    speaker = message.additional_kwargs.get(SPEAKER)
    return message.text.removeprefix(f"{speaker}: ") if speaker else message.text


class ShowPictures(AgentMiddleware[Any, Any, Any]):
    """Shows the model the newest pictures of the conversation, if it can see at all."""

    def __init__(self, load: LoadFile, sight: Sight) -> None:
        super().__init__()
        self._load = load
        self._sight = sight

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model with pictures in the place of their names."""
        if not any(map(_pictures_of, request.messages)):
            return await handler(request)
        sees = self._sight == "on" or (self._sight == "auto" and _can_see(request.model))
        left = MOST_PICTURES if sees else 0
        shown: list[AnyMessage] = []
        for message in reversed(request.messages):
            ids = _pictures_of(message)
            found = [await self._load(each) for each in ids[:left]]
            left -= len(found)
            blocks = [_block(each) for each in found if each is not None]
            words = message.text if blocks or not ids else f"{message.text}\n(You cannot see it.)"
            content: Any = [_words(words), *blocks] if blocks else words
            shown.append(message.model_copy(update={"content": content}) if ids else message)
        return await handler(request.override(messages=shown[::-1]))


def file_tool(send: SendFile) -> BaseTool:
    """Make the tool that sends a file. It is on the safe list as it comes."""

    @tool
    async def send_file(text: str, runtime: ToolRuntime, name: str = "answer.txt") -> str:
        """Send the person a text file together with your answer, such as a table or a program.

        `name` is its name with an ending, such as plan.md or prices.csv.
        """
        content = text.encode("utf-8", "replace")
        if len(content) > LARGEST_FILE:
            raise ToolException(f"A file has at most {LARGEST_FILE:,} bytes.")
        name = "".join(letter for letter in name if letter.isprintable() and letter not in '/\\:"')
        name = name.strip(". ")[-100:] or "answer.txt"
        kind = KINDS.get(PurePath(name).suffix.lower(), "text/plain")
        turn = current_turn.get()
        # The same call of a turn that runs again after a crash sends the same file.
        ordinal = calls_before(runtime.state["messages"], NAME, str(runtime.tool_call_id))
        await send(turn, str(ordinal), File(name, kind, content))
        return f"{name} goes with your answer."

    send_file.metadata = {"idempotent": True}
    return send_file


def _pictures_of(message: AnyMessage) -> list[str]:
    return list(message.additional_kwargs.get(IDS, ())) if isinstance(message, HumanMessage) else []


def _can_see(model: BaseChatModel) -> bool:
    profile = getattr(model, "profile", None) or {}
    return bool(profile.get("image_inputs"))


def _as_text(file: File) -> str:
    if file.media_type in PICTURES:
        return f"[Picture {file.name}]"
    if not (file.media_type.startswith("text/") or file.media_type in TEXTS):
        return f"[File {file.name} ({file.media_type}), which you cannot read]"
    text = file.content.decode("utf-8", "replace").replace("\0", "\ufffd")
    cut = ", its beginning" if len(text) > MOST_CHARS else ""
    return f"[File {file.name}{cut}]\n{text[:MOST_CHARS]}\n[End of {file.name}]"


def _words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _block(file: File) -> dict[str, Any]:
    data = base64.b64encode(file.content).decode()
    return {"type": "image", "base64": data, "mime_type": file.media_type}
