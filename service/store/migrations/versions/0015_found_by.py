"""Records are found by their names in any writing: databases know no case of letters beyond A to Z."""

import sqlalchemy as sa
from alembic import op

from service.store.folding import normalize

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # Name and address without case and accents: what an operator's search looks through.
    op.add_column("sync_links", sa.Column("found_by", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT id, label, strong FROM sync_links WHERE label <> '' OR strong <> ''")
    ).all()
    for row in rows:
        found_by = normalize(f"{row.label} {row.strong}")
        connection.execute(
            sa.text("UPDATE sync_links SET found_by = :found_by WHERE id = :id"), {"found_by": found_by, "id": row.id}
        )
