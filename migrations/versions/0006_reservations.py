"""Reservations, their items, and each buyer's count of places at an event."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA reservations")
    op.execute("""
        CREATE TABLE reservations.reservation (
            id uuid PRIMARY KEY,
            number text NOT NULL UNIQUE,
            event_id uuid NOT NULL,
            user_id uuid NOT NULL,
            status text NOT NULL CHECK
                (status IN ('pending', 'confirmed', 'expired', 'cancelled', 'refunded')),
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            expires_at timestamptz NOT NULL,
            extended boolean NOT NULL DEFAULT false,  -- a payment extends its hold once
            created_at timestamptz NOT NULL DEFAULT now(),
            confirmed_at timestamptz,
            ended_at timestamptz
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE INDEX reservation_expiry ON reservations.reservation (expires_at)
        WHERE status = 'pending'""")
    op.execute("CREATE INDEX reservation_user ON reservations.reservation (user_id, id)")
    op.execute("CREATE INDEX reservation_event ON reservations.reservation (event_id, id)")
    op.execute("""
        CREATE TABLE reservations.item (
            reservation_id uuid NOT NULL REFERENCES reservations.reservation,
            position smallint NOT NULL,
            seat_index int,
            seat_id text,
            section text,
            tier_id uuid NOT NULL,
            unit_price_minor bigint NOT NULL,
            quantity int NOT NULL CHECK (quantity > 0),
            PRIMARY KEY (reservation_id, position),
            CHECK ((seat_id IS NULL) = (seat_index IS NULL)),
            CHECK (seat_id IS NULL OR quantity = 1)
        )""")
    op.execute("""
        CREATE TABLE reservations.quota (
            event_id uuid NOT NULL,
            user_id uuid NOT NULL,
            places int NOT NULL CHECK (places >= 0),  -- pending and confirmed ones
            places_max int NOT NULL,  -- the event's limit when the last of them were taken
            PRIMARY KEY (event_id, user_id)
        ) WITH (fillfactor = 80)""")
