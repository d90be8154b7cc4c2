"""The first tables: credentials, connections, callbacks, reservations, invoices, links.

Times are milliseconds since 1970, UTC. Documents are JSON in text.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.BigInteger
OPEN = "state IN ('received', 'running', 'waiting', 'parked')"


def upgrade() -> None:
    op.create_table(
        "credentials",
        # One row per portal and per realm, however many connections share it: one refresh serves all.
        sa.Column("vendor", sa.Text, primary_key=True),
        sa.Column("owner_id", sa.Text, primary_key=True),
        sa.Column("access_token", sa.Text),
        sa.Column("refresh_token", sa.Text),
        sa.Column("access_expires_at", TIME),
        sa.Column("refresh_expires_at", TIME),
        sa.Column("hard_expires_at", TIME),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "connections",
        # One portal joined to one realm, once.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "realm_settings",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
    )
    op.create_table(
        "portal_settings",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
    )
    op.create_table(
        "callbacks",
        # The key is the promise: a callback delivered again finds its row.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("callback_id", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_type", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("realm_id", sa.Text),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("deadline_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("run", sa.Integer, nullable=False, server_default="0"),
        sa.Column("started_at", TIME),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("crashes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("note", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("outputs", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("settled_at", TIME),
        sa.Column("completed_at", TIME),
        sa.Column("told", sa.Text),
    )
    # What is due is found without reading what is done.
    op.create_index(
        "callbacks_due", "callbacks", ["portal_id", "realm_id", "due_at"],
        sqlite_where=sa.text("state IN ('received', 'waiting')"),
        postgresql_where=sa.text("state IN ('received', 'waiting')"),
    )  # fmt: skip
    # Work on one enrolled object keeps its order: the earlier open callback is found by this.
    op.create_index(
        "callbacks_open_object", "callbacks", ["portal_id", "object_type", "object_id", "received_at", "callback_id"],
        sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN),
    )  # fmt: skip
    # How many runs a realm has going, and which run longer than they should.
    op.create_index(
        "callbacks_running", "callbacks", ["realm_id", "started_at"],
        sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"),
    )  # fmt: skip
    # An operator's list, newest first, needs no sort.
    op.create_index("callbacks_received", "callbacks", ["received_at"])
    # A passed deadline is noticed whatever the state.
    op.create_index(
        "callbacks_deadline", "callbacks", ["deadline_at"],
        sqlite_where=sa.text("state IN ('waiting', 'parked')"),
        postgresql_where=sa.text("state IN ('waiting', 'parked')"),
    )  # fmt: skip
    op.create_table(
        "transitions",
        # The timeline an operator reads: one row per thing that happened to a callback.
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("callback_id", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
    )
    op.create_index("transitions_callback", "transitions", ["portal_id", "callback_id", "id"])
    op.create_table(
        "reservations",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("callback_id", sa.Text, primary_key=True),
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        # Two reservations never share a request id: QuickBooks would answer one with the other's invoice.
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reserved_at", TIME, nullable=False),
        sa.Column("look_first", sa.Boolean, nullable=False),
        sa.Column("entity_id", sa.Text),
        sa.Column("ended_at", TIME),
        sa.UniqueConstraint("realm_id", "request_id", name="reservations_request_id"),
    )
    # Writes whose outcome is not known are few, and are found without reading the others.
    op.create_index(
        "reservations_open", "reservations", ["portal_id", "realm_id"],
        sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip
    op.create_table(
        "invoices",
        # The last known state of an invoice, and whose it is. One row per invoice of a realm.
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("invoice_id", sa.Text, primary_key=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("deal_id", sa.Text, nullable=False),
        sa.Column("callback_id", sa.Text),
        sa.Column("sync_token", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
    )
    # A deal's invoices, for the roll-up and for "deal already has an invoice".
    op.create_index("invoices_deal", "invoices", ["portal_id", "deal_id"])
    op.create_table(
        "links",
        # What on HubSpot's side is what on QuickBooks' side; `key` is an object id, a SKU or a name.
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("entity_id", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("linked_at", TIME, nullable=False),
    )
    # A dead customer or item is forgotten under every name it was known by.
    op.create_index("links_entity", "links", ["realm_id", "entity_id"])
    op.create_table(
        "pauses",
        # Who must not be called for now; every worker reads it.
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("until_at", TIME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
