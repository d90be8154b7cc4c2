"""Previews of invoices that operators ask for on their page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # One a deal: asking again replaces it.
    op.create_table(
        "previews",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("deal_id", sa.Text, primary_key=True),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        # A worker that took it has until then; after that another one may.
        sa.Column("next_at", sa.BigInteger, nullable=False),
        # The answer as JSON; NULL until a worker has made it.
        sa.Column("document", sa.Text),
    )
    # Forgetting after a day, and finding what is due, do not read the rest.
    op.create_index("previews_asked", "previews", ["asked_at"])
