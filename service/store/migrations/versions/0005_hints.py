"""Hints: what may have changed at a vendor and is still to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.BigInteger


def upgrade() -> None:
    op.create_table(
        "hints",
        # The key is the promise: however often an entity is heard of, there is one thing to do about it.
        sa.Column("vendor", sa.Text, primary_key=True),
        # A realm id for QuickBooks, a portal id for HubSpot.
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("entity_id", sa.Text, primary_key=True),
        # Words, each once, separated by blanks: all that was said since it was last worked on.
        sa.Column("reason", sa.Text, nullable=False),
        # The latest moment at which the vendor says it changed.
        sa.Column("changed_at", TIME),
        sa.Column("first_heard_at", TIME, nullable=False),
        sa.Column("heard_at", TIME, nullable=False),
        # How often it was heard: another number when it is done means that it was heard meanwhile.
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        # Until then it is somebody's, and nobody else takes it; NULL: nobody's.
        sa.Column("leased_until", TIME),
        sa.Column("tries", sa.Integer, nullable=False),
        # Why it waits, for operators.
        sa.Column("note", sa.Text),
    )
    # What is due is found without reading what waits.
    op.create_index("hints_due", "hints", ["vendor", "kind", "due_at"])
