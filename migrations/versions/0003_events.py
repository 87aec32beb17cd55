"""Events and their tiers."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA events")
    op.execute("""
        CREATE TABLE events.event (
            id uuid PRIMARY KEY,
            organizer_id uuid,
            layout_id uuid,
            title text NOT NULL,
            artist text NOT NULL,
            description text NOT NULL DEFAULT '',
            venue jsonb NOT NULL,  -- {name, address, timezone}
            starts_at timestamptz NOT NULL,
            sale_opens_at timestamptz NOT NULL,
            sale_closes_at timestamptz NOT NULL,
            currency text NOT NULL,
            poster_url text,
            seats_per_order int NOT NULL CHECK (seats_per_order > 0),
            seats_per_user int NOT NULL CHECK (seats_per_user > 0),
            refund_until timestamptz,  -- null: 24 h before the start
            refund_percent int NOT NULL DEFAULT 100 CHECK (refund_percent BETWEEN 0 AND 100),
            queue_enabled boolean NOT NULL DEFAULT false,
            sold_out boolean NOT NULL DEFAULT false,
            published_at timestamptz,
            cancelled_at timestamptz,
            search_text text NOT NULL,  -- title, artist and venue, decomposed and without case
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CHECK (sale_opens_at < sale_closes_at)
        )""")
    op.execute("CREATE INDEX event_starts ON events.event (starts_at, id)")
    op.execute("CREATE INDEX event_opens ON events.event (sale_opens_at, id)")
    op.execute("CREATE INDEX event_organizer ON events.event (organizer_id)")
    op.execute("CREATE INDEX event_search ON events.event USING gin (search_text gin_trgm_ops)")
    op.execute("""
        CREATE TABLE events.tier (
            id uuid PRIMARY KEY,
            event_id uuid NOT NULL REFERENCES events.event ON DELETE CASCADE,
            position smallint NOT NULL,
            name text NOT NULL,
            price_minor bigint NOT NULL CHECK (price_minor >= 0),
            kind text NOT NULL CHECK (kind IN ('seated', 'general')),
            section text,  -- the section that a seated tier prices
            capacity int NOT NULL CHECK (capacity >= 0),
            UNIQUE (event_id, position)
        )""")
