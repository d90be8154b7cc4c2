"""A callback may write more than one thing: an invoice is created, then sent."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MAY_EXIST = sa.text("state IN ('open', 'created')")


def upgrade() -> None:
    # What the reservation is for: "create" an entity, or "send" one.
    op.add_column("reservations", sa.Column("operation", sa.Text, nullable=False, server_default="create"))
    # When it was last sent; nothing that is not recognised as a repeat is sent again before that try is over.
    op.add_column("reservations", sa.Column("tried_at", sa.BigInteger))
    # Exactly one of each: of two runs of one callback, the slower one cannot reserve the same write again.
    op.drop_index("reservations_one_write", "reservations")
    op.create_index(
        "reservations_one_write", "reservations", ["portal_id", "callback_id", "operation"],
        unique=True, sqlite_where=MAY_EXIST, postgresql_where=MAY_EXIST,
    )  # fmt: skip
