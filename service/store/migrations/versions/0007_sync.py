"""Contacts and customers, products and items in step: settings, links, what a pass has read, the trail."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TIME = sa.BigInteger
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def key(*, primary: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("portal_id", sa.BigInteger, primary_key=primary, autoincrement=False, nullable=False),
        sa.Column("realm_id", sa.Text, primary_key=primary, nullable=False),
        sa.Column("object", sa.Text, primary_key=primary, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "sync_objects",
        # One row per object of a connection: what the operator wants, and how far the work has come.
        *key(primary=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("winner", sa.Text, nullable=False),
        sa.Column("deactivates", sa.Boolean, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        # None: our own mapping, whatever this version's is.
        sa.Column("mapping", sa.Text),
        sa.Column("mapping_version", sa.Integer, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("began_at", TIME),
        sa.Column("ended_at", TIME),
        # The vendors' own times up to which their changes are known.
        sa.Column("polled_hubspot_at", TIME),
        sa.Column("polled_quickbooks_at", TIME),
        sa.Column("next_poll_at", TIME),
        sa.Column("problem", sa.Text),
        # One process works on an object at a time; a dead one's turn ends by itself.
        sa.Column("leased_until", TIME, nullable=False),
        sa.Column("leased_by", sa.Text),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "sync_mappings",
        # Every version that was ever applied, and by whom.
        *key(primary=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("applied_at", TIME, nullable=False),
    )
    op.create_table(
        "sync_links",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *key(primary=False),
        sa.Column("object_id", sa.Text),
        sa.Column("entity_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        # Hashes of what both sides held when they last agreed; no value of anybody's.
        sa.Column("agreement", sa.Text),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("strong", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("sentence", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("reserved", sa.Text),
        sa.Column("candidates", sa.Text),
        sa.Column("updated_at", TIME, nullable=False),
        # A record of either side belongs to one pair only: two workers, or a repeat, cannot link it twice.
        sa.UniqueConstraint("portal_id", "realm_id", "object", "object_id", name="sync_links_object"),
        sa.UniqueConstraint("portal_id", "realm_id", "object", "entity_id", name="sync_links_entity"),
    )
    # What is due again is found without reading ten thousand that are in step.
    op.create_index(
        "sync_links_due", "sync_links", ["portal_id", "realm_id", "object", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip
    # The pages count by state and reason, and list one kind of failure.
    op.create_index("sync_links_state", "sync_links", ["portal_id", "realm_id", "object", "state", "code"])
    op.create_table(
        "sync_candidates",
        # Both sides as a pass has read them; thrown away when it is over.
        *key(primary=True),
        sa.Column("side", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("strong", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    # A pass goes through them in order, and goes on where it was.
    op.create_index("sync_candidates_place", "sync_candidates", ["portal_id", "realm_id", "object", "side", "place"])
    # Matching asks for an address, SKU or name.
    for name in ("strong", "name"):
        op.create_index(f"sync_candidates_{name}", "sync_candidates", ["portal_id", "realm_id", "object", "side", name])
    op.create_table(
        "sync_events",
        # A record's trail: conflicts with the value that was lost, failures, what a person decided.
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *key(primary=False),
        sa.Column("link_id", sa.BigInteger, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("sync_events_link", "sync_events", ["link_id", "id"])
