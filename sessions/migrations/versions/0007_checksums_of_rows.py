"""Give messages, approvals and actions a checksum of what is written once."""

import json
from hashlib import blake2b

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 1000
PLACE = "platform, chat_id, user_id, topic_id"
COVERED = {
    "messages": f"id, role, text, {PLACE}, created_at, sender_name, sent_at, private",
    "approvals": f"id, thread_id, interrupt_id, message_id, requester, {PLACE}, actions, hash, "
    "decider, asked_at, expires_at, decided_at, outcome, decided_by, decided_where, verdicts",
    "ledger": "thread_id, ai_message_id, tool_call_id, tool, arguments, begun_at, ended_at, "
    "outcome, result",
}
"""What a checksum covers at this revision, whatever it covers later."""


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    for table, columns in COVERED.items():
        checksum = sa.Column("checksum", sa.Text(), nullable=False, server_default="")
        op.add_column(table, checksum)
        _seal(table, columns)


def _seal(table: str, columns: str) -> None:
    read = sa.text(
        f"SELECT number, {columns} FROM {table} "  # noqa: S608 - names of ours
        "WHERE number > :after ORDER BY number LIMIT :most"
    )
    write = sa.text(f"UPDATE {table} SET checksum = :checksum WHERE number = :number")  # noqa: S608 - as above
    db, after = op.get_bind(), 0
    while rows := db.execute(read, {"after": after, "most": AT_ONCE}).all():
        after = rows[-1][0]
        sealed = [{"number": number, "checksum": _checksum(values)} for number, *values in rows]
        db.execute(write, sealed)


def _checksum(values: list[object]) -> str:
    canonical = json.dumps(values, default=repr, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()
