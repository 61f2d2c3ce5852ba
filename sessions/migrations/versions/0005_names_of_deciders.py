"""Keep what those who decide are called."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. The way back is a backup."""
    name = sa.Column("decided_name", sa.Text(), nullable=False, server_default="")
    op.add_column("approvals", name)
