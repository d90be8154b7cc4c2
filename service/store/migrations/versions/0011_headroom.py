"""How much of the vendors' limits is left, beside how far the sync has come."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # As JSON, by the worker that works on the object; NULL until one has.
    op.add_column("sync_objects", sa.Column("headroom", sa.Text))
