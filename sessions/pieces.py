"""Messages that a platform made several of: an album, a long text, a forwarded bundle."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, select

from sessions.models import Message
from sessions.platform_tables import pieces
from sessions.tables import insert_if_absent, messages

ADD = insert_if_absent(pieces)
KNOWN = select(pieces.c.message_id).where(
    pieces.c.platform == bindparam("platform"),
    pieces.c.chat_id == bindparam("chat"),
    pieces.c.platform_message_id == bindparam("piece"),
)


def is_piece(db: Connection, message: Message) -> bool:
    """Say whether this is part of a message that is stored."""
    place, piece = message.place, message.platform_message_id
    query = {"platform": place.platform, "chat": place.chat_id, "piece": piece}
    return db.execute(KNOWN, query).first() is not None


def stored_of(db: Connection, platform: str, chat_id: str, ids: Sequence[str]) -> Collection[str]:
    """Say which of these ids of the platform are those of messages or pieces that are stored."""
    found: set[str] = set()
    for table in (messages, pieces):
        query = select(table.c.platform_message_id).where(
            table.c.platform == platform,
            table.c.chat_id == chat_id,
            table.c.platform_message_id.in_(ids),
        )
        found.update(db.execute(query).scalars())
    return found


def store_pieces(db: Connection, message: Message, ids: Sequence[str]) -> None:
    """Note of which further messages of the platform this one consists."""
    for piece in ids:
        db.execute(
            ADD,
            {
                "platform": message.place.platform,
                "chat_id": message.place.chat_id,
                "platform_message_id": piece,
                "message_id": message.id,
            },
        )
