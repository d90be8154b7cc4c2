"""The HubSpot invoices that mirror ours, what each portal lets us write there, and invoices in search of a deal."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.BigInteger


def upgrade() -> None:
    op.create_table(
        "mirrors",
        # One mirror per invoice of a realm: the key is the promise.
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("invoice_id", sa.Text, primary_key=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        # The HubSpot invoice; NULL as long as none is known to exist.
        sa.Column("object_id", sa.Text),
        # A create was sent at this time: look for what came of it before sending another.
        sa.Column("tried_at", TIME),
        # The deal it is associated with.
        sa.Column("deal_id", sa.Text),
        # What was last written; equal content is not written again.
        sa.Column("properties_hash", sa.Text),
        sa.Column("lines_hash", sa.Text),
        # When to look at it again; NULL when nothing is to be done.
        sa.Column("due_at", TIME),
        # Counts the changes of the invoice: one that comes while the mirror is written is not lost.
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("note", sa.Text),
    )
    # What is due is found without reading what is in step.
    op.create_index(
        "mirrors_due", "mirrors", ["portal_id", "realm_id", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "mirror_abilities",
        # One row per portal: whether it takes HubSpot invoices from us, and which of their properties it refused.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        # "" when it takes them, else why not.
        sa.Column("obstacle", sa.Text, nullable=False),
        # JSON lists of names: writable by the portal's definitions; refused when written, remembered for good.
        sa.Column("writable", sa.Text, nullable=False),
        sa.Column("refused", sa.Text, nullable=False),
        # At least one mirror was written with what is left.
        sa.Column("proven", sa.Boolean, nullable=False),
        sa.Column("learned_at", TIME, nullable=False),
    )
    op.create_table(
        "adoptions",
        # One row per invoice that was born in QuickBooks, for good: what was decided is not decided again.
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("invoice_id", sa.Text, primary_key=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        # new, review (a person must choose), unrelated (no deal in sight), chosen and refused (by a person), adopted
        sa.Column("state", sa.Text, nullable=False),
        # A JSON list of deals it may belong to, each with its reasons; and the decision in words.
        sa.Column("candidates", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("deal_id", sa.Text),
        sa.Column("due_at", TIME),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
    )
    # What waits to be decided.
    op.create_index(
        "adoptions_due", "adoptions", ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip
    # The operator's lists, newest first; and an invoice by its number.
    op.create_index("adoptions_state", "adoptions", ["state", "known_at"])
    op.create_index("adoptions_number", "adoptions", ["number"])
    # The deal of an invoice that was made from an estimate of ours.
    op.create_index("reservations_entity", "reservations", ["realm_id", "entity", "entity_id"])
    # And of one that carries our mark.
    op.create_index("reservations_mark", "reservations", ["realm_id", "mark"])
