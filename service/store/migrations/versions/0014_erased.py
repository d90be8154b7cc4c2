"""A person's name and addresses are taken out of an invoice's last known state for good."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # What QuickBooks says of it later is kept without them, too.
    op.add_column("invoices", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()))
