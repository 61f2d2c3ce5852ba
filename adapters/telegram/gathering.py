"""What belongs together though it comes in several messages: split texts, albums, forwards."""

from collections.abc import Sequence
from datetime import timedelta

from telegram import Message

from adapters.text import utf16_length

LONG = 3500
"""UTF-16 units: a client cuts at 4096, or between words before that."""

CUT = 4096
AT_ONCE = timedelta(seconds=2)
"""Pieces of one thing are sent in the same moment; Telegram counts whole seconds."""


def may_go_on(messages: Sequence[Message]) -> bool:
    """Say whether more of it may be on its way."""
    last = messages[-1]
    return bool(last.media_group_id or last.forward_origin) or utf16_length(last.text or "") >= LONG


def joins(messages: Sequence[Message], following: Message) -> bool:
    """Say whether a message goes on with these."""
    last = messages[-1]
    if following.from_user != last.from_user or _topic(following) != _topic(last):
        return False
    if last.media_group_id or following.media_group_id:
        return following.media_group_id == last.media_group_id
    if following.date - last.date > AT_ONCE:
        return False
    if following.forward_origin is not None:  # also a comment, and what it is about
        return last.forward_origin is not None or (
            len(messages) == 1 and bool(last.text) and not _is_command(last)
        )
    if last.forward_origin is not None or not following.text or _is_command(following):
        return False
    return utf16_length(last.text or "") >= LONG


def joined(messages: Sequence[Message], texts: Sequence[str]) -> str:
    """Put the texts of these messages into one; who a forwarded one is by stands before it."""
    whole = ""
    for at, (message, text) in enumerate(zip(messages, texts, strict=True)):
        if message.forward_origin is not None and text:
            text = f"{_origin(message)}\n{text}"  # noqa: PLW2901 - the same text, named
        if at and whole and text:
            cut = utf16_length(messages[at - 1].text or "") >= CUT
            parted = message.media_group_id or message.forward_origin is not None
            whole += "" if cut and not parted else "\n"
        whole += text
    return whole


def _origin(message: Message) -> str:
    origin = message.forward_origin
    user = getattr(origin, "sender_user", None)
    chat = getattr(origin, "sender_chat", None) or getattr(origin, "chat", None)
    name = (
        (user.full_name if user is not None else "")
        or getattr(origin, "sender_user_name", "")
        or (chat.effective_name if chat is not None else "")
    )
    return f"[forwarded from {name}]" if name else "[forwarded]"


def _topic(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


def _is_command(message: Message) -> bool:
    return (message.text or "").startswith("/")
