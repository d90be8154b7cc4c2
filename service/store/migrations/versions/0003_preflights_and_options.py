"""What was found at connect, and the lists that HubSpot's dropdowns are filled from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.BigInteger


def upgrade() -> None:
    op.create_table(
        "preflights",
        # One row per connection: what it was found to need when it was last looked at.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, primary_key=True),
        # A JSON list of findings.
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("checked_at", TIME),
        # The connection's own updated_at when it was checked: a reconnect is another value.
        sa.Column("checked_for", TIME),
        # Nobody else begins before this: workers do not check one connection twice at a time.
        sa.Column("next_at", TIME, nullable=False),
    )
    op.create_table(
        "option_lists",
        # One row per list of a realm or portal: how old it is, and whether somebody looked at it lately.
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("list", sa.Text, primary_key=True),
        sa.Column("read_at", TIME),
        # Set by whoever found the list old; taken away when it is read again.
        sa.Column("wanted_at", TIME),
        sa.Column("next_at", TIME, nullable=False),
    )
    op.create_table(
        "option_entries",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("list", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        # Label and description without case and accents, at most 400 characters. The same order on both databases.
        sa.Column("search", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
    )
    # A dropdown over ten thousand customers reads one page in order, and searches without reading the rows.
    op.create_index("option_entries_search", "option_entries", ["owner", "list", "search", "value"])
