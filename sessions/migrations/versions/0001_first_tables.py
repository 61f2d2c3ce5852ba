"""Begin with messages, approvals, votes, grants and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    op.create_table(
        "approvals",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("interrupt_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("decider", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_where", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL AND outcome = '') OR (decided_at IS NOT NULL AND outcome IN ('approved', 'edited', 'rejected', 'responded', 'mixed', 'expired', 'withdrawn'))",
            name=op.f("ck_approvals_decided"),
        ),
        sa.CheckConstraint(
            "decider IN ('requester', 'admins', 'two')", name=op.f("ck_approvals_decider")
        ),
        sa.CheckConstraint(
            "began_at IS NULL OR decided_at IS NOT NULL", name=op.f("ck_approvals_began")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR decided_at IS NOT NULL", name=op.f("ck_approvals_ended")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_approvals")),
        sa.UniqueConstraint("id", name=op.f("uq_approvals_id")),
        sa.UniqueConstraint(
            "thread_id", "interrupt_id", name=op.f("uq_approvals_thread_id_interrupt_id")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_approvals_not_ended",
            ["number"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_approvals_not_ended_in",
            ["thread_id", "ended_at", "number"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "grants",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "tool", name=op.f("pk_grants")),
    )
    op.create_table(
        "ledger",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("ai_message_id", sa.Text(), nullable=False),
        sa.Column("tool_call_id", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL AND outcome = '') OR (ended_at IS NOT NULL AND outcome IN ('done', 'failed'))",
            name=op.f("ck_ledger_outcome"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger")),
        sa.UniqueConstraint(
            "thread_id",
            "ai_message_id",
            "tool_call_id",
            name=op.f("uq_ledger_thread_id_ai_message_id_tool_call_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "messages",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("platform_message_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(role = 'user' AND state IN ('received', 'running', 'parked', 'held', 'answered', 'rejected', 'dead')) OR (role = 'assistant' AND state IN ('written', 'showing', 'delivered', 'dead'))",
            name=op.f("ck_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["answers"], ["messages.id"], name=op.f("fk_messages_answers"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
        sa.UniqueConstraint(
            "platform",
            "chat_id",
            "platform_message_id",
            name=op.f("uq_messages_platform_chat_id_platform_message_id"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_answers"), ["answers"], unique=False)
        batch_op.create_index(
            "ix_messages_held",
            ["thread_id", "state", "number"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            batch_op.f("ix_messages_platform_user_id_number"),
            ["platform", "user_id", "number"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_messages_thread_id_number"), ["thread_id", "number"], unique=False
        )
        batch_op.create_index(
            "ix_messages_undelivered",
            ["platform", "number"],
            unique=False,
            sqlite_where=sa.text("state IN ('written', 'showing')"),
        )
        batch_op.create_index(
            "ix_messages_unfinished",
            ["number"],
            unique=False,
            sqlite_where=sa.text("state IN ('received', 'running', 'parked', 'held')"),
        )

    op.create_table(
        "votes",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("voter", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_votes_approval_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_votes")),
        sa.UniqueConstraint("approval_id", "voter", name=op.f("uq_votes_approval_id_voter")),
        sqlite_autoincrement=True,
    )
