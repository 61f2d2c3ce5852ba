"""Add what tells the search index of changed messages, and who was forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    op.create_table(
        "changed",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changed")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "forgotten",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_forgotten")),
        sa.UniqueConstraint("who", "at", name=op.f("uq_forgotten_who_at")),
        sqlite_autoincrement=True,
    )
