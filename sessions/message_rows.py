"""Messages as rows of their table, and back."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from sessions.models import Message, Place
from sessions.times import loaded, stored


def numbered(message: Message, number: int) -> Message:
    """Give a message as reading it again would."""
    return replace(
        message,
        number=number,
        created_at=loaded(stored(message.created_at)),
        sent_at=loaded(stored(message.sent_at)),
    )


def values_of(message: Message) -> dict[str, Any]:
    """Give the columns of a message."""
    return {
        "id": message.id,
        "role": message.role,
        "text": message.text,
        "platform": message.place.platform,
        "chat_id": message.place.chat_id,
        "user_id": message.place.user_id,
        "topic_id": message.place.topic_id,
        "created_at": stored(message.created_at),
        "state": message.state,
        "thread_id": message.thread_id,
        "session_id": message.session_id,
        "sender_name": message.sender_name,
        "platform_message_id": message.platform_message_id or None,
        "sent_at": stored(message.sent_at),
        "answers": message.answers or None,
        "attempts": message.attempts,
        "private": message.private,
        "files": message.files,
    }


def message_of(row: Row[Any]) -> Message:
    """Give the message that a row holds."""
    return Message(
        id=row.id,
        role=row.role,
        text=row.text,
        place=Place(row.platform, row.chat_id, row.user_id, row.topic_id),
        created_at=loaded(row.created_at),
        state=row.state,
        thread_id=row.thread_id,
        session_id=row.session_id,
        sender_name=row.sender_name,
        platform_message_id=row.platform_message_id or "",
        sent_at=loaded(row.sent_at),
        answers=row.answers or "",
        attempts=row.attempts,
        number=row.number,
        private=row.private,
        files=row.files,
    )
