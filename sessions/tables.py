"""The tables of data/conversations.db. Times are microseconds since 1970, UTC, as integers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import JSON

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

MESSAGE_STATES = (
    "received",
    "running",
    "parked",
    "held",
    "answered",
    "rejected",
    "dead",
    "written",
    "showing",
    "delivered",
)
OUTCOMES = (
    "",
    "approved",
    "edited",
    "rejected",
    "responded",
    "mixed",
    "expired",
    "withdrawn",
)


def _one_of(column: str, names: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{name}'" for name in names)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


messages = Table(
    "messages",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("chat_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("thread_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    # NULL where the platform gave no id: NULLs are never equal in a unique key.
    Column("platform_message_id", Text),
    Column("sent_at", BigInteger),
    Column("answers", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    UniqueConstraint("platform", "chat_id", "platform_message_id"),
    _one_of("role", ("user", "assistant")),
    _one_of("state", MESSAGE_STATES),
    Index(None, "thread_id", "state"),
    Index(None, "answers"),
    Index(None, "platform", "user_id", "number"),
    Index(
        "ix_messages_unfinished",
        "number",
        sqlite_where=Column("state", Text).in_(("received", "running", "parked", "held")),
    ),
    sqlite_autoincrement=True,
)

approvals = Table(
    "approvals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("session_id", Text, nullable=False),
    Column("thread_id", Text, nullable=False),
    Column("interrupt_id", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("chat_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    Column("actions", JSON, nullable=False),
    Column("hash", Text, nullable=False),
    Column("decider", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_where", Text, nullable=False),
    Column("verdicts", JSON, nullable=False),
    Column("began_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ending", Text, nullable=False),
    UniqueConstraint("thread_id", "interrupt_id"),
    _one_of("decider", ("requester", "admins", "two")),
    _one_of("outcome", OUTCOMES),
    CheckConstraint("(decided_at IS NULL) = (outcome = '')", name="decided"),
    CheckConstraint("ended_at IS NULL OR decided_at IS NOT NULL", name="ended"),
    Index(None, "decided_at", "ended_at"),
    Index(None, "requester"),
    sqlite_autoincrement=True,
)

votes = Table(
    "votes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("approval_id", Text, ForeignKey("approvals.id"), nullable=False),
    Column("voter", Text, nullable=False),
    Column("verdicts", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("approval_id", "voter"),
    sqlite_autoincrement=True,
)

grants = Table(
    "grants",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("tool", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("thread_id", Text, primary_key=True),
    Column("ai_message_id", Text, primary_key=True),
    Column("tool_call_id", Text, primary_key=True),
    Column("tool", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("result", JSON(none_as_null=True)),
    _one_of("outcome", ("", "done", "failed")),
)
