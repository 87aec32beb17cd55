"""What outlives Redis of a waiting room: its settings, its epoch, the numbers given out."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA queue")
    op.execute("""
        CREATE TABLE queue.waiting_room (
            event_id uuid PRIMARY KEY,
            capacity int NOT NULL,
            rate_per_minute int NOT NULL,
            pass_ttl_seconds int,  -- null: the setting's
            mode text NOT NULL DEFAULT 'fifo' CHECK (mode IN ('fifo', 'draw')),
            paused boolean NOT NULL DEFAULT false,
            epoch int NOT NULL DEFAULT 1,
            version bigint NOT NULL DEFAULT 1,  -- of the settings: an older one never wins
            numbers_reserved bigint NOT NULL DEFAULT 0,  -- no number above it was ever given
            notice text,
            updated_at timestamptz NOT NULL DEFAULT now()
        )""")
