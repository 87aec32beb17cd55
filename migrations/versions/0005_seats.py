"""Layouts, seat maps, and the rows that decide who holds what."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA seats")
    op.execute("""
        CREATE TABLE seats.layout (
            id uuid PRIMARY KEY,
            owner_id uuid,
            name text NOT NULL,
            sections jsonb NOT NULL,
            capacity int NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("""
        CREATE TABLE seats.seat_map (
            event_id uuid PRIMARY KEY,
            map_version int NOT NULL DEFAULT 1,
            outline jsonb NOT NULL,  -- [{name, title, tier_id, rows: [[name, count | numbers]]}]
            accessible int[] NOT NULL,  -- seat indexes
            companion int[] NOT NULL,
            document bytea NOT NULL,  -- GET /events/{id}/seats whole, by gzip
            seat_count int NOT NULL
        )""")
    # A seat changes state a few times, in place: the free room keeps those updates on its page.
    op.execute("""
        CREATE TABLE seats.seat (
            event_id uuid NOT NULL,
            seat_index int NOT NULL,  -- in seat-map order, from 0
            tier_id uuid NOT NULL,
            state "char" NOT NULL DEFAULT 'a' CHECK (state IN ('a', 'h', 's', 'b')),
            reservation_id uuid,
            PRIMARY KEY (event_id, seat_index),
            CHECK ((state IN ('h', 's')) = (reservation_id IS NOT NULL))
        ) WITH (fillfactor = 70)""")
    op.execute("""
        CREATE INDEX seat_owner ON seats.seat (reservation_id) WHERE reservation_id IS NOT NULL""")
    op.execute("""
        CREATE TABLE seats.general_bucket (
            tier_id uuid NOT NULL,
            bucket smallint NOT NULL,
            event_id uuid NOT NULL,
            capacity int NOT NULL,
            remaining int NOT NULL CHECK (remaining >= 0),
            held int NOT NULL DEFAULT 0 CHECK (held >= 0),
            sold int NOT NULL DEFAULT 0 CHECK (sold >= 0),
            PRIMARY KEY (tier_id, bucket),
            CHECK (remaining + held + sold = capacity)
        ) WITH (fillfactor = 50)""")
    op.execute("CREATE INDEX general_bucket_event ON seats.general_bucket (event_id)")
    op.execute("""
        CREATE TABLE seats.general_claim (
            reservation_id uuid NOT NULL,
            tier_id uuid NOT NULL,
            bucket smallint NOT NULL,
            quantity int NOT NULL CHECK (quantity > 0),
            state "char" NOT NULL CHECK (state IN ('h', 's')),
            PRIMARY KEY (reservation_id, tier_id, bucket)
        )""")
