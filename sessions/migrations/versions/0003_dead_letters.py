"""Add the list of dead letters."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    op.create_table(
        "dead_letters",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("died_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_dead_letters_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_dead_letters")),
    )
    # When they died, and why, was not noted before.
    op.execute(
        "INSERT INTO dead_letters (message_id, died_at, reason) "
        "SELECT id, created_at, '' FROM messages WHERE state = 'dead'"
    )
