"""Checksums of rows, so that a row that was changed by hand is found.

A checksum covers what is written once: the words, whose they are and when. It is stored with the
row, and written anew when the bot itself changes what it covers, as when words are erased. What
changes as a message lives (states, attempts, its session and conversation) is not covered. It is
no signature: who can write to the file can write a checksum too.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Table,
    Text,
    Update,
    bindparam,
    type_coerce,
    update,
)
from sqlalchemy.types import JSON, Boolean

PLACE = ("platform", "chat_id", "user_id", "topic_id")
OF_MESSAGES = ("id", "role", "text", *PLACE, "created_at", "sender_name", "sent_at", "private")
OF_APPROVALS = (
    *("id", "thread_id", "interrupt_id", "message_id", "requester", *PLACE, "actions", "hash"),
    *("decider", "asked_at", "expires_at"),
    # Written once too, when it is decided.
    *("decided_at", "outcome", "decided_by", "decided_where", "verdicts"),
)
OF_LEDGER = (
    *("thread_id", "ai_message_id", "tool_call_id", "tool", "arguments", "begun_at"),
    # Written once too, when it ends.
    *("ended_at", "outcome", "result"),
)
COVERED: Mapping[str, Sequence[str]] = {
    "messages": OF_MESSAGES,
    "approvals": OF_APPROVALS,
    "ledger": OF_LEDGER,
}
AS_JSON = frozenset({"actions", "verdicts", "arguments"})
"""Columns that are never NULL and hold JSON; `result` holds JSON, or NULL where it is None."""


#: Made once: `json.dumps` would make one each time.
CANONICAL = json.JSONEncoder(default=repr, separators=(",", ":")).encode


def checksum(values: Sequence[Any]) -> str:
    """Give the checksum of values as they are stored: JSON as its text, flags as 0 or 1."""
    return blake2b(CANONICAL(values).encode(), digest_size=16).hexdigest()


def of_new_row(context: Any) -> str:
    """Give the checksum of a row that SQLAlchemy is about to insert."""
    row = context.get_current_parameters()
    columns = COVERED[context.compiled.statement.table.name]
    return checksum([_as_stored(name, row.get(name)) for name in columns])


def _as_stored(name: str, value: Any) -> Any:
    if name in AS_JSON or (name == "result" and value is not None):
        return json.dumps(value)
    return int(value or False) if name == "private" else value


def stored_columns(table: Table) -> list[Any]:
    """Give the columns that a checksum covers, to be read as they are stored."""
    return [_raw(table.c[name]) for name in COVERED[table.name]]


def _raw(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return type_coerce(column, Text).label(column.name)
    return type_coerce(column, Integer) if isinstance(column.type, Boolean) else column


def change_sealed(
    db: Connection, table: Table, change: Update, values: Mapping[str, Any] | None = None
) -> int:
    """Change rows in what their checksums cover, write these anew, and count the rows."""
    changing = change.returning(table.c.number, *stored_columns(table))
    rows = db.execute(changing, values or {}).all()
    if rows:
        sealing = update(table).where(table.c.number == bindparam("row"))
        db.execute(
            sealing.values(checksum=bindparam("sealed")),
            [{"row": number, "sealed": checksum(stored)} for number, *stored in rows],
        )
    return len(rows)
