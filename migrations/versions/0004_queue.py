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
            capacity int NOT NULL CHECK (capacity BETWEEN 0 AND 1000000),
            rate_per_minute int NOT NULL CHECK (rate_per_minute BETWEEN 0 AND 1000000),
            pass_ttl_seconds int CHECK (pass_ttl_seconds BETWEEN 2 AND 86400),  -- null: setting's
            mode text NOT NULL DEFAULT 'fifo' CHECK (mode IN ('fifo', 'draw')),
            paused boolean NOT NULL DEFAULT false,
            epoch int NOT NULL DEFAULT 1,
            version bigint NOT NULL DEFAULT 1,  -- of the settings: an older one never wins
            numbers_reserved bigint NOT NULL DEFAULT 0,  -- no number above it was ever given
            -- The life of the data in Redis that reserved last, and above which number it began.
            numbers_life bigint NOT NULL DEFAULT 0,
            numbers_life_from bigint NOT NULL DEFAULT 0,
            -- Of the epoch's draw: the key, secret until the opening, and the numbers drawn, null
            -- until it is held.
            draw_key bytea NOT NULL CHECK (octet_length(draw_key) = 32),
            draw_entrants bigint,
            notice text,
            updated_at timestamptz NOT NULL DEFAULT now(),
            CHECK (numbers_life_from <= numbers_reserved)
        )""")
    # What every queue process asks once a second: the sales that have a line now.
    op.execute("""
        CREATE INDEX event_queued ON events.event (sale_closes_at)
        WHERE queue_enabled AND published_at IS NOT NULL""")
