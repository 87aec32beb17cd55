"""Tickets: what opens the door."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA tickets")
    op.execute("""
        CREATE TABLE tickets.ticket (
            id uuid PRIMARY KEY,
            code text NOT NULL UNIQUE,
            reservation_id uuid NOT NULL,
            position smallint NOT NULL,  -- of the reservation's item
            place smallint NOT NULL,  -- within the item, from 0
            event_id uuid NOT NULL,
            user_id uuid NOT NULL,
            tier_id uuid NOT NULL,
            seat_id text,
            status text NOT NULL DEFAULT 'valid' CHECK (status IN ('valid', 'used', 'void')),
            created_at timestamptz NOT NULL DEFAULT now(),
            checked_in_at timestamptz,
            checked_in_by uuid,
            gate text,
            UNIQUE (reservation_id, position, place)
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE UNIQUE INDEX ticket_of_seat ON tickets.ticket (event_id, seat_id)
        WHERE seat_id IS NOT NULL AND status <> 'void'""")
