"""The tables of data/conversations.db about chat platforms, since revision 0004."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from sessions.tables import Number, metadata

# Files that came with a message, or that go out with the answer to it.
files = Table(
    "files",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    # Made while the message was worked on: its answer, once there is one, takes them over.
    Column("goes_out", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_files_message_id", "message_id", "number"),
    sqlite_autoincrement=True,
)

# Further messages of a platform that are part of one of ours.
pieces = Table(
    "pieces",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("platform_message_id", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Index("ix_pieces_message_id", "message_id"),
)

# Where the cards of approvals stand that people may still take for open.
cards = Table(
    "cards",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("approval_id", Text, ForeignKey("approvals.id", ondelete="CASCADE"), nullable=False),
    Column("platform", Text, nullable=False),
    Column("chat_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    # Empty where the platform gives no id.
    Column("part", Text, nullable=False),
    UniqueConstraint("approval_id", "platform", "chat_id", "topic_id", "part"),
    sqlite_autoincrement=True,
)

# Up to which message a platform's chats are stored.
marks = Table(
    "marks",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("mark", Text, nullable=False),
)

# What arrived and could not be handled.
set_aside = Table(
    "set_aside",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("platform", Text, nullable=False),
    Column("update_id", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("platform", "update_id"),
    sqlite_autoincrement=True,
)

# What has arrived and waits for the rest of it before it is handled.
kept_updates = Table(
    "kept_updates",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("platform", Text, nullable=False),
    Column("update_id", Text, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("platform", "update_id"),
    sqlite_autoincrement=True,
)

# Strangers who were told that they may not speak here, and those among them who may now.
guests = Table(
    "guests",
    metadata,
    Column("person", Text, primary_key=True),
    Column("code_hash", Text, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    # NULL where they were given no code.
    Column("expires_at", BigInteger),
    Column("accepted_at", BigInteger),
    Column("accepted_by", Text, nullable=False),
)
