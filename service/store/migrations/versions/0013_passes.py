"""Which pass over both sides an object's progress belongs to; and customers merged away are looked for again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # Counts the passes that were begun: work on an earlier one does not overwrite what was begun meanwhile.
    op.add_column("sync_objects", sa.Column("pass_number", sa.Integer, nullable=False, server_default="0"))
    # Ended before, with no way on: now a person can choose.
    op.execute(
        "UPDATE sync_links SET state = 'waiting', due_at = 0 WHERE state = 'ended' AND code = 'GONE_FROM_QUICKBOOKS'"
    )
