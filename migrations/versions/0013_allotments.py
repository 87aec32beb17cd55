"""Places kept for some buyers, and the codes that open a presale, a tier or such places."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_FUNCTIONS = Path(__file__).parent.parent / "functions"


def upgrade() -> None:
    op.execute("ALTER TABLE events.event ADD COLUMN presale_opens_at timestamptz")
    op.execute("""
        CREATE TABLE events.access_code (
            id uuid PRIMARY KEY,
            event_id uuid NOT NULL REFERENCES events.event ON DELETE CASCADE,
            opens text NOT NULL CHECK (opens IN ('presale', 'tier', 'allotment')),
            subject_id uuid,  -- the tier or the allotment
            code text NOT NULL,
            digest bytea NOT NULL,  -- of the event and the code without case: what is looked for
            uses_max int CHECK (uses_max > 0),  -- null: without limit, and not counted
            uses int NOT NULL DEFAULT 0 CHECK (uses >= 0),
            CHECK ((subject_id IS NULL) = (opens = 'presale'))
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE UNIQUE INDEX access_code_digest ON events.access_code
            (event_id, digest, opens, subject_id) NULLS NOT DISTINCT""")
    # Null where the order counted no limited code.
    op.execute("ALTER TABLE reservations.reservation ADD COLUMN access_code_ids uuid[]")
    op.execute("""
        CREATE TABLE seats.allotment (
            id uuid PRIMARY KEY,
            event_id uuid NOT NULL,
            name text NOT NULL,
            seat_indexes int[] NOT NULL,  -- sorted
            tier_ids uuid[] NOT NULL,  -- the general tiers that places are kept back from,
            places int[] NOT NULL,  -- and how many of each
            release_at timestamptz,
            released int NOT NULL DEFAULT 0,  -- how many of the seats are released already
            released_at timestamptz,  -- once all are
            deleted_at timestamptz,
            created_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("""
        CREATE UNIQUE INDEX allotment_name ON seats.allotment (event_id, name)
        WHERE deleted_at IS NULL""")
    op.execute("""
        CREATE INDEX allotment_release ON seats.allotment (release_at)
        WHERE released_at IS NULL AND release_at IS NOT NULL""")
    op.execute("ALTER TABLE seats.general_bucket ADD COLUMN allotment_id uuid")
    for function in ("reservations.claim_batch", "seats.choose_buckets"):
        op.execute(f"DROP FUNCTION {function}")
    for name in ("choose_buckets", "claim_batch"):
        op.execute((_FUNCTIONS / f"{name}.sql").read_text())
