"""Waiting lists: who waits for places of an event to come free, and the places kept for them."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 'sale': an organizer's; 'returned': all that came free and is not yet offered; 'offer': what
    # one account may buy.
    op.execute("""
        ALTER TABLE seats.allotment ADD COLUMN purpose text NOT NULL DEFAULT 'sale'
            CHECK (purpose IN ('sale', 'returned', 'offer'))""")
    op.execute("""
        CREATE TABLE seats.returns (
            event_id uuid PRIMARY KEY,
            allotment_id uuid NOT NULL,
            is_kept boolean NOT NULL,  -- whether what comes free goes into it
            look_until timestamptz NOT NULL,  -- places that came free unseen are looked for
            looked_at timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 50)""")
    # Neither is written when a seat or a place only changes hands.
    op.execute("""
        CREATE INDEX seat_allotment ON seats.seat (allotment_id)
        WHERE allotment_id IS NOT NULL""")
    op.execute("""
        CREATE INDEX general_bucket_allotment ON seats.general_bucket (allotment_id)
        WHERE allotment_id IS NOT NULL""")
    op.execute("""
        CREATE TABLE reservations.waiting_entry (
            id uuid PRIMARY KEY,
            number bigint GENERATED ALWAYS AS IDENTITY,  -- the order of the line
            event_id uuid NOT NULL,
            user_id uuid NOT NULL,
            quantity int NOT NULL CHECK (quantity > 0),
            tier_ids uuid[] NOT NULL,  -- sorted; empty: any that is sold without a code
            adjacent boolean NOT NULL,
            status text NOT NULL CHECK
                (status IN ('waiting', 'offered', 'bought', 'expired', 'left')),
            passed_over int NOT NULL DEFAULT 0,
            gathering_since timestamptz,
            allotment_id uuid,  -- the places of an offer, until each is bought or given back
            bought int NOT NULL DEFAULT 0,  -- places of it that were
            expires_at timestamptz,  -- the offer's
            created_at timestamptz NOT NULL,
            ended_at timestamptz,
            CHECK (status <> 'offered' OR (allotment_id IS NOT NULL AND expires_at IS NOT NULL)),
            CHECK (status <> 'waiting' OR allotment_id IS NULL)
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE UNIQUE INDEX waiting_entry_live ON reservations.waiting_entry (event_id, user_id)
        WHERE status IN ('waiting', 'offered')""")
    op.execute("""
        CREATE INDEX waiting_entry_line ON reservations.waiting_entry (event_id, number)
        WHERE status = 'waiting'""")
    op.execute("""
        CREATE INDEX waiting_entry_offer ON reservations.waiting_entry (event_id)
        WHERE allotment_id IS NOT NULL""")
    op.execute("CREATE INDEX waiting_entry_user ON reservations.waiting_entry (user_id, id)")
