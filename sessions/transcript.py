"""Conversations as a file that their person takes along: Markdown, a page, or JSON."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

from sessions.files import File
from sessions.models import Conversation, Message

Format = Literal["markdown", "html", "json"]
KINDS: Mapping[Format, tuple[str, str]] = {
    "markdown": ("md", "text/markdown"),
    "html": ("html", "text/html"),
    "json": ("json", "application/json"),
}
STYLE = (
    "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.5 system-ui,sans-serif}"
    "p{white-space:pre-wrap;overflow-wrap:anywhere}h3{margin-bottom:0;font-size:1em}"
    "time{color:#777;font-weight:normal}.bot{background:#f3f3f3;padding:.1em .8em}"
)
#: Whoever wrote the words, a browser that shows them runs and loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation and what was said in it, in order; the names of files by their message."""

    conversation: Conversation
    messages: Sequence[Message]
    files: Mapping[str, Sequence[str]]


def without_commands(messages: Sequence[Message], said: Callable[[str], bool]) -> Sequence[Message]:
    """Leave out commands and what they answered."""
    commands = {each.id for each in messages if each.role == "user" and not said(each.text)}
    return [each for each in messages if not {each.id, each.answers} & commands]


def transcript(told: Sequence[Told], kind: Format, *, bot_name: str, at: datetime) -> File:
    """Write conversations into one file; `at` is now. It may take long: call it in a thread."""
    ending, media_type = KINDS[kind]
    match kind:
        case "markdown":
            text = "\n\n".join(_markdown(each, bot_name) for each in told)
        case "html":
            text = _page(told, bot_name)
        case "json":
            text = _json(told, at)
    title = told[0].conversation.title if len(told) == 1 else "conversations"
    return File(f"{_file_name(title)}.{ending}", media_type, text.encode("utf-8", "replace"))


def _markdown(told: Told, bot_name: str) -> str:
    parts = [f"# {_one_line(told.conversation.title) or 'Conversation'}"]
    if told.conversation.tags:
        parts.append(f"Tags: {', '.join(told.conversation.tags)}")
    for each in told.messages:
        files = "".join(f"\n\n[File: {name}]" for name in told.files.get(each.id, ()))
        who = _one_line(_who(each, bot_name))
        parts.append(f"**{who}**, {_when(each)}:\n\n{each.text}{files}")
    return "\n\n".join(parts) + "\n"


def _page(told: Sequence[Told], bot_name: str) -> str:
    lines = [
        "<!doctype html>",
        '<html><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>Conversations with {escape(bot_name)}</title><style>{STYLE}</style></head><body>",
    ]
    for each in told:
        lines.append(f"<h1>{escape(each.conversation.title or 'Conversation')}</h1>")
        if each.conversation.tags:
            lines.append(f"<p>Tags: {escape(', '.join(each.conversation.tags))}</p>")
        for message in each.messages:
            side = "bot" if message.role == "assistant" else "person"
            files = "".join(f"\n[File: {name}]" for name in each.files.get(message.id, ()))
            lines.append(
                f'<div class="{side}"><h3>{escape(_who(message, bot_name))} '
                f"<time>{_when(message)}</time></h3><p>{escape(message.text + files)}</p></div>"
            )
    return "\n".join([*lines, "</body></html>\n"])


def _json(told: Sequence[Told], at: datetime) -> str:
    whole = {
        "format": "threadline-conversations",
        "version": 1,
        "exported_at": _iso(at),
        "conversations": [_as_json(each) for each in told],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _as_json(told: Told) -> Mapping[str, Any]:
    conversation = told.conversation
    return {
        "id": conversation.id,
        "title": conversation.title,
        "tags": list(conversation.tags),
        "created_at": _iso(conversation.created_at),
        "updated_at": _iso(conversation.updated_at),
        "forked_from": conversation.forked_from or None,
        "messages": [
            {
                "id": each.id,
                "role": each.role,
                "at": _iso(each.sent_at or each.created_at),
                "text": each.text,
                "sender": each.sender_name,
                "answers": each.answers or None,
                "files": list(told.files.get(each.id, ())),
            }
            for each in told.messages
        ],
    }


def _who(message: Message, bot_name: str) -> str:
    if message.role == "assistant":
        return bot_name
    return message.sender_name or message.place.user_id


def _when(message: Message) -> str:
    return f"{(message.sent_at or message.created_at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _file_name(title: str) -> str:
    """Make a name that every system takes for a file out of a title."""
    return re.sub(r"[^\w-]+", "-", title).strip("-_")[:60] or "conversation"
