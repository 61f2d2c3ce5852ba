"""The tables of data/conversations.db. Times are microseconds since 1970, UTC, as integers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    or_,
    text,
)
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.types import JSON

from sessions.checksums import of_new_row

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


PERSONS_STATES = ("received", "running", "parked", "held", "answered", "rejected", "dead")
BOTS_STATES = ("written", "showing", "delivered", "dead")
OUTCOMES = ("approved", "edited", "rejected", "responded", "mixed", "expired", "withdrawn")

# Conditions with an index of their own. They are text, because SQLite takes such an index only
# for a query that has the same words: a bound parameter could be anything.
IS_UNFINISHED = text("state IN ('received', 'running', 'parked', 'held')")
IS_HELD = text("state = 'held'")
IS_UNDELIVERED = text("state IN ('written', 'showing')")
HAS_NOT_ENDED = text("ended_at IS NULL")
IS_TO_COME = text("due_at IS NOT NULL")

#: SQLite counts up only in a column that is called INTEGER, which is 32 bits elsewhere.
Number = BigInteger().with_variant(Integer(), "sqlite")


def _checksum() -> Column[str]:
    """Give the column of the checksum, since revision 0007; whatever inserts a row fills it."""
    return Column("checksum", Text, nullable=False, default=of_new_row, server_default="")


def insert_if_absent(table: Table, *unique: str) -> Insert:
    """Insert a row unless one with the same unique columns is there.

    If none are named, any unique key counts. This is the one place where our SQL has a dialect;
    PostgreSQL's `insert` has the same method.
    """
    return sqlite_insert(table).on_conflict_do_nothing(index_elements=unique or None)


messages = Table(
    "messages",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
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
    # NULL where a message answers nothing, or what it answers was deleted.
    Column("answers", Text, ForeignKey("messages.id", ondelete="SET NULL")),
    Column("attempts", Integer, nullable=False),
    UniqueConstraint("platform", "chat_id", "platform_message_id"),
    CheckConstraint(
        f"(role = 'user' AND state IN ({_listed(PERSONS_STATES)})) OR "
        f"(role = 'assistant' AND state IN ({_listed(BOTS_STATES)}))",
        name="state",
    ),
    # Since revision 0004; `files` counts those that came with it, or go with it.
    Column("private", Boolean, nullable=False, server_default=text("0")),
    Column("files", Integer, nullable=False, server_default=text("0")),
    _checksum(),
    Index(None, "thread_id", "number"),
    Index(None, "answers"),
    Index(None, "platform", "user_id", "number"),
    Index("ix_messages_unfinished", "number", sqlite_where=IS_UNFINISHED),
    # With the state, though it is always the same: so SQLite prefers it to all of the thread.
    Index("ix_messages_held", "thread_id", "state", "number", sqlite_where=IS_HELD),
    Index("ix_messages_undelivered", "platform", "number", sqlite_where=IS_UNDELIVERED),
    sqlite_autoincrement=True,
)

#: What stands in a conversation and was said in no session of it: it is a copy of what was said
#: in another. What the bot sends of its own accord answers nothing, and has no session either.
IS_COPIED = and_(
    messages.c.thread_id != "",
    messages.c.session_id == "",
    or_(messages.c.role == "user", messages.c.answers.is_not(None)),
)

approvals = Table(
    "approvals",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("session_id", Text, nullable=False),
    Column("thread_id", Text, nullable=False),
    Column("interrupt_id", Text, nullable=False),
    # No foreign key: what was decided is kept longer than what was said.
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
    Column("decided_name", Text, nullable=False, server_default=""),  # since revision 0005
    _checksum(),
    UniqueConstraint("thread_id", "interrupt_id"),
    CheckConstraint("decider IN ('requester', 'admins', 'two')", name="decider"),
    CheckConstraint(
        "(decided_at IS NULL AND outcome = '') OR "
        f"(decided_at IS NOT NULL AND outcome IN ({_listed(OUTCOMES)}))",
        name="decided",
    ),
    CheckConstraint("began_at IS NULL OR decided_at IS NOT NULL", name="began"),
    CheckConstraint("ended_at IS NULL OR decided_at IS NOT NULL", name="ended"),
    Index("ix_approvals_not_ended", "number", sqlite_where=HAS_NOT_ENDED),
    Index(
        "ix_approvals_not_ended_in", "thread_id", "ended_at", "number", sqlite_where=HAS_NOT_ENDED
    ),
    sqlite_autoincrement=True,
)

votes = Table(
    "votes",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
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
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("thread_id", Text, nullable=False),
    Column("ai_message_id", Text, nullable=False),
    Column("tool_call_id", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("result", JSON(none_as_null=True)),
    _checksum(),
    UniqueConstraint("thread_id", "ai_message_id", "tool_call_id"),
    CheckConstraint(
        "(ended_at IS NULL AND outcome = '') OR "
        "(ended_at IS NOT NULL AND outcome IN ('done', 'failed'))",
        name="outcome",
    ),
    sqlite_autoincrement=True,
)

# ---------------------------------------------------------------- since revision 0002

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),  # that of the agent's thread
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("forked_from", Text, nullable=False),
    Index(None, "owner", "updated_at"),
)

# Given by clients that may send the same request again; most messages have none.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

# What a platform is known to show of a message, or of the card of an approval.
parts = Table(
    "parts",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("shows", Text, nullable=False),
    Column("part", Text, nullable=False),
    UniqueConstraint("shows", "part"),
    sqlite_autoincrement=True,
)

people = Table(
    "people",
    metadata,
    Column("person", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("streams", Boolean, nullable=False),
    Column("blocked_at", BigInteger),
    Column("blocked_by", Text, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("person", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
)

reminders = Table(
    "reminders",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("platform", Text, nullable=False),
    Column("chat_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("zone", Text, nullable=False),
    # Empty for one that comes once.
    Column("rule", Text, nullable=False),
    # NULL when it has come, or was cancelled.
    Column("due_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_reminders_due", "due_at", sqlite_where=IS_TO_COME),
    Index(None, "platform", "user_id"),
    sqlite_autoincrement=True,
)

# ---------------------------------------------------------------- since revision 0003

# Messages that are ``dead`` and that nobody has dropped.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("died_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
