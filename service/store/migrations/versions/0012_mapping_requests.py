"""Mappings that operators ask for on their page: to be tried on records, or checked and applied."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # One an object: asking again replaces it.
    op.create_table(
        "mapping_requests",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("object", sa.Text, primary_key=True),
        sa.Column("mapping", sa.Text, nullable=False),
        # Ids of HubSpot's records to try it on, as JSON; NULL: it is to be applied.
        sa.Column("records", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        # A worker that took it has until then; after that another one may.
        sa.Column("next_at", sa.BigInteger, nullable=False),
        # As JSON; NULL until a worker has answered.
        sa.Column("answer", sa.Text),
    )
    # Forgetting after a day does not read the rest.
    op.create_index("mapping_requests_asked", "mapping_requests", ["asked_at"])
