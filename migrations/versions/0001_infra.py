"""What every module stands on: the outbox, idempotency keys, and text search."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE SCHEMA infra")
    op.execute("""
        CREATE TABLE infra.outbox (
            id uuid PRIMARY KEY,
            topic text NOT NULL,
            payload jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            due_at timestamptz NOT NULL DEFAULT now(),
            attempts int NOT NULL DEFAULT 0,
            last_error text,
            delivered_at timestamptz,
            given_up_at timestamptz
        )""")
    op.execute("""
        CREATE INDEX outbox_due ON infra.outbox (topic, due_at)
        WHERE delivered_at IS NULL AND given_up_at IS NULL""")
    op.execute("""
        CREATE INDEX outbox_served ON infra.outbox (coalesce(delivered_at, given_up_at))
        WHERE delivered_at IS NOT NULL OR given_up_at IS NOT NULL""")
    op.execute("""
        CREATE TABLE infra.idempotency_key (
            user_id uuid NOT NULL,
            method text NOT NULL,
            path text NOT NULL,
            key text NOT NULL,
            fingerprint bytea NOT NULL,
            status smallint NOT NULL,
            body bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (user_id, method, path, key)
        )""")
    op.execute("CREATE INDEX idempotency_key_age ON infra.idempotency_key (created_at)")
