"""The audit trail."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA admin")
    op.execute("""
        CREATE TABLE admin.audit (
            id uuid PRIMARY KEY,
            at timestamptz NOT NULL DEFAULT now(),
            actor_id uuid,
            action text NOT NULL,
            subject text NOT NULL,
            detail jsonb NOT NULL DEFAULT '{}'
        )""")
