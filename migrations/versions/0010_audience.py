"""How many people an event expects, and how many came: what the next one's plan is made from."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE events.event
        ADD COLUMN expected_audience bigint CHECK (expected_audience > 0)  -- null: none said""")
    # What a prediction asks: the artist's latest sales.
    op.execute("""
        CREATE INDEX event_artist ON events.event (lower(artist), sale_opens_at DESC)
        WHERE published_at IS NOT NULL AND artist <> ''""")
    # The numbers that each life of the data in Redis gave: those above the first, up to the last.
    op.execute("""
        CREATE TABLE queue.audience (
            event_id uuid NOT NULL REFERENCES queue.waiting_room ON DELETE CASCADE,
            epoch int NOT NULL,
            life bigint NOT NULL,
            numbers_from bigint NOT NULL,
            numbers_last bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            PRIMARY KEY (event_id, epoch, life),
            CHECK (numbers_from <= numbers_last)
        )""")
