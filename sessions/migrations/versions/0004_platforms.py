"""Add what chat platforms need: files, cards, pieces of messages, marks, and who may come in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    for name, kind in (("private", sa.Boolean()), ("files", sa.Integer())):
        op.add_column(
            "messages", sa.Column(name, kind, nullable=False, server_default=sa.text("0"))
        )
    op.create_table(
        "files",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("goes_out", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_files_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_files")),
        sa.UniqueConstraint("id", name=op.f("uq_files_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_files_message_id"), "files", ["message_id", "number"])
    op.create_table(
        "pieces",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("platform_message_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_pieces_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "platform", "chat_id", "platform_message_id", name=op.f("pk_pieces")
        ),
    )
    op.create_index(op.f("ix_pieces_message_id"), "pieces", ["message_id"])
    op.create_table(
        "cards",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_cards_approval_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cards")),
        sa.UniqueConstraint(
            "approval_id",
            "platform",
            "chat_id",
            "topic_id",
            "part",
            name=op.f("uq_cards_approval_id_platform_chat_id_topic_id_part"),
        ),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO cards (approval_id, platform, chat_id, user_id, topic_id, part) "
        "SELECT a.id, a.platform, a.chat_id, a.user_id, a.topic_id, p.part "
        "FROM parts p JOIN approvals a ON a.id = p.shows WHERE a.decided_at IS NULL "
        "ORDER BY p.number"
    )
    op.execute("DELETE FROM parts WHERE shows IN (SELECT id FROM approvals)")
    op.create_table(
        "marks",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "chat_id", name=op.f("pk_marks")),
    )
    op.create_table(
        "set_aside",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("update_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("platform", "update_id", name=op.f("uq_set_aside_platform_update_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "kept_updates",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("update_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_kept_updates")),
        sa.UniqueConstraint(
            "platform", "update_id", name=op.f("uq_kept_updates_platform_update_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guests",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("accepted_at", sa.BigInteger()),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_guests")),
    )
