"""Operators connect and sign in: consents, sessions, sign-in attempts.

Random values are kept as their SHA-256 only: a copy of the database opens no session and ends no consent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.BigInteger


def upgrade() -> None:
    op.create_table(
        "consents",
        # One row per trip to a vendor's consent page; the state that came with it works once.
        sa.Column("state_hash", sa.Text, primary_key=True),
        sa.Column("vendor", sa.Text, nullable=False),
        # The browser session that began it: nobody else's answer is taken.
        sa.Column("session_hash", sa.Text, nullable=False),
        # HubSpot: the portal that is to be reconnected. QuickBooks: the portal the realm is for.
        sa.Column("portal_id", sa.BigInteger),
        sa.Column("realm_id", sa.Text),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("code_hash", sa.Text),
        sa.Column("connected_at", TIME),
    )
    # A code is exchanged once, whatever state comes with it: Intuit takes back the tokens of a code used twice.
    op.create_index("consents_code", "consents", ["vendor", "code_hash"], unique=True)
    # Old ones are thrown away without reading the others.
    op.create_index("consents_expiry", "consents", ["expires_at"])
    op.create_table(
        "sessions",
        # One row per signed-in browser; signing out deletes it, and the cookie is worth nothing.
        sa.Column("session_hash", sa.Text, primary_key=True),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    op.create_table(
        "sign_in_attempts",
        # Tries that have not succeeded; counted before the password is looked at.
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    # The count of the last minutes is asked for at every try.
    op.create_index("sign_in_attempts_at", "sign_in_attempts", ["at", "address"])
