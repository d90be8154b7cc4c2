"""The way back: payments, what deals show, notes of payments, and how far each realm is known."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.BigInteger
OPEN = sa.text("status IN ('draft', 'sent', 'viewed', 'partially_paid', 'overdue')")


def upgrade() -> None:
    op.add_column("invoices", sa.Column("customer_id", sa.Text, nullable=False, server_default=""))
    # YYYY-MM-DD, which orders as days do.
    op.add_column("invoices", sa.Column("due_date", sa.Text))
    _fill_from_documents()
    # A due date that passes is found without reading what is paid, or not due.
    op.create_index(
        "invoices_due", "invoices", ["realm_id", "due_date"], sqlite_where=OPEN, postgresql_where=OPEN
    )  # fmt: skip
    # A merged customer's invoices are found.
    op.create_index("invoices_customer", "invoices", ["realm_id", "customer_id"])
    op.create_table(
        "payments",
        # The last known state of a payment that settles, or settled, an invoice of ours.
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("payment_id", sa.Text, primary_key=True),
        sa.Column("sync_token", sa.Text, nullable=False),
        # live, voided or deleted.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
    )
    op.create_table(
        "applied_payments",
        # One row per transaction that a payment settles now; what it no longer settles has none.
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("payment_id", sa.Text, primary_key=True),
        sa.Column("txn_type", sa.Text, primary_key=True),
        sa.Column("txn_id", sa.Text, primary_key=True),
        sa.Column("amount", sa.Text, nullable=False),
    )
    # The payments of an invoice, or of a credit memo.
    op.create_index("applied_payments_txn", "applied_payments", ["realm_id", "txn_type", "txn_id"])
    op.create_table(
        "deals",
        # What a deal was last given, so that nothing is written twice; and whether it is still there.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("deal_id", sa.Text, primary_key=True),
        # SHA-256 of the properties, under the portal's names.
        sa.Column("shown", sa.Text),
        sa.Column("gone_at", TIME),
        sa.Column("written_at", TIME),
    )
    op.create_table(
        "payment_notes",
        # One row per payment and deal, committed before the note is created: the key is the promise that
        # each payment is shown once.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("deal_id", sa.Text, primary_key=True),
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("payment_id", sa.Text, primary_key=True),
        # NULL: a create was sent, or was about to be, and no usable answer has come.
        sa.Column("note_id", sa.Text),
        # SHA-256 of what the note says; NULL: it says nothing any more, it was taken away.
        sa.Column("said", sa.Text),
        sa.Column("reserved_at", TIME, nullable=False),
    )
    # A payment that is voided is taken off every deal it was shown on.
    op.create_index("payment_notes_payment", "payment_notes", ["realm_id", "payment_id"])
    op.create_table(
        "cursors",
        # How far something is known or done, by owner ("realm:ID") and name; next_at: nobody begins before.
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
    )


def _fill_from_documents() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT realm_id, invoice_id, document FROM invoices")).all()
    for row in rows:
        known = json.loads(row.document)
        values = {"customer_id": (known.get("CustomerRef") or {}).get("value") or "", "due_date": known.get("DueDate")}
        connection.execute(
            sa.text(
                "UPDATE invoices SET customer_id = :customer_id, due_date = :due_date "
                "WHERE realm_id = :realm_id AND invoice_id = :invoice_id"
            ),
            {**values, "realm_id": row.realm_id, "invoice_id": row.invoice_id},
        )
