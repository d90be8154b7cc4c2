"""A callback has at most one write that may have made, or has made, an invoice."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MAY_EXIST = sa.text("state IN ('open', 'created')")


def upgrade() -> None:
    # Exactly one invoice: of two runs of one callback, the slower one cannot reserve a second write.
    op.create_index(
        "reservations_one_write", "reservations", ["portal_id", "callback_id"],
        unique=True, sqlite_where=MAY_EXIST, postgresql_where=MAY_EXIST,
    )  # fmt: skip
